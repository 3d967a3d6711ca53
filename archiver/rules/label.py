"""The bare form of a line: a label without what dresses it up."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: What stands around a label without being part of it: bullets, arrows, rules,
#: brackets, colons, and marks of writing direction.
_DRESS = (
    " …:·•|¦/\\<>«»‹›()[]{}【】#_~=+*,;–—-◦▪■□●○▶►▸▼▲△▽◀◄←→↑↓↗⇒➔➜➤❯❮⟩✓✔✕✖✗✘×☰⋮"
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2060\ufe0f\ufffc，、："
    "🔊🎧🎙🔔📢📣📌📧✉📱🔗👉👇⬇"
)

_DRESS_BEFORE = _DRESS.replace("|", "")

#: What screen readers are told of a link.
_OPENS = re.compile(
    r"\((?:opens?|öffnet|s'ouvre|se abre|abre|si apre|otwiera się|открывается|opent|öppnas)"
    r" [^()]{3,40}\)?$|\((?:nouvelle fenêtre|new window|neues fenster|nueva ventana)\)?$"
)

#: A count behind a label: ``Kommentare (12)``, ``Share 1.2k``.
_COUNT = re.compile(r"(?<=[^\W\d])[\s:|(\[]+\d[\d.,]*[km]?$")

#: First and last characters of lines that may be more than bare, see ``bare``.
_FIRST = frozenset(_DRESS_BEFORE + '"o')
_LAST = frozenset(_DRESS + '"')


def bare_forms(lines: Sequence[str], folded: Sequence[str]) -> tuple[list[str], list[str]]:
    """Of lines and their folded forms, those with a bare form beside it, and these forms.

    As ``bare`` says of each; a form with nothing else in it is left out. Cost: as ``bare``.
    """
    owners: list[str] = []
    found: list[str] = []
    for line, form in zip(lines, folded, strict=True):
        last = form[-1:]
        if (
            last in _LAST
            or form[:1] in _FIRST
            or "(" in form
            or last.isdecimal()
            or (last in ".km" and not form[-2:-1].isalpha())
        ):
            label = _bared(form)
        elif len(form) & 1 and form[len(form) >> 1] == " ":
            label = _single(form)
        else:
            continue
        if label and label != form:
            owners.append(line)
            found.append(label)
    return owners, found


def bare(folded: str) -> str:
    """A folded line without what dresses it up: ``bare("» kommentare (12):")`` is ``"kommentare"``.

    Empty where the line has nothing else. Cost: a look at both ends; one pass where
    something stands there.
    """
    last = folded[-1:]
    # A count ends in a digit, or in k, m or a dot behind one; a note of how a link opens has a
    # bracket, and dots that are no full stop stand behind others.
    if (
        folded[:1] in _FIRST
        or last in _LAST
        or "(" in folded
        or last.isdecimal()
        or (last in ".km" and not folded[-2:-1].isalpha())
    ):
        return _bared(folded)
    return _single(folded)


def _bared(folded: str) -> str:
    # A bar in front is a table row: what stands in cells is no label.
    folded = folded.removeprefix('" ').removesuffix(' "')  # guillemets that point to a link
    stripped = folded.lstrip(_DRESS_BEFORE).rstrip(_DRESS)
    if stripped.endswith(".."):
        stripped = stripped.rstrip("." + _DRESS)
    stripped = stripped.removeprefix("o ")  # the bullet of a list in a list, in inscriptis
    if "(" in stripped:
        stripped = _unopened(stripped)
    # A count ends in a digit, be it before k, m, commas and dots.
    if stripped.removesuffix("k").removesuffix("m").rstrip(".,")[-1:].isdecimal():
        stripped = _COUNT.sub("", stripped)
    return _single(stripped.rstrip(_DRESS))


def _unopened(label: str) -> str:
    """A label without the note of how its link opens."""
    at = label.find("(")
    while at >= 0:
        if _OPENS.match(label, at):
            return label[: at - (label[at - 1 : at] == " ")]
        at = label.find("(", at + 1)
    return label


def _single(label: str) -> str:
    """A label and its picture's text, ``search search``, once."""
    half = len(label) // 2
    doubled = label[half : half + 1] == " " and label[:half] == label[half + 1 :]
    return label[:half] if doubled else label
