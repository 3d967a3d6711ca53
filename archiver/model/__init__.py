"""The learned line model: what shape, wording and neighbours tell of a line.

Two networks of one make, one for each question: whether a line is the text that a
reader came for (asked by ``strict``), and whether an archive would keep it (asked by
``standard``).
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from archiver.digest import Json, sha256

#: What an edit of the model names as its rule, and why.
RULE = "model.line"
WHY = "The line model is sure that this is the page around the text, not the text."

#: Raised whenever the same weights would decide otherwise on some text.
VERSION = 4

#: The weights that ship, by the question they were trained for.
WEIGHTS = {name: files(__name__) / f"{name}.npz" for name in ("text", "worth")}


@lru_cache(maxsize=1)
def identity() -> dict[str, Json]:
    """What names the model in a ruleset's digest. Loads no numpy."""
    digests: dict[str, Json] = {
        name: sha256(weights.read_bytes()) for name, weights in WEIGHTS.items()
    }
    return {"version": VERSION, **digests}
