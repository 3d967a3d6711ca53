"""The page as a whole, as lines: what an extractor misses of a page is found there."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from archiver.digest import sha256
from archiver.model import WEIGHTS

#: Raised whenever the same trees would choose otherwise on some page.
VERSION = 1

#: The trees that ship.
TREES = files(__name__) / "trees.npz"


@lru_cache(maxsize=1)
def identity() -> str:
    """What names the choice of lines in ``Document.extractor``. Loads no numpy."""
    digest = sha256(TREES.read_bytes() + WEIGHTS["text"].read_bytes())
    return f"archiver.page {VERSION} ({digest[:16]})"
