"""The learned line model: what shape, wording and neighbours tell of a line."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from archiver.digest import Json, sha256

#: What an edit of the model names as its rule, and why.
RULE = "model.line"
WHY = "The line model is sure that this is the page around the text, not the text."

#: Raised whenever the same weights would decide otherwise on some text.
VERSION = 2

#: The weights that ship.
WEIGHTS = files(__name__) / "weights.npz"


@lru_cache(maxsize=1)
def identity() -> dict[str, Json]:
    """What names the model in a ruleset's digest. Loads no numpy."""
    return {"version": VERSION, "weights": sha256(WEIGHTS.read_bytes())}
