"""What is printed for each kind, and what is refused. tests/interop/test_schedule.py runs it."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from archiver import errors
from archiver.cli.main import archiver
from archiver.cli.schedules.job import FINAL, INTERVALS, KINDS, MEANINGS, Job, case, moment_of
from archiver.cli.schedules.kubernetes import kubernetes
from archiver.cli.schedules.systemd import systemd
from archiver.cli.schedules.template import fill

#: What a kind cannot do without.
NEEDED = {
    "systemd": ["--user", "keeper", "--program", "/opt/archiver"],
    "cron": ["--program", "/opt/archiver"],
    "kubernetes": ["--image", "example/archiver:1"],
    "github": [],
}
JOB = Job(name="check", archive="/srv/archive", every="daily", hour=3, minute=7)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("ARCHIVER_"):
            monkeypatch.delenv(name)


def run(kind: str, *words: str, archive: str = "/srv/archive") -> Result:
    done = CliRunner().invoke(
        archiver, ["schedule", kind, "--archive", archive, *NEEDED[kind], *words]
    )
    assert "Traceback" not in done.output
    return done


def printed(kind: str, *words: str, **options: str) -> str:
    done = run(kind, *words, **options)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("every", INTERVALS)
def test_every_kind_prints_every_interval(kind, every):
    text = printed(kind, "--every", every)
    assert "/srv/archive" in text
    assert not re.search(r"@[A-Z_]+@", text)
    assert not re.search(r"[ \t]$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("every", "cron", "calendar"),
    [
        ("hourly", "30 * * * *", "*-*-* *:30:00"),
        ("daily", "30 4 * * *", "*-*-* 04:30:00"),
        ("weekly", "30 4 * * 0", "Sun *-*-* 04:30:00"),
        ("monthly", "30 4 1 * *", "*-*-01 04:30:00"),
    ],
)
def test_when(every, cron, calendar):
    words = ("--every", every, "--at", "04:30")
    assert f"\n{cron} a=/srv/archive; for t in" in printed("cron", *words)
    assert f"\nOnCalendar={calendar}\n" in printed("systemd", *words)
    assert yaml.safe_load(printed("kubernetes", *words))["spec"]["schedule"] == cron
    assert f'- cron: "{cron}"' in printed("github", *words)


def test_without_a_time_archives_are_spread_over_three_hours():
    times = {moment_of(f"/srv/{number}", None) for number in range(500)}
    assert len(times) > 100
    assert {hour for hour, _ in times} == {3, 4, 5}
    assert {minute for _, minute in times} == set(range(1, 60))
    assert moment_of("/srv/1", None) == moment_of("/srv/1", None)


def test_every_status_has_words():
    """But a cluster's: none validates."""
    found = [errors.ArchiverError]
    for error in found:
        found += error.__subclasses__()
    statuses = {error.exit_status for error in found if error is not errors.EngineError}
    assert statuses <= set(MEANINGS)
    assert statuses - {11} == set(FINAL)
    assert all(f"{status})" in case("s", "m") for status in statuses)


def test_service_fails_on_damage_and_tries_again_on_a_lock():
    text = printed("systemd")
    (final,) = re.findall(r"^RestartPreventExitStatus=(.*)$", text, re.MULTILINE)
    assert "4" in final.split()
    assert "11" not in final.split()
    assert "SuccessExitStatus" not in text
    assert "Restart=on-failure" in text
    assert "User=keeper" in text


def test_job_fails_on_damage_and_tries_again_on_a_lock():
    job = yaml.safe_load(printed("kubernetes"))["spec"]["jobTemplate"]["spec"]
    rules = {rule["action"]: rule for rule in job["podFailurePolicy"]["rules"]}
    assert 4 in rules["FailJob"]["onExitCodes"]["values"]
    assert 11 not in rules["FailJob"]["onExitCodes"]["values"]
    assert job["backoffLimit"] > 0
    assert job["template"]["spec"]["restartPolicy"] == "Never"  # podFailurePolicy demands it


def test_options_reach_the_command():
    words = ("--max-age", "30d", "--max-duration", "10m", "--metrics", "/var/figures/a.prom")
    given = ["--max-age=30d", "--max-duration=10m", "--metrics=/var/figures/a.prom"]
    for kind in ("systemd", "cron", "github"):
        text = printed(kind, *words)
        assert all(option in text for option in given), kind
    pod = pod_of(printed("kubernetes", *words, "--metrics-claim", "figures"))
    assert pod["containers"][0]["args"] == ["validate", "/srv/archive", *given]


def pod_of(text: str):
    return yaml.safe_load(text)["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def test_a_run_that_hangs_is_ended_only_where_a_run_is_limited():
    assert "TimeoutStartSec=infinity" in printed("systemd")
    assert "TimeoutStartSec=2100" in printed("systemd", "--max-duration", "10m")
    job = yaml.safe_load(printed("kubernetes"))["spec"]["jobTemplate"]["spec"]
    assert "activeDeadlineSeconds" not in job
    text = printed("kubernetes", "--max-duration", "10m")
    job = yaml.safe_load(text)["spec"]["jobTemplate"]["spec"]
    assert job["activeDeadlineSeconds"] > 4 * 2100


def test_nothing_but_the_log_of_checks_and_the_figures_is_writable():
    text = printed("systemd", "--metrics", "/var/figures/a.prom")
    assert 'ReadWritePaths="-/srv/archive" "-/var/figures"\n' in text
    assert 'ReadOnlyPaths="-/srv/archive/data"\n' in text
    (container,) = pod_of(printed("kubernetes", "--claim", "corpora/one"))["containers"]
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    assert mounts["/srv/archive"]["subPath"] == "corpora/one".partition("/")[2]
    assert mounts["/srv/archive/data"] == {
        "name": "archive",
        "mountPath": "/srv/archive/data",
        "subPath": "one/data",
        "readOnly": True,
    }
    assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_homes_and_temporary_folders_are_hidden_unless_they_are_needed():
    assert "ProtectHome=true\nPrivateTmp=true\n" in printed("systemd")
    text = printed("systemd", "--metrics", "/home/keeper/a.prom", archive="/var/tmp/archive")  # noqa: S108 -- a name
    assert "ProtectHome=read-only\nPrivateTmp=false\n" in text
    text = printed("systemd", archive="/homestead/archive")
    assert "ProtectHome=true\n" in text


def test_on_failure_is_a_unit_or_a_command():
    text = printed("systemd", "--on-failure", "alert@%n.service")
    assert "\nOnFailure=alert@%n.service\n" in text
    assert "failure.service" not in text
    text = printed("systemd", "--on-failure", 'logger "$meaning" 100%')
    assert "\nOnFailure=archiver-validate-failure.service\n" in text
    assert r'"logger \"$$meaning\" 100%%"' in text


def test_head_comes_from_a_file_or_a_config_map():
    for kind in ("systemd", "cron", "github"):
        assert "/etc/head" in printed(kind, "--expect-head-file", "/etc/head")
    (container,) = pod_of(printed("kubernetes", "--expect-head-file", "/etc/head"))["containers"]
    assert container["args"][-1] == "--expect-head-or-newer=$(HEAD)"
    (head,) = [item for item in container["env"] if item["name"] == "HEAD"]
    assert head["valueFrom"]["configMapKeyRef"] == {"name": "archiver-validate-head", "key": "head"}


def test_dollars_are_not_expanded_by_the_cluster():
    (made,) = kubernetes(
        replace(JOB, archive="/srv/$(HOME)"),
        image="a",
        user=1,
        claim="archive",
        metrics_claim=None,
    )
    assert pod_of(made.content)["containers"][0]["args"][1] == "/srv/$$(HOME)"


def test_an_archive_in_the_repository_is_checked_out_one_on_a_runner_is_not():
    text = printed("github", archive="output/archive")
    assert "actions/checkout" in text
    assert "--no-event" in text
    assert "ubuntu-latest" in text
    text = printed("github")
    assert "actions/checkout" not in text
    assert "--no-event" not in text
    assert "self-hosted" in text


@pytest.mark.parametrize(
    ("kind", "words", "said"),
    [
        ("systemd", ["--every", "weekly", "--max-age", "6d"], "too seldom"),
        ("cron", ["--every", "hourly", "--max-duration", "60m"], "before the next one"),
        ("cron", ["--max-age", "soon"], "no span of time"),
        ("cron", ["--at", "24:00"], "no time of day"),
        ("cron", ["--at", "3"], "no time of day"),
        ("cron", ["--name", "../x"], "no name"),
        ("cron", ["--name", "x" * 53], "no name"),
        ("cron", ["--mailto", "a b"], "no address"),
        ("cron", ["--mailto", "a\nSHELL=/x"], "control characters"),
        ("cron", ["--user", "root x"], "no name of a user"),
        ("cron", ["--program", "/a\nb"], "control characters"),
        ("cron", ["--on-failure", "a\n* * * * * root id"], "control characters"),
        ("cron", ["--on-failure", ""], "empty"),
        ("cron", ["--on-failure", "x" * 900], "cron takes 999"),
        ("cron", ["--metrics", "/srv/archive/a.prom"], "lies in the archive"),
        ("cron", ["--expect-head-file", "/srv/archive/../archive/h"], "lies in the archive"),
        ("cron", ["--image", "x"], "--image is not for cron"),
        ("systemd", ["--on-failure", "x\n[Install]"], "control characters"),
        ("systemd", ["--on-failure", "x\u202ey"], "control characters"),
        ("systemd", ["--program", "/opt/$HOME/archiver"], "starts no program"),
        ("systemd", ["--user", "a%h"], "no name of a user"),
        ("systemd", ["--mailto", "a@b"], "--mailto is not for systemd"),
        ("kubernetes", ["--on-failure", "x"], "not for kubernetes"),
        ("kubernetes", ["--user", "0"], "or is root"),
        ("kubernetes", ["--user", "keeper"], "no number"),
        ("kubernetes", ["--metrics", "/m/a.prom"], "go together"),
        ("kubernetes", ["--claim", "a/../b"], "leaves the volume"),
        ("kubernetes", ["--claim", "A b"], "no name of a volume claim"),
        ("kubernetes", ["--image", "a b"], "no container image"),
        ("github", ["--expect-head-file", "/h/${{ secrets.X }}"], "expression"),
        ("github", ["--metrics", "/h/${{ secrets.X }}"], "expression"),
        ("github", ["--user", "x"], "--user is not for github"),
    ],
)
def test_refused(kind, words, said):
    done = run(kind, *words)
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("kind", "archive", "said"),
    [
        ("systemd", "/", "no absolute path"),
        ("systemd", "/srv/a\nb", "control characters"),
        ("systemd", "/srv/" + "a" * 4096, "longer than"),
        ("github", "../archive", "no path in the repository"),
        ("github", "-rf", "no path in the repository"),
        ("github", "a${{ github.token }}", "expression"),
    ],
)
def test_archives_refused(kind, archive, said):
    done = run(kind, archive=archive)
    assert done.exit_code == 2, done.output
    assert said in done.stderr


@pytest.mark.parametrize("option", ["--max-age=30d", "--max-duration=10m", "--metrics=a.prom"])
def test_a_fresh_checkout_remembers_nothing(option):
    done = run("github", option, archive="output/archive")
    assert done.exit_code == 2
    assert "forgets" in done.stderr


def test_an_image_is_needed():
    done = CliRunner().invoke(archiver, ["schedule", "kubernetes", "--archive", "/srv/archive"])
    assert done.exit_code == 2
    assert "--image" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="files have no such owner there")
def test_the_owner_of_the_archive_runs_it():
    words = ["schedule", "systemd", "--archive", "missing", "--program", "/opt/archiver"]
    done = CliRunner().invoke(archiver, words)
    assert done.exit_code == 2
    assert "--user" in done.stderr
    Path("missing").mkdir()
    done = CliRunner().invoke(archiver, words)
    assert done.exit_code == 0, done.output
    assert f"User={Path('missing').owner()}\n" in done.stdout
    assert f'"-{Path.cwd() / "missing"}"' in done.stdout


@pytest.mark.skipif(sys.platform != "win32", reason="a relative path is one of this machine")
def test_a_path_of_windows_is_none_of_systemd():
    done = run("systemd", archive="C:\\archive")
    assert done.exit_code == 2
    assert "no absolute path" in done.stderr


@pytest.mark.parametrize(
    ("kind", "words", "names"),
    [
        ("systemd", [], ["check.service", "check.timer"]),
        (
            "systemd",
            ["--on-failure", "id"],
            ["check-failure.service", "check.service", "check.timer"],
        ),
        ("cron", [], ["check.crontab"]),
        ("cron", ["--user", "root"], ["check"]),  # cron.d passes over names with a dot
        ("kubernetes", [], ["check.yaml"]),
        ("github", [], ["check.yml"]),
    ],
)
def test_files(kind, words, names):
    done = run(kind, *words, "--name", "check", "-o", "units/new")
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in Path("units/new").iterdir()) == names
    assert done.stdout.splitlines() == [
        str(Path("units/new") / name) for name in sorted(names, key=done.stdout.index)
    ]
    assert "next:" in done.stderr
    again = run(kind, *words, "--name", "check", "-o", "units/new")
    assert again.exit_code == 2
    assert "exists" in again.stderr
    assert run(kind, *words, "--name", "check", "-o", "units/new", "--force").exit_code == 0


@pytest.mark.parametrize("kind", KINDS)
def test_json(kind):
    told = json.loads(printed(kind, "--json"))
    assert told["kind"] == kind
    assert told["folder"] is None
    plain = printed(kind, "--quiet")
    assert all(file["content"] in plain for file in told["files"])
    assert all(kind == "systemd" or file["content"] + "\n" == plain for file in told["files"])
    assert told["install"]


def test_a_refusal_in_json():
    done = run("cron", "--at", "25:00", "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["code"] == "usage"


def test_values_are_put_in_once():
    (service, timer) = systemd(
        replace(JOB, archive="/srv/@USER@/@COMMAND@"), program="/opt/archiver", user="u", needs=[]
    )
    assert "Description=Archive /srv/@USER@/@COMMAND@: check every byte\n" in service.content
    assert "/srv/@USER@/@COMMAND@" in timer.content


def test_a_template_takes_what_it_names():
    with pytest.raises(KeyError, match="SPREAD"):
        fill("validate.timer", ARCHIVE="a", EVERY="b", CALENDAR="c")
    with pytest.raises(KeyError, match="no place for MORE"):
        fill("crontab", MAILTO="a", LINE="b", MORE="c")
