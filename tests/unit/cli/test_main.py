from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from archiver.cli import lazy, outcome
from archiver.cli.completion import PowerShellComplete
from archiver.cli.main import archiver
from archiver.errors import ArchiverError, DamageError, StorageError

ROOT = Path(__file__).parents[3]
HEAVY = [
    "pyarrow",
    "deltalake",
    "trafilatura",
    "ftfy",
    "rich",
    "re2",
    "chardet",
    "chardetng_py",
    "yaml",
]


def run(*words: str, stdin: bytes = b"", **options) -> subprocess.CompletedProcess[bytes]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("environ", {})}
    return subprocess.run(
        [sys.executable, "-m", "archiver", *words],
        input=stdin, capture_output=True, env=environ, check=False, timeout=120, **options,
    )  # fmt: skip


@pytest.mark.parametrize("words", ["--help", "", "--version", "ingest -h", "clean -h", "rules -h"])
def test_help_loads_nothing_heavy(words):
    code = (
        "import sys\n"
        "from archiver.cli.main import main\n"
        f"sys.argv = ['archiver', *{words.split()!r}]\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert end.code == 0, end.code\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert not loaded, loaded\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout


def test_every_entry_is_a_command_with_help_and_examples():
    context = click.Context(archiver, info_name="archiver")
    for name in archiver.list_commands(context):
        command = archiver.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.help
        assert "Examples:" in command.help, name
        inner = command.commands.values() if isinstance(command, click.Group) else [command]
        for one in inner:
            assert "Examples:" in (one.help or ""), one.name
            options = {word for param in one.params for word in param.opts}
            assert {"--json", "--quiet"} <= options, one.name


@pytest.mark.parametrize(
    ("typed", "meant"), [("ingets", "ingest"), ("verify", "validate"), ("shwo", "show")]
)
def test_a_mistyped_command_is_guessed(typed, meant):
    done = CliRunner().invoke(archiver, [typed])
    assert done.exit_code == 2
    assert f"Did you mean '{meant}'" in done.stderr
    assert "hint:" in done.stderr


def test_an_unknown_word_is_not_guessed():
    done = CliRunner().invoke(archiver, ["xyzzy"])
    assert done.exit_code == 2
    assert "Did you mean" not in done.stderr


def test_with_json_errors_are_objects_on_stdout():
    for words in (["clean", "--json", "--nonsense"], ["clean", "--json", "no/such/file"]):
        done = CliRunner().invoke(archiver, words)
        error = json.loads(done.stdout)["error"]
        assert error["exit_status"] == done.exit_code
        assert set(error) == {"code", "message", "hint", "exit_status"}
        assert done.stderr == ""


def failing(error: BaseException) -> lazy.Program:
    @click.command("fail")
    @click.option("--json", "as_json", is_flag=True)
    def fail(as_json):
        raise error

    group = lazy.Program(name="x", entries={"fail": lazy.Entry("x:y", "fails", "s")})
    group.get_command = lambda _ctx, _name: fail  # type: ignore[method-assign]
    return group


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ArchiverError("x"), 1),
        (DamageError("x"), 4),
        (StorageError("x"), 7),
        (OSError(28, "No space left on device"), 7),
        (ValueError("x"), 1),
        (RecursionError("x"), 1),
        (KeyboardInterrupt(), 130),
        (outcome.Stopped(15), 143),
        (BrokenPipeError(32, "x"), 141),
    ],
)
def test_every_error_has_its_status(error, status):
    done = CliRunner().invoke(failing(error), ["fail"])
    assert done.exit_code == status
    assert "Traceback" not in done.output
    assert bool(done.stderr) is not isinstance(error, BrokenPipeError)


def test_a_bug_shows_its_traceback_only_when_asked(monkeypatch):
    done = CliRunner().invoke(failing(ValueError("odd \x1b[2J")), ["fail"])
    assert "unexpected ValueError: odd \\x1b[2J" in done.stderr
    assert "please report it" in done.stderr
    monkeypatch.setenv("ARCHIVER_DEBUG", "1")
    done = CliRunner().invoke(failing(ValueError("odd")), ["fail"])
    assert "Traceback" in done.stderr


def test_interruption_is_told_calmly():
    done = CliRunner().invoke(failing(KeyboardInterrupt()), ["fail", "--json"])
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "interrupted"
    assert "nothing half-written" in error["message"]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_process_in_order(number, status):
    process = subprocess.Popen(
        [sys.executable, "-m", "archiver", "clean", "--jsonl"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdin
    process.stdin.write(b'{"text": 5}\n')
    process.stdin.flush()
    assert process.stderr
    assert b"E212" in process.stderr.readline()  # it is at work now
    time.sleep(0.05)
    process.send_signal(number)
    _, words = process.communicate(timeout=60)
    assert process.returncode == status
    assert b"interrupted; nothing half-written is visible" in words
    assert b"Traceback" not in words


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_a_reader_that_goes_away_leaves_silence():
    lines = b'{"text": "a"}\n' * 50_000
    process = subprocess.Popen(
        [sys.executable, "-m", "archiver", "clean", "--jsonl"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout
    assert process.stdin
    assert process.stderr
    process.stdout.close()
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(lines)
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    words = process.stderr.read()
    assert process.wait(60) == 141
    assert words == b""
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_a_storage_error():
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "archiver", "--help"],
            stdout=full, stderr=subprocess.PIPE, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    assert done.returncode == 7
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("locale", ["C", "POSIX", "de_DE.ISO-8859-1"])
def test_pipes_get_utf8_whatever_the_locale(tmp_path, locale):
    (tmp_path / "t.txt").write_text("Zürich 日本語\n", encoding="utf-8")
    environ = {"LC_ALL": locale, "LANG": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0",
               "PYTHONIOENCODING": "latin-1"}  # fmt: skip
    done = run("clean", "t.txt", cwd=tmp_path, environ=environ)
    assert done.stdout.decode() == "Zürich 日本語\n"
    done = run("clean", "--json", "t.txt", cwd=tmp_path, environ=environ)
    assert json.loads(done.stdout.decode())["text"] == "Zürich 日本語\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows names are Unicode")
def test_a_file_name_of_any_bytes_is_no_trouble():
    done = run(b"clean".decode(), os.fsdecode(b"no\xff\x1b[2Jfile"))
    assert done.returncode == 6
    assert b"\x1b" not in done.stderr
    assert b"\\x1b[2J" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_each_shell_has_its_script(shell):
    done = CliRunner().invoke(archiver, ["completion", shell])
    assert done.exit_code == 0
    assert "_ARCHIVER_COMPLETE" in done.stdout


def test_completion_answers_the_shells():
    done = run(environ={"_ARCHIVER_COMPLETE": "bash_complete", "COMP_WORDS": "archiver va",
                        "COMP_CWORD": "1"})  # fmt: skip
    assert done.stdout.decode().splitlines() == ["plain,validate"]
    done = run(environ={"_ARCHIVER_COMPLETE": "powershell_complete",
                        "COMP_WORDS": "archiver ingest --pro", "COMP_LAST": "--pro"})  # fmt: skip
    assert done.stdout.decode().startswith("--profile\t")


def test_powershell_gets_words_and_one_line_of_help():
    item = click.shell_completion.CompletionItem("x", help="two\nlines")
    made = PowerShellComplete(archiver, {}, "archiver", "_ARCHIVER_COMPLETE")
    assert made.format_completion(item) == "x\ttwo lines"
    assert "Register-ArgumentCompleter" in made.source()


@pytest.mark.skipif(os.name == "nt", reason="terminals of POSIX")
def test_a_terminal_of_an_old_code_page_does_not_crash(tmp_path):
    import pty

    (tmp_path / "t.txt").write_text("日本語 “quoted”\n\x1b[2J\n", encoding="utf-8")
    outer, inner = pty.openpty()
    environ = {"PYTHONIOENCODING": "cp437", "PYTHONPATH": str(ROOT), "COLUMNS": "80"}
    process = subprocess.Popen(
        [sys.executable, "-m", "archiver", "clean", "t.txt"],
        stdout=inner, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, cwd=tmp_path,
        env={**os.environ, **environ},
    )  # fmt: skip
    os.close(inner)
    _, words = process.communicate(timeout=60)
    shown = os.read(outer, 10_000)
    os.close(outer)
    assert process.returncode == 0, words
    assert b"\\u65e5" in shown
    assert b"\x1b" not in shown


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_are_no_trouble(closed):
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = f'"{sys.executable}" -m archiver rules list {closed}'
    done = subprocess.run(["sh", "-c", line], env=environ, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
