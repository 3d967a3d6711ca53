"""Templates of units: files beside this one, with ``@NAME@`` where a value goes."""

from __future__ import annotations

import re
from importlib.resources import files

_PLACE = re.compile(r"@([A-Z_]+)@")


def fill(template: str, **values: str) -> str:
    """A template with its values, each already quoted for its place.

    Values are put in once: what looks like a place inside one stays as it is.
    A line that holds nothing but a place goes where the value is empty; several
    lines get the place's indentation.
    """
    text = (files("archiver.cli.schedules") / "templates" / template).read_text(encoding="utf-8")
    used: set[str] = set()

    def put(line: str) -> str | None:
        found = _PLACE.fullmatch(line.strip())
        used.update(_PLACE.findall(line))
        if found is None:
            return _PLACE.sub(lambda place: values[place[1]], line)
        indent = line[: len(line) - len(line.lstrip())]
        value = values[found[1]]
        return "\n".join(indent + row for row in value.splitlines()) if value else None

    lines = [made for line in text.splitlines() if (made := put(line)) is not None]
    if unused := values.keys() - used:
        raise KeyError(f"{template} has no place for {', '.join(sorted(unused))}")
    return "\n".join(lines) + "\n"
