"""The front matter of an INDEX.md: a flat YAML mapping of words to words.

Only YAML's event stream is read; no value is built. So ``no`` stays a language,
dates stay as written, and aliases, tags and nesting, of which YAML bombs are
made, are refused where they stand.
"""

from __future__ import annotations

import re

from archiver.errors import IndexFileError

#: The schema this program reads.
SCHEMA = "archiver-index/1"

#: Bytes of front matter; a dozen defaults take less than one thousand.
MAX_FRONT_MATTER = 65_536

_SCHEMA_LINE = re.compile(r"^schema:\s*[\"']?archiver-index/", re.MULTILINE)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


def claims_schema(head: str) -> bool:
    """Whether the beginning of a file says that it is an index, however badly made."""
    if not head.removeprefix("\ufeff").startswith("---"):
        return False
    front = re.split(r"^(?:---|\.\.\.)[ \t]*$", head, maxsplit=2, flags=re.MULTILINE)
    return bool(_SCHEMA_LINE.search(front[1] if len(front) > 1 else head))


def split_front_matter(lines: list[str], where: str) -> tuple[dict[str, str], int]:
    """The front matter's pairs, and the line (from 0) after it.

    Raises: IndexFileError when it is missing, not closed, or no flat mapping.
    """
    if not lines or lines[0].rstrip() != "---":
        raise IndexFileError(f"{where}:1: no front matter: the first line must be ---")
    for end in range(1, len(lines)):
        if lines[end].rstrip() in ("---", "..."):
            text = "\n".join(lines[1:end])
            if len(text) > MAX_FRONT_MATTER:
                raise IndexFileError(f"{where}:1: the front matter is too long")
            return parse_flat(text, where), end + 1
    raise IndexFileError(f"{where}:1: the front matter is not closed by ---")


def parse_flat(text: str, where: str) -> dict[str, str]:
    """A flat YAML mapping as texts, nulls left out.

    Raises: IndexFileError with the line for everything else YAML can say.
    """
    import yaml

    pairs: dict[str, str] = {}
    key: str | None = None
    is_open = False
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, _framing(yaml)):
                continue
            line = event.start_mark.line + 2 if event.start_mark else 1
            if isinstance(event, yaml.MappingStartEvent) and not is_open and not event.anchor:
                is_open = True
                continue
            if not isinstance(event, yaml.ScalarEvent) or not is_open:
                raise IndexFileError(f"{where}:{line}: only lines of `key: value` may stand here")
            if event.tag is not None or event.anchor is not None:
                raise IndexFileError(f"{where}:{line}: no tags and anchors, please: plain values")
            if key is None:
                key = event.value.strip()
                if key in pairs or not key:
                    raise IndexFileError(f"{where}:{line}: the key {key!r} is empty or repeated")
                continue
            is_null = event.style is None and event.value in _NULLS
            pairs[key] = "" if is_null else event.value
            key = None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise IndexFileError(f"{where}:{line}: the front matter: {problem}") from error
    return {name: value for name, value in pairs.items() if value}


def format_flat(pairs: dict[str, str]) -> list[str]:
    """Lines of YAML that ``parse_flat`` reads back as these pairs."""
    import yaml

    lines: list[str] = []
    for key, value in pairs.items():
        dumped = yaml.safe_dump({key: value}, allow_unicode=True, width=1_000_000)
        lines += dumped.rstrip("\n").split("\n")
    return lines


def _framing(yaml: object) -> tuple[type, ...]:
    names = ("StreamStart", "StreamEnd", "DocumentStart", "DocumentEnd", "MappingEnd")
    return tuple(getattr(yaml, f"{name}Event") for name in names)
