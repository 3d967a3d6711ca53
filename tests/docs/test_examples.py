"""Every example of the README and the docs runs, and shows what it says it shows.

A ``console`` block holds commands after ``$ `` and their output, both streams
together; ``...`` stands for any text, on a line of its own for any lines. Its
last command may end with another status where the fence says so:
```` ```console status=4 ````. A ``python`` block is a whole program; a ``text``
block right after it is its output. A block of any kind with ``file=NAME`` on its
fence is that file. A block with ``needs=NAME`` is run where that program or Python
module is installed, and otherwise the test is skipped once all else of its page has
held; warnings of such modules are no errors. The blocks of one page run in order in
one copy of what a checkout holds. ``sh`` and ``powershell`` blocks are not run here:
they set up environments, and ``.ci/run`` runs those of the README.
"""

from __future__ import annotations

import difflib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
#: What a reader of the docs has in the folder where the commands are typed.
CHECKOUT = ("seeds",)
#: Seconds that one example may take.
PATIENCE = 120

_FENCE = re.compile(r"^```(\S+)[ \t]*([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """One program to run, with the output and the status that its page shows.

    ``file`` names a file to write instead: ``shown`` is what it holds.
    ``needs`` names a program or a module without which it cannot run.
    """

    line: int
    command: tuple[str, ...]
    shown: str | None
    status: int = 0
    file: str = ""
    needs: str = ""

    def can_run(self) -> bool:
        """Whether all it needs is installed."""
        if self.command[0] == "bash":
            return not self.needs or shutil.which(self.needs) is not None
        return not self.needs or importlib.util.find_spec(self.needs) is not None


def examples(page: str) -> list[Example]:
    found: list[Example] = []
    python_ends_at = -1
    for fence in _FENCE.finditer(page):
        kind, info, body = fence.groups()
        line = page.count("\n", 0, fence.start()) + 2
        if info.startswith("file="):
            found.append(Example(line, (), body, file=info.removeprefix("file=")))
        elif kind == "console":
            found += _console(body, line, info)
        elif kind == "python":
            needs = info.removeprefix("needs=")
            strict = ("-W", "ignore" if needs else "error")
            command = (sys.executable, *strict, "-c", body)
            found.append(Example(line, command, None, needs=needs))
            python_ends_at = fence.end()
        elif kind == "text" and python_ends_at >= 0:
            if not page[python_ends_at : fence.start()].strip():
                program = found.pop()
                found.append(replace(program, shown=body))
            python_ends_at = -1
    return found


def _console(body: str, line: int, info: str) -> list[Example]:
    found: list[Example] = []
    status = int(info.removeprefix("status=")) if info.startswith("status=") else 0
    needs = info.removeprefix("needs=") if info.startswith("needs=") else ""
    for offset, text in enumerate(body.splitlines(keepends=True)):
        if text.startswith("$ "):
            found.append(Example(line + offset, ("bash", "-c", text[2:]), "", needs=needs))
        elif not found:
            pytest.fail(f"line {line + offset}: a console block begins with a command")
        else:
            last = found[-1]
            if not last.shown and last.command[2].endswith("\\\n"):
                joined = last.command[2] + text.removeprefix("> ")
                found[-1] = replace(last, command=("bash", "-c", joined))
            else:
                found[-1] = replace(last, shown=(last.shown or "") + text)
    if found:
        found[-1] = replace(found[-1], status=status)
    return found


def matches(shown: str, printed: str) -> bool:
    """Whether the output is the one shown, blanks at line ends aside."""
    pattern = ""
    for line in shown.splitlines():
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += r"[^\n]*?".join(map(re.escape, line.rstrip().split("..."))) + r"[ \t]*\n"
    whole = printed if printed.endswith("\n") or not printed else printed + "\n"
    return re.fullmatch(pattern, whole) is not None


def run(example: Example, folder: Path) -> tuple[int, str]:
    scripts = sysconfig.get_path("scripts")
    kept = {name: os.environ[name] for name in ("HOME", "SYSTEMROOT") if name in os.environ}
    environ = {
        **kept,
        "PATH": os.pathsep.join([scripts, os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "100",
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
        "PYTHONUNBUFFERED": "1",  # both streams in the order in which a terminal shows them
        "TZ": "UTC",
    }
    done = subprocess.run(
        example.command,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8").replace("\r\n", "\n")


WITH_EXAMPLES = [page for page in PAGES if examples(page.read_text(encoding="utf-8"))]


@pytest.mark.skipif(shutil.which("bash") is None, reason="the examples are typed into bash")
@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page(page: Path, tmp_path: Path) -> None:
    for name in CHECKOUT:
        shutil.copytree(ROOT / name, tmp_path / name)
    missing: list[str] = []
    for example in examples(page.read_text(encoding="utf-8")):
        if example.file:
            path = tmp_path / example.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(example.shown or "", encoding="utf-8")
            continue
        if not example.can_run():
            missing.append(example.needs)
            continue
        status, printed = run(example, tmp_path)
        place = f"{page.relative_to(ROOT)}:{example.line}"
        command = example.command[-1]
        assert status == example.status, f"{place}: {command}\nstatus {status}\n{printed}"
        if example.shown is not None and not matches(example.shown, printed):
            diff = difflib.unified_diff(
                example.shown.splitlines(), printed.splitlines(), "shown", "printed", lineterm=""
            )
            pytest.fail(f"{place}: {command}\n" + "\n".join(diff))
    if missing:
        pytest.skip(f"all but the examples for {', '.join(sorted(set(missing)))} held")


def test_there_are_examples() -> None:
    assert ROOT / "README.md" in WITH_EXAMPLES


@pytest.mark.parametrize(
    ("shown", "printed", "equal"),
    [
        ("a\n", "a\n", True),
        ("a\n", "b\n", False),
        ("a\n", "a\nb\n", False),
        ("a ... c\n", "a b c\n", True),
        ("a ... c\n", "a b\nc\n", False),
        ("...\nc\n", "a\nb\nc\n", True),
        ("...\nc\n", "c\n", True),
        ("", "", True),
        ("", "a\n", False),
        ("a.c\n", "abc\n", False),
    ],
)
def test_matches(shown: str, printed: str, equal: bool) -> None:
    assert matches(shown, printed) is equal


def test_a_page_is_cut_into_examples() -> None:
    page = (
        "x\n```console status=4\n$ a \\\n>  b\nout\n$ c\n```\n"
        "```python\n1\n```\n\n```text\n2\n```\n```toml file=a/b.toml\nc\n```\n"
    )
    first, second, third, fourth = examples(page)
    assert (first.line, first.command[2], first.shown, first.status) == (
        3,
        "a \\\n b\n",
        "out\n",
        0,
    )
    assert (second.command[2], second.shown, second.status) == ("c\n", "", 4)
    assert (third.command[-1], third.shown) == ("1\n", "2\n")
    assert (fourth.file, fourth.shown) == ("a/b.toml", "c\n")


def test_an_example_says_what_it_needs() -> None:
    page = (
        "```console needs=sh\n$ a\n$ b\n```\n```console needs=no-such-program\n$ a\n```\n"
        "```python needs=json\n1\n```\n```text\n2\n```\n```python needs=no_such_module\n1\n```\n"
    )
    found = examples(page)
    needed = [(example.needs, example.can_run()) for example in found]
    assert needed == [
        ("sh", True),
        ("sh", True),
        ("no-such-program", False),
        ("json", True),
        ("no_such_module", False),
    ]
    assert found[3].shown == "2\n"
