"""What every command must bear: closed pipes, poor consoles, narrow windows, no colour.

The commands are read off the command line itself, so that a new one must join: it needs words
in ``WORDS`` that let it show something.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from archiver.cli.main import archiver
from archiver.cli.plain import LOOK_ALIKES, show_anyway

ROOT = Path(__file__).parents[3]
DRIVER = ROOT / "tests/support/habits_process.py"

TEXT = (
    "Zürich: „Der Hafen ist zugefroren“ – 日本語 😀 é\n[ad_1]\nPlay\nHe agreed.[14] She did not.\n"
)
NAME = "überblick 日本.txt"

#: Words that let each command show something, and its exit status. NEW is a name that is free.
WORDS: dict[str, tuple[str, int]] = {
    "": ("", 0),
    "clean": (f"clean 'seeds/{NAME}'", 0),
    "completion": ("completion bash", 0),
    "diff": ("diff 1 2", 0),
    "doctor": ("doctor", 0),
    "explain": (f"explain 'seeds/{NAME}'", 0),
    "export": ("export -o - --format jsonl", 0),
    "index check": ("index check seeds", 5),
    "index init": ("index init seeds --stdout", 0),
    "index update": ("index update listed", 0),
    "ingest": ("ingest --workers 1 --dry-run", 3),
    "init": ("init NEW", 0),
    "log": ("log", 0),
    "quarantine": ("quarantine", 0),
    "recover": ("recover --dry-run", 0),
    "repair": ("repair --from copy --dry-run", 0),
    "report": ("report -o - output/archive", 0),
    "restore": (f"restore 'seeds/{NAME}'", 0),
    "review": ("review -o NEW.toml", 0),
    "rules check": ("rules check packs", 0),
    "rules learn": ("rules learn seeds --dry-run", 3),
    "rules list": ("rules list", 0),
    "rules new": ("rules new 'Der Häfen – Newsletter' --family newsletter --why w --dry-run", 0),
    "rules show": ("rules show ad-marker.shortcode", 0),
    "rules test": ("rules test packs --on seeds", 0),
    "schedule": ("schedule cron --program /bin/archiver", 0),
    "schema": ("schema", 0),
    "show": ("show", 0),
    "takedown": (f"takedown 'seeds/{NAME}' --reason r --dry-run", 0),
    "upgrade": ("upgrade --dry-run", 0),
    "validate": ("validate --no-event", 0),
}

PACK = """\
schema = "archiver-rules/1"

[[rule]]
id = "newsletter.zürich"
action = "drop"
literals = ["Der Hafen – Newsletter"]
why = "Über „Zürich“ – 日本語."
seen = "überall"
removes = ["Der Hafen – Newsletter"]
keeps = ["Zürich 日本語"]
""".replace("newsletter.zürich", "newsletter.zurich")


def commands(command: click.Command = archiver, path: str = "") -> Iterator[tuple[str, bool]]:
    """Every command by its words, and whether it is a group."""
    is_group = isinstance(command, click.Group)
    yield path, is_group
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, f"{path} {name}".strip())


COMMANDS = dict(commands())


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """An archive of two versions with odd names in it, one document in quarantine, and a copy."""
    folder = tmp_path_factory.mktemp("habits")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in ("seeds", "listed"):
            (folder / name).mkdir()
            (folder / name / NAME).write_text(TEXT, encoding="utf-8")
        (folder / "packs").mkdir()
        (folder / "packs/own.toml").write_text(PACK, encoding="utf-8")

        def run(*words: str, status: int) -> None:
            done = CliRunner().invoke(archiver, [*words, "--quiet"])
            assert done.exit_code == status, done.output

        run("ingest", "--workers", "1", status=0)
        (folder / "seeds" / NAME).write_text(f"{TEXT}Neu: ä.\n", encoding="utf-8")
        (folder / "seeds/bäd.txt").write_bytes(b"\0\1\2")
        run("ingest", "--workers", "1", status=3)
        (folder / "seeds/bäd.txt").unlink()
        run("index", "init", "listed", status=0)
        run("index", "init", "seeds", status=0)
        (folder / "seeds/nöw.txt").write_bytes(b"\0\1\2")
        shutil.copytree(folder / "output/archive", folder / "copy")
    return folder


def run_all(home: Path, *words: str, environ: dict[str, str] | None = None) -> list[dict]:
    """Every command's words in one process; see habits_process.py."""
    import shlex

    lists = []
    for number, (line, _) in enumerate(WORDS.values()):
        fresh = f"new-{'-'.join(words)}-{number}".replace(" ", "")
        lists.append([word.replace("NEW", fresh) for word in shlex.split(line)])
    given = {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVER_")}
    done = subprocess.run(
        [sys.executable, str(DRIVER), *words],
        input=json.dumps(lists),
        cwd=home,
        env={**given, "PYTHONPATH": str(ROOT), "TERM": "xterm", **NOW, **(environ or {})},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(WORDS), done.stderr
    return found


def test_every_command_has_words():
    leaves = {name for name, is_group in COMMANDS.items() if not is_group}
    assert leaves | {""} == set(WORDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_no_wider_than_the_window(command):
    for columns in (80, 200):
        done = CliRunner(env={"COLUMNS": str(columns)}).invoke(
            archiver, [*command.split(), "--help"]
        )
        assert done.exit_code == 0
        assert max(map(len, done.stdout.splitlines())) <= min(columns, 100)
    assert "--plain" in done.stdout or COMMANDS[command]


@pytest.mark.parametrize("command", [name for name, is_group in COMMANDS.items() if not is_group])
def test_every_command_can_be_quiet_plain_and_a_program_s(command):
    context = click.Context(archiver)
    found: click.Command | None = archiver
    for name in command.split():
        assert isinstance(found, click.Group)
        found = found.get_command(context, name)
    assert found is not None
    options = {word for param in found.params for word in param.opts}
    assert {"--json", "--quiet", "--plain"} <= options


def test_a_reader_that_is_gone_is_met_with_silence(home):
    for done, (_, status) in zip(run_all(home, "pipe", "utf-8", "80"), WORDS.values(), strict=True):
        assert done["status"] in {141, status}, done
        assert "Traceback" not in done["errors"]
        assert "error:" not in done["errors"], done


#: Runs of different minutes show the same.
NOW = {"SOURCE_DATE_EPOCH": "1893456000"}
POOR = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture(scope="module")
def painted(home) -> list[dict]:
    """All commands on a console of ASCII, 40 columns wide, in a locale that knows no more."""
    return run_all(home, "console", "ascii", "40", environ={**POOR, "PYTHONIOENCODING": "ascii"})


def _check_console(found: list[dict]) -> str:
    """All that was shown; every command ended as it does elsewhere."""
    for done, (_, status) in zip(found, WORDS.values(), strict=True):
        # Rows for programs go to no terminal.
        assert done["status"] == (2 if done["words"][:1] == ["export"] else status), done
        assert "Traceback" not in done["errors"]
        # Of other encodings are only files as they are: bytes as received, and a page.
        assert "\ufffd" not in done["shown"] or done["words"][:1] in (["restore"], ["report"]), done
    return "".join(done["shown"] for done in found)


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_a_console_that_lacks_characters_shows_them_in_another_way(painted):
    shown = _check_console(painted)
    assert "\\u65e5\\u672c" in shown  # 日本
    assert "\\u00fc" in shown  # ü


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
@pytest.mark.parametrize(("encoding", "columns"), [("cp1252", "80"), ("cp437", "200")])
def test_consoles_of_windows_show_what_they_have(home, encoding, columns):
    environ = {**POOR, "PYTHONIOENCODING": encoding}
    shown = _check_console(run_all(home, "console", encoding, columns, environ=environ))
    assert "\\u65e5\\u672c" in shown
    assert "ü" in shown
    assert "\\u00fc" not in shown


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_no_colour_carries_a_meaning_of_its_own(home, painted):
    """What is shown in colours is, without them, letter for letter what is shown plainly."""
    environ = {**POOR, "PYTHONIOENCODING": "ascii"}
    plain = run_all(home, "console", "ascii", "40", "--plain", environ=environ)
    assert any("\x1b[" in done["shown"] for done in painted)
    for first, second in zip(painted, plain, strict=True):
        assert "\x1b" not in second["shown"], second
        assert "\x1b" not in second["errors"], second
        assert first["status"] == second["status"]
        if not " ".join(first["words"]).startswith(_LEAVE_SOMETHING):
            assert _bare(first["shown"]) == _bare(second["shown"])


#: They show less when they come for the second time.
_LEAVE_SOMETHING = ("init ", "index update", "review ")


def _bare(shown: str) -> str:
    """Without colours, and without sizes of what is free, which change meanwhile."""
    return re.sub(r"[\d.]+ .?B of", "", re.sub(r"\x1b\[[0-9;]*m", "", shown))


@pytest.mark.skipif(shutil.which("head") is None, reason="no `head` on this system")
def test_a_real_head_takes_its_line_and_goes(home):
    line = f'"{sys.executable}" -m archiver rules list | head -n 1'
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=home,
        env=environ,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 141
    assert done.stderr == b""
    assert done.stdout.count(b"\n") == 1


def test_a_path_as_long_as_systems_take_is_no_trouble(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "/".join(["f" * 100] * 3)  # Windows takes such paths where it is told to
    try:
        folder.mkdir(parents=True)
        (folder / f"{'n' * 80}.txt").write_text("The harbour is frozen.\n", encoding="utf-8")
    except OSError:
        pytest.skip("the system takes no such path")
    place = str(folder / "archive")
    for words in (["ingest", str(folder), "--workers", "1"], ["validate", place], ["log"]):
        more = [] if words[0] == "validate" else ["--archive", place]
        done = CliRunner().invoke(archiver, [*words, *more])
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize("char", ["ü", "日", "😀", "\u2028", "…", "“"])
def test_what_a_screen_lacks_is_an_escape_of_json_or_a_look_alike(char):
    words, end = show_anyway(UnicodeEncodeError("ascii", f"a{char}b", 1, 1 + len(char), "lacks"))
    assert end == 1 + len(char)
    assert words.isascii()
    assert json.loads(f'"{words}"') == (char.translate(LOOK_ALIKES) if char == "…" else char)
    with pytest.raises(UnicodeDecodeError):
        show_anyway(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no start"))
