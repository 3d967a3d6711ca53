"""Repair of what decoding cannot: mojibake, stray controls, mixed line ends.

ftfy does the work, under a configuration that touches damage only: quotes,
ligatures, character widths and HTML entities are the author's and stay.
Every change is an edit, line by line, so that it can be seen and undone.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from archiver.document import Edit
from archiver.text.damage import is_sound, suspects
from archiver.text.edits import apply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftfy import ExplanationStep, TextFixerConfig

#: A line longer than this is left as it is: no mojibake has been seen to need
#: it, and ftfy itself cuts its segments there (``max_decode_length``).
MAX_LINE = 1_000_000

#: Rounds after which a line that still changes is left as it was received.
MAX_ROUNDS = 4

_MOJIBAKE = "repair.mojibake"

#: What an ftfy step is called in an edit; all its other steps serve mojibake.
_RULES = {
    "normalize": "repair.unicode-form",
    "fix_line_breaks": "repair.line-end",
    "fix_surrogates": "repair.surrogate",
    "remove_terminal_escapes": "repair.terminal-escape",
    "remove_control_chars": "repair.control",
}

#: Why each repair is made, for ``explain`` and the reference.
REASONS = {
    "repair.mojibake": "Text that had been decoded with the wrong encoding.",
    "repair.unicode-form": "Composed and decomposed letters are written one way (NFC).",
    "repair.line-end": "Line ends are written one way.",
    "repair.surrogate": "Halves of a character, joined or marked.",
    "repair.terminal-escape": "Colour codes of a terminal.",
    "repair.control": "Control characters and byte order marks, which print nothing.",
}


@lru_cache(maxsize=1)
def config() -> TextFixerConfig:
    """The one ftfy configuration, spelled out; part of every ruleset's digest."""
    from ftfy import TextFixerConfig

    return TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=True,
        fix_encoding=True,
        restore_byte_a0=True,
        replace_lossy_sequences=True,
        decode_inconsistent_utf8=True,
        fix_c1_controls=True,
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=True,
        fix_surrogates=True,
        remove_control_chars=True,
        normalization="NFC",
        max_decode_length=MAX_LINE + 2,
        explain=True,
    )


def repair(text: str) -> tuple[str, tuple[Edit, ...]]:
    """Mend a text's characters, and say what was changed where.

    Returns: the mended text, and edits in code points of ``text``.
    Idempotent: a mended text is left alone. Raises: nothing.
    Cost: one look at the text, and one at each line where it may be damaged; ftfy's on
    such lines alone.
    """
    numbers = suspects(text)
    if not numbers:
        return text, ()
    lines = text.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    edits: list[Edit] = []
    for number in numbers:
        line = lines[number] + ("\n" if number < len(lines) - 1 else "")
        fixed, rule = repair_line(line)
        if rule:
            edits.append(_difference(starts[number], line, fixed, rule))
    return apply(text, edits), tuple(edits)


def repair_line(line: str) -> tuple[str, str]:
    """One line with its ``\\n``, mended until nothing changes; and the repair's name.

    The name is empty where the line stays. A line that gives other results
    when its pieces are mended apart, or that does not settle, stays as it is.
    """
    if is_sound(line) or len(line) > MAX_LINE:
        return line, ""
    current, rule = line, ""
    for _ in range(MAX_ROUNDS):
        pieces = [_fix(piece) for piece in _lines(current)]
        fixed = "".join(piece for piece, _ in pieces)
        if fixed == current:
            return current, rule
        rule = rule or next(name for _, name in pieces if name)
        current = fixed
    return line, ""


def _fix(line: str) -> tuple[str, str]:
    if is_sound(line):
        return line, ""
    from ftfy import fix_and_explain, fix_encoding_and_explain

    # The first of its steps, which is nearly always all: the others find nothing in a sound
    # line, and ftfy would look for that twice more.
    fixed, steps = fix_encoding_and_explain(line, config())
    if fixed == line or not is_sound(fixed):
        fixed, steps = fix_and_explain(line, config())
    return fixed, _rule(steps or ()) if fixed != line else ""


def _rule(steps: Sequence[ExplanationStep]) -> str:
    """The weightiest of the steps: mojibake before anything else."""
    keys = [step.parameter if step.action == "apply" else step.action for step in steps]
    names = [_RULES.get(key, _MOJIBAKE) for key in keys]
    return _MOJIBAKE if _MOJIBAKE in names else names[0]


def _lines(text: str) -> list[str]:
    """The text cut after every ``\\n``, and nowhere else."""
    return [line + "\n" for line in text.split("\n")[:-1]] + (
        [last] if (last := text.rpartition("\n")[2]) else []
    )


def _difference(at: int, before: str, after: str, rule: str) -> Edit:
    """The smallest single edit that turns one line into the other."""
    head, limit = 0, min(len(before), len(after))
    while head < limit and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < limit - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    end = len(before) - tail
    return Edit(at + head, at + end, before[head:end], after[head : len(after) - tail], rule)
