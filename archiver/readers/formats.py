"""Which reader a file belongs to, told by its name; and what a run wants of records.

A name tells the format (``.jsonl``, ``.parquet``); the first bytes tell how a file
is compressed, so that ``.jsonl.gz`` and a ``.jsonl`` that is gzip are one to us.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType

#: Formats whose files hold other files.
PACKED = frozenset({"zip", "tar"})

#: Endings of a whole document in a file.
TEXTS = (".txt", ".html", ".htm", ".xhtml")

_COMPRESSED = frozenset({".gz", ".bz2", ".zst", ".zstd", ".xz"})
_BY_SUFFIX = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".warc": "warc",
    ".wet": "warc",
    ".tar": "tar",
}
_WHOLE = {
    ".parquet": "parquet",
    ".zip": "zip",
    ".tgz": "tar",
    ".tbz2": "tar",
    ".txz": "tar",
    ".tzst": "tar",
}
_DOUBTFUL = frozenset({".json", ".csv", ".tsv", ".tab"})

_NO_NAMES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Wanted:
    """How records are to be read.

    ``format`` is for standard input and files named one by one; None goes by the
    name. ``fields`` says which field of a record is its text, id, url and so on
    where its name is another; an empty name takes none. ``keep`` are the further
    fields that go to metadata; None keeps all.
    """

    format: str | None = None
    fields: Mapping[str, str] = field(default_factory=lambda: _NO_NAMES)
    keep: tuple[str, ...] | None = None


def format_of(name: str) -> str | None:
    """The format that a file's name tells; None where no reader knows it.

    A text or a page is "text"; so is nothing that is compressed.
    """
    lower = name.lower()
    if lower.endswith(TEXTS):
        return "text"
    suffix, inner = _suffixes(lower)
    if suffix in _WHOLE:
        return _WHOLE[suffix]
    return _BY_SUFFIX.get(inner if suffix in _COMPRESSED else suffix)


def is_doubtful(name: str) -> bool:
    """Whether files of such a name often are something else: settings, figures."""
    suffix, inner = _suffixes(name.lower())
    return (inner if suffix in _COMPRESSED else suffix) in _DOUBTFUL


def _suffixes(lower: str) -> tuple[str, str]:
    """The last ending of a name, and the one before it; empty where there is none."""
    path = PurePosixPath(lower.rpartition("/")[2])
    return path.suffix, PurePosixPath(path.stem).suffix
