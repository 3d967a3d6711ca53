"""Record a terminal: run the commands of the README for real, and draw what they print.

    python docs/record_terminal.py            write docs/pictures/terminal.svg
    python docs/record_terminal.py --check    compare it; status 1 where it is out of date

The commands run in a new folder that holds a copy of ``seeds/``. What differs from run to run
(digests, moments, sizes in the archive) is drawn as an ellipsis, so that the same program gives
the same picture. It plays once and stops at its last line; who asks for less motion sees the end.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "pictures" / "terminal.svg"

#: What is typed; seconds that a line of its output takes, and that the last one stays.
SESSION = (
    ("archiver explain seeds/002_d1f2fb6d55798c4b.txt", 0.16, 4.0),
    ("archiver ingest", 0.05, 4.0),
    ("archiver restore 002 | cmp - seeds/002_d1f2fb6d55798c4b.txt && echo equal", 0.05, 2.0),
    ("archiver validate", 0.05, 0.0),
)
COLUMNS, ROWS = 96, 26
#: Pixels: of a character, of a line, around the text.
WIDTH, HEIGHT, MARGIN = 8.4, 19, 16
#: How long a command is alone on its line before it answers.
TYPING_SECONDS = 0.8

#: Colours by SGR code, each at least 4.5:1 on the ground (WCAG AA).
COLOURS = {
    31: "#ff8f86", 32: "#7fd68a", 33: "#e6c35c", 34: "#8fb8ff", 35: "#e2a3f5", 36: "#7ad7e0",
    90: "#a3adb8", 91: "#ff8f86", 92: "#7fd68a", 93: "#e6c35c", 94: "#8fb8ff", 95: "#e2a3f5",
    96: "#7ad7e0",
}  # fmt: skip
GROUND, INK, FAINT = "#10151c", "#e6edf3", "#a3adb8"

_SGR = re.compile(r"\x1b\[([\d;]*)m")
#: What differs from run to run; blanks after it fill the place of what is left out.
_VARIES = re.compile(r"\b[0-9a-f]{64}\b|[\d.,]+(?= kB in the archive)|(?<= part, )[\d.,]+( kB *)")

WORDS = (
    "A terminal. archiver explain lists the lines of a German news page that go, each with the "
    "rule that takes it, and why. archiver ingest archives four pages and counts the edits by "
    "family. archiver restore gives back the bytes as received: equal. archiver validate checks "
    "every layer of the archive: sound."
)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a line in one style, from a column on."""

    column: int
    text: str
    style: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the screen, and when it appears, in seconds."""

    runs: tuple[Run, ...]
    at: float


def record() -> str:
    """The picture, of commands that are run now. Raises: SystemExit where one fails."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "seeds", Path(folder) / "seeds")
        return draw(list(_lines(Path(folder))))


def _lines(folder: Path) -> Iterator[Line]:
    clock = 0.0
    for typed, each, stays in SESSION:
        clock += TYPING_SECONDS
        yield Line((Run(0, "$ ", "p"), Run(2, typed, "b")), clock)
        for text in _run(typed, folder).splitlines():
            clock += each
            yield Line(tuple(styled(text)), clock)
        clock += stays
        yield Line((), clock)


def _run(typed: str, folder: Path) -> str:
    known = os.environ  # noqa: TID251  # what the commands find in a reader's shell
    environ = {
        **{name: known[name] for name in ("HOME", "SYSTEMROOT") if name in known},
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), known["PATH"]]),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "COLUMNS": str(COLUMNS),
        "FORCE_COLOR": "1",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }
    done = subprocess.run(  # noqa: S603  # the commands above
        ["bash", "-c", typed],  # noqa: S607  # found on the path, as a reader's is
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    printed = done.stdout.decode("utf-8")
    if done.returncode:
        raise SystemExit(f"{typed}: status {done.returncode}\n{printed}")
    return _VARIES.sub(_elided, printed)


def _elided(found: re.Match[str]) -> str:
    after = found[1] or ""
    return f"…{after}".ljust(len(found[0])) if after else "…"


def styled(line: str) -> Iterator[Run]:
    """The stretches of a line of terminal output, by its SGR codes."""
    style: dict[str, str] = {}
    column = 0
    for number, piece in enumerate(_SGR.split(line)):
        if number % 2:
            for code in map(int, filter(None, (piece or "0").split(";"))):
                style = _after(style, code)
        elif piece:
            yield Run(column, piece, " ".join(style.values()))
            column += len(piece)


def _after(style: dict[str, str], code: int) -> dict[str, str]:
    if code == 0:
        return {}
    if code in COLOURS:
        return {**style, "colour": f"c{code % 10}"}
    kind = {1: ("bold", "b"), 2: ("faint", "f"), 4: ("line", "u")}.get(code)
    return {**style, kind[0]: kind[1]} if kind else style


def draw(lines: Sequence[Line]) -> str:
    """The lines as an SVG that scrolls through them once."""
    wide, high = round(COLUMNS * WIDTH + 2 * MARGIN), ROWS * HEIGHT + 2 * MARGIN
    length = lines[-1].at + 1
    steps = [f"0%{{transform:translateY({_up(1)}px)}}"]  # never an empty screen
    for number, line in enumerate(lines, start=1):
        steps.append(f"{100 * line.at / length:.2f}%{{transform:translateY({_up(number)}px)}}")
    colours = "".join(f".c{code % 10}{{fill:{COLOURS[code]}}}" for code in range(31, 37))
    css = (
        f"text{{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
        f"fill:{INK};white-space:pre}}{colours}.b{{font-weight:700}}.f{{fill:{FAINT}}}"
        f".u{{text-decoration:underline}}.p{{fill:{COLOURS[32]}}}"
        f"@keyframes scroll{{{''.join(steps)}}}"
        f"#all{{transform:translateY({_up(len(lines))}px)}}"
        f"@media(prefers-reduced-motion:no-preference){{#all{{animation:scroll {length:.1f}s "
        f"step-end 1 both}}}}"
    )
    body = [_text(number, run) for number, line in enumerate(lines) for run in line.runs]
    size = f'viewBox="0 0 {wide} {high}" width="{wide}" height="{high}"'
    named = 'role="img" aria-labelledby="title words"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {named}>',
            '<title id="title">archiver in a terminal</title>',
            f'<desc id="words">{escape(WORDS)}</desc>',
            "<!-- Written by docs/record_terminal.py; do not edit. -->",
            f"<style>{css}</style>",
            f'<rect width="{wide}" height="{high}" rx="10" fill="{GROUND}"/>',
            f'<svg x="{MARGIN}" y="{MARGIN}" width="{wide - 2 * MARGIN}" height="{ROWS * HEIGHT}">',
            '<g id="all">',
            *body,
            "</g>",
            "</svg>",
            "</svg>",
            "",
        ]
    )


def _up(shown: int) -> int:
    """How far the lines move so that the last one shown is at the foot."""
    return (ROWS - shown) * HEIGHT


def _text(number: int, run: Run) -> str:
    text = run.text.rstrip(" ")
    lead = len(text) - len(text.lstrip(" "))
    text = text[lead:]
    if not text:
        return ""
    x = round((run.column + lead) * WIDTH, 1)
    kind = f' class="{run.style}"' if run.style else ""
    size = f'textLength="{round(len(text) * WIDTH, 1)}" lengthAdjust="spacingAndGlyphs"'
    y = number * HEIGHT + HEIGHT - 5
    return f'<text x="{x}" y="{y}" {size}{kind}>{escape(text, quote=False)}</text>'


def main(words: list[str]) -> int:
    """Record, and write or compare."""
    if words not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    new = record()
    if words:
        same = PICTURE.is_file() and PICTURE.read_text(encoding="utf-8") == new
        print("as recorded" if same else "Out of date: run `python docs/record_terminal.py`.")
        return 0 if same else 1
    PICTURE.write_text(new, encoding="utf-8", newline="\n")
    print(f"written: {PICTURE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
