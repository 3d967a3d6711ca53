"""The units run: systemd, cron, /bin/sh, and the schemas of Kubernetes and GitHub take them."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import archive_support
import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from archiver.archive.checks.fixity import read_log
from archiver.archive.files.lock import LOCK
from archiver.cli.main import archiver

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the units are for POSIX systems")

#: A folder with all that some reader of units takes for its own.
ODD = 'a b 1% %h o\'x $HOME ${A} "q" `id` $(id) @USER@ #; ü'
#: What Delta's readers cannot open, so that no archive of such a name is checked here.
ODDER = ODD + ' \\% \\"'
SYSTEMD = Path("/lib/systemd/systemd")
PROGRAM = Path(sysconfig.get_path("scripts")) / "archiver"


@pytest.fixture(scope="module")
def odd():
    """An archive in a folder with an odd name, which any user may reach."""
    root = Path(tempfile.mkdtemp(prefix="archiver-schedule-"))
    root.chmod(0o755)
    (root / ODD).mkdir()
    (root / ODDER).mkdir()
    yield archive_support.small_archive(root / ODD / "archive").path
    shutil.rmtree(root)


@pytest.fixture
def odder(odd):
    return odd.parents[1] / ODDER / "archive"


@pytest.fixture
def copy(odd):
    """A copy of one's own; the path is short, as a line of cron is."""
    root = Path(tempfile.mkdtemp(prefix="c-"))
    yield shutil.copytree(odd, root / ODD / "archive")
    shutil.rmtree(root)


def schedule(kind: str, archive: Path, *words: str) -> dict[str, str]:
    """File name -> content."""
    done = CliRunner().invoke(
        archiver, ["schedule", kind, "--archive", str(archive), "--json", *words]
    )
    assert done.exit_code == 0, done.output
    return {file["name"]: file["content"] for file in json.loads(done.stdout)["files"]}


def damage(archive: Path) -> None:
    part = next((archive / "data/documents/parts").rglob("*.parquet"))
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.chmod(0o644)
    part.write_bytes(data)


def write(folder: Path, files: dict[str, str]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return [folder / name for name in files]


# systemd


def units(odd: Path, *words: str) -> dict[str, str]:
    figures = odd.parent / "figures.prom"
    return schedule(
        "systemd", odd, "--user", "daemon", "--program", str(PROGRAM), "--metrics", str(figures),
        "--max-age=60d", "--max-duration=10m", *words,
    )  # fmt: skip


needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this system"
)


@needs_analyze
@pytest.mark.parametrize("every", ["hourly", "daily", "weekly", "monthly"])
def test_systemd_analyze_verify(odder, tmp_path, every):
    made = units(
        odder, "--every", every, "--expect-head-file", str(odder.parent / "head"),
        "--on-failure", 'logger -- "$meaning" 100%',
    )  # fmt: skip
    paths = write(tmp_path, made)
    assert len(paths) == 3
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, paths)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    (calendar,) = re.findall(r"^OnCalendar=(.*)$", made["archiver-validate.timer"], re.MULTILINE)
    done = subprocess.run(
        ["systemd-analyze", "calendar", calendar], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"Normalized form: {calendar}" in done.stdout


@needs_analyze
def test_systemd_analyze_tells_what_is_wrong(odder, tmp_path):
    """The check above can fail: a word that systemd does not know is told."""
    made = units(odder)
    made["archiver-validate.service"] += "ProtectNothing=true\n"
    paths = write(tmp_path, made)
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, paths)], capture_output=True, text=True, check=False
    )
    assert "ProtectNothing" in done.stderr


@needs_analyze
def test_service_is_hardened(odder, tmp_path):
    paths = write(tmp_path, units(odder))
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(paths[0])],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze looks at running units only")
    # Levels 0.0 (nothing is allowed) to 10.0 (everything is); the threshold is tenfold.
    assert done.returncode == 0, done.stdout


@pytest.fixture
def loaded(odd):
    """What systemd makes of a set of units: its own dump of the service."""
    if not SYSTEMD.exists():
        pytest.skip("no systemd on this system")
    root = Path(tempfile.mkdtemp(prefix="archiver-units-"))
    root.chmod(0o777)

    def load(files: dict[str, str], name: str) -> dict[str, str]:
        write(root / "units", files)
        environ = {"SYSTEMD_UNIT_PATH": f"{root}/units:", "XDG_RUNTIME_DIR": str(root)}
        other = {"user": "nobody", "extra_groups": ()} if os.geteuid() == 0 else {}
        done = subprocess.run(
            [str(SYSTEMD), "--test", "--user", f"--unit={name}", "--no-pager"],
            env={**environ, "HOME": str(root), "LC_ALL": "C.UTF-8"},
            capture_output=True, text=True, check=False, timeout=60, **other,
        )  # fmt: skip
        _, found, dump = done.stdout.partition(f"-> Unit {name}:")
        if not found:
            pytest.skip(f"systemd cannot be asked here: {done.stderr[-300:]}")
        block = dump.partition("\n\t-> Unit ")[0].partition("\n-> Unit ")[0]
        return dict(re.findall(r"^\s*([\w ]+): (.*)$", block, re.MULTILINE))

    yield load
    shutil.rmtree(root)


def argv(line: str) -> list[str]:
    """The words of a command line in systemd's dump, as the program gets them."""
    shown = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True
    ).stdout.decode()
    return [word.replace("$$", "$") for word in shown.split("\0")[:-1]]


def test_systemd_reads_every_path_as_it_is(odder, loaded):
    made = loaded(units(odder), "archiver-validate.service")
    assert made["ReadWritePaths"] == f"-{odder} -{odder.parent}"
    assert made["ReadOnlyPaths"] == f"-{odder}/data"
    assert made["RequiresMountsFor"].startswith(str(odder.parent))
    assert made["Description"] == f"Archive {odder}: check every byte"
    assert made["Restart"] == "on-failure"
    assert made["TimeoutStartSec"] == "35min"
    assert argv(made["Command Line"]) == [
        str(PROGRAM), "validate", str(odder), "--max-age=60d", "--max-duration=10m",
        f"--metrics={odder.parent}/figures.prom",
    ]  # fmt: skip


def test_what_systemd_starts_validates(copy, loaded, tmp_path):
    """The command as systemd reads it runs, with the head from its file."""
    words = [sys.executable, "-m", "archiver", "log", "--json", "--archive", str(copy)]
    listed = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
    head = copy.parent / "head"
    head.write_text(listed["versions"][0]["head"] + "\n")
    service = loaded(units(copy, "--expect-head-file", str(head)), "archiver-validate.service")
    command = argv(service["Command Line"])
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert "archiver_validate_exit_status" in (copy.parent / "figures.prom").read_text()
    head.write_text(listed["versions"][-1]["head"])  # noted before the newest version came
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    head.write_text("0:" + "0" * 64)
    assert subprocess.run(command, capture_output=True, check=False).returncode == 4
    head.write_text("")
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2
    head.unlink()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 6


def test_systemd_tells_the_hook_how_it_ended(odd, loaded, tmp_path):
    said = tmp_path / "said"
    files = units(odd, "--on-failure", f'printf "%s: %s" "$status" "$meaning" > {said}')
    hook = loaded(files, "archiver-validate-failure.service")
    environ = {**os.environ, "MONITOR_EXIT_STATUS": "4"}
    subprocess.run(argv(hook["Command Line"]), env=environ, check=True)
    assert said.read_text() == "4: DAMAGE: bytes are not what was written"


# cron


needs_flock = pytest.mark.skipif(shutil.which("flock") is None, reason="no flock on this system")


def cron_command(crontab: str) -> str:
    """The command of a crontab's only line, as cron gives it to the shell (crontab(5))."""
    (line,) = [line for line in crontab.splitlines() if re.match(r"[0-9*]", line)]
    assert len(line.encode()) < 1000
    rest = line.split(maxsplit=5)[5]
    assert not re.search(r"(?<!\\)%", rest)
    return rest.replace("\\%", "%")


@pytest.fixture
def shell(tmp_path):
    """Runs the line of a crontab; in it five minutes pass at once."""
    quick = tmp_path / "quick"
    quick.mkdir()
    sleep = quick / "sleep"
    sleep.write_text(f'#!/bin/sh\necho "$@" >> {shlex.quote(str(tmp_path / "slept"))}\n')
    sleep.chmod(0o755)
    environ = {"PATH": f"{quick}:{os.environ['PATH']}", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}

    def run(archive: Path, *words: str) -> subprocess.CompletedProcess[str]:
        if "--program" not in words:
            words = (*words, "--program", str(PROGRAM))
        (crontab,) = schedule("cron", archive, *words).values()
        return subprocess.run(
            ["/bin/sh", "-c", cron_command(crontab)],
            env=environ, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    return run


@needs_flock
def test_cron_is_silent_where_all_is_well(copy, shell):
    done = shell(copy, "--max-age=30d", "--metrics", str(copy.parent / "figures.prom"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (copy.parent / "figures.prom").exists()
    assert (copy / "fixity/events.jsonl").exists()


@needs_flock
def test_cron_mails_damage_and_calls_the_hook(copy, shell, tmp_path):
    damage(copy)
    said = tmp_path / "said"
    done = shell(copy, "--on-failure", f'printf "%s: %s" "$status" "$meaning" > {said}')
    assert done.returncode == 4
    last = done.stdout.splitlines()[-1]
    assert last == f"archiver: exit status 4: DAMAGE: bytes are not what was written: {copy}"
    assert "E1" in done.stdout
    assert said.read_text() == "4: DAMAGE: bytes are not what was written"
    assert not (tmp_path / "slept").exists()


@needs_flock
def test_cron_tells_that_there_is_no_archive(copy, shell):
    done = shell(copy.parent / "none")
    assert done.returncode == 10
    assert "there is no archive" in done.stdout


@needs_flock
def test_cron_leaves_out_a_run_while_one_goes_on(copy, shell, tmp_path):
    said = tmp_path / "said"
    held = subprocess.Popen(["flock", str(copy), "sh", "-c", "echo held; read _"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    try:
        assert held.stdout.readline() == b"held\n"
        done = shell(copy, "--on-failure", f"touch {said}")
    finally:
        held.communicate(b"\n", timeout=30)
    assert done.returncode == 75
    assert "skipped, the last run goes on" in done.stdout
    assert not said.exists()
    assert shell(copy).returncode == 0


@needs_flock
def test_cron_tries_again_where_the_archive_is_locked(copy, shell, tmp_path):
    counted = tmp_path / "runs"
    program = tmp_path / "archiver"
    program.write_text(
        f"#!/bin/sh\necho run >> {shlex.quote(str(counted))}\n"
        f'[ "$(wc -l < {shlex.quote(str(counted))})" -gt 2 ] || exit 11\n'
        f'exec {shlex.quote(str(PROGRAM))} "$@"\n'
    )
    program.chmod(0o755)
    done = shell(copy, "--program", str(program))
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "slept").read_text() == "300\n300\n"


@needs_flock
def test_cron_gives_up_in_the_end(copy, shell, tmp_path):
    program = tmp_path / "archiver"
    program.write_text("#!/bin/sh\nexit 11\n")
    program.chmod(0o755)
    done = shell(copy, "--program", str(program))
    assert done.returncode == 11
    assert "another run holds the lock" in done.stdout
    assert (tmp_path / "slept").read_text() == "300\n" * 3


@pytest.mark.slow  # validate waits half a minute for the lock
@needs_flock
def test_a_commit_under_way_does_not_fail_a_check(copy):
    """All is checked; only the event that tells of it is left out, and that is said."""
    before = len(read_log(copy).events)
    held = subprocess.Popen(["flock", str(copy / LOCK), "sh", "-c", "echo held; read _"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    try:
        assert held.stdout.readline() == b"held\n"
        done = subprocess.run(
            [sys.executable, "-m", "archiver", "validate", str(copy), "--json"],
            capture_output=True, check=False, timeout=200,
        )  # fmt: skip
    finally:
        held.communicate(b"\n", timeout=30)
    assert done.returncode == 0, done
    (told,) = json.loads(done.stdout)["findings"]
    assert (told["code"], "another process" in told["message"]) == ("W105", True)
    assert len(read_log(copy).events) == before


#: An empty room for cron: no jobs but ours, and no trace left.
CRON = """\
set -e
for folder in /etc/cron.d /var/spool/cron/crontabs /run; do
  [ ! -d "$folder" ] || mount -t tmpfs -o mode=755 tmpfs "$folder"
done
mount --bind /dev/null /etc/crontab
install -m 644 "$1" /etc/cron.d/check
exec cron -f
"""


@pytest.mark.slow
@needs_flock
def test_cron_runs_it(copy, tmp_path):
    """Debian's cron, the shortened period of a minute, and the line as printed."""
    if os.geteuid() != 0 or not shutil.which("cron") or not shutil.which("unshare"):
        pytest.skip("needs root, cron and unshare")
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespace may be made here")
    figures, said = copy.parents[1] / "f.prom", copy.parents[1] / "said"
    hook = f'echo "$status $meaning" > {said}'
    (crontab,) = schedule(
        "cron", copy, "--user", "root", "--metrics", str(figures), "--program", str(PROGRAM),
        "--on-failure", hook,
    ).values()  # fmt: skip
    often = tmp_path / "often"
    often.write_text(re.sub(r"(?m)^\d+ \d+ \* \* \*", "* * * * *", crontab), encoding="utf-8")
    words = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", CRON, "sh"]
    room = subprocess.Popen([*words, str(often)])
    try:
        wait_for(figures)
        assert not said.exists()
        damage(copy)
        wait_for(said)
        assert said.read_text() == "4 DAMAGE: bytes are not what was written\n"
    finally:
        room.kill()
        room.wait(timeout=30)


def wait_for(path: Path, seconds: float = 150) -> None:
    end = time.monotonic() + seconds
    while not (path.exists() and path.stat().st_size):
        assert time.monotonic() < end, f"{path.name} did not come"
        time.sleep(0.5)


# Kubernetes and GitHub


@pytest.mark.parametrize("version", ["1.31", "1.37"])
def test_kubernetes_schema(odder, version):
    validate = pytest.importorskip("kubernetes_validate").validate
    (text,) = schedule(
        "kubernetes", odder, "--image", "example/archiver:1", "--claim", "corpora/a b",
        "--metrics", "/figures/a.prom", "--metrics-claim", "figures", "--max-duration", "10m",
        "--expect-head-file", "/etc/head",
    ).values()  # fmt: skip
    manifest = yaml.safe_load(text)
    assert validate(manifest, version, strict=True)
    (container,) = manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["args"][1].replace("$$", "$") == str(odder)
    assert str(odder) in [mount["mountPath"] for mount in container["volumeMounts"]]
    container["arguments"] = container.pop("args")
    with pytest.raises(Exception, match="arguments"):
        validate(manifest, version, strict=True)


@pytest.mark.parametrize("where", ["output/a b ü 'x' \"q\" # : @HOOK@", "/srv/archive"])
def test_github_schema(where):
    vendored = pytest.importorskip("check_jsonschema").__file__
    schemas = Path(vendored).parent / "builtin_schemas" / "vendor"
    schema = json.loads((schemas / "github-workflows.json").read_text(encoding="utf-8"))
    (text,) = schedule("github", Path(where), "--on-failure", 'echo "$meaning" # : x').values()
    workflow = yaml.safe_load(text)
    workflow["on"] = workflow.pop(True)  # a word of YAML 1.1, which GitHub does not read
    check = jsonschema.Draft7Validator(schema).is_valid
    assert check(workflow)
    (job,) = workflow["jobs"].values()
    assert where in shlex.split(job["steps"][-2]["run"], comments=True)
    job["timeout-hours"] = job.pop("timeout-minutes")
    assert not check(workflow)


@pytest.mark.skipif(shutil.which("bash") is None, reason="GitHub runs the steps in bash")
def test_steps_of_the_workflow(tmp_path):
    """The two steps run as the runner would run them, in a checkout."""
    place = Path("output") / ODD
    shutil.copytree(archive_support.small_archive(tmp_path / "made").path, tmp_path / place)
    (text,) = schedule("github", place, "--on-failure", 'echo "$meaning" > said').values()
    steps = {step.get("name"): step for step in yaml.safe_load(text)["jobs"]["validate"]["steps"]}
    environ = {
        **os.environ, "GITHUB_OUTPUT": str(tmp_path / "out"),
        "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}",
    }  # fmt: skip

    def step(name: str, **more: str) -> subprocess.CompletedProcess[str]:
        words = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", steps[name]["run"]]
        return subprocess.run(words, cwd=tmp_path, env={**environ, **more}, capture_output=True,
                              text=True, check=False, timeout=120)  # fmt: skip

    done = step("Check every byte")
    assert done.returncode == 0, done.stderr
    damage(tmp_path / place)
    done = step("Check every byte")
    assert done.returncode == 4
    assert "::error title=archiver::exit status 4: DAMAGE" in done.stdout
    told = dict(line.split("=", 1) for line in (tmp_path / "out").read_text().splitlines())
    assert told["status"] == "4"
    assert step("Tell somebody", **told).returncode == 0
    assert (tmp_path / "said").read_text() == told["meaning"] + "\n"
