"""INDEX.md: where each file of a folder is from. Reading, drafting and checking it.

YAML front matter (``schema: archiver-index/1`` and defaults for every row), then
one GFM table, a row a source. Empty means unknown; nothing is guessed.
"""

from __future__ import annotations

from archiver.readers.draft import check_index, draft_index, format_index
from archiver.readers.index_rows import Row
from archiver.readers.index_sheet import (
    COLUMNS,
    INDEX_NAME,
    MAX_INDEX_BYTES,
    Index,
    is_index,
    read_index,
)
from archiver.readers.refresh import Refreshed, refresh_index

__all__ = [
    "COLUMNS",
    "INDEX_NAME",
    "MAX_INDEX_BYTES",
    "Index",
    "Refreshed",
    "Row",
    "check_index",
    "draft_index",
    "format_index",
    "is_index",
    "read_index",
    "refresh_index",
]
