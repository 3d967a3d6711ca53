"""The copy pipeline: read each file, digest it, write Parquet (zstd 3). No archive can do less.

    python benchmarks/copying.py FOLDER OUTPUT.parquet

Files are read a thousand at a time, so memory does not grow with the corpus.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

BATCH = 1000
FIELDS: list[pa.Field[Any]] = [
    pa.field("id", pa.string()),
    pa.field("raw", pa.binary()),
    pa.field("sha256", pa.string()),
]
SCHEMA = pa.schema(FIELDS)


def copy(folder: Path, output: Path) -> None:
    """Copy all files of a folder, by name, into one Parquet file."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    with pq.ParquetWriter(output, SCHEMA, compression="zstd", compression_level=3) as writer:
        for start in range(0, len(paths), BATCH):
            some = paths[start : start + BATCH]
            data = [path.read_bytes() for path in some]
            columns: dict[str, list[Any]] = {
                "id": [path.name for path in some],
                "raw": data,
                "sha256": [sha256(item).hexdigest() for item in data],
            }
            writer.write_batch(pa.RecordBatch.from_pydict(columns, SCHEMA))


if __name__ == "__main__":
    copy(Path(sys.argv[1]), Path(sys.argv[2]))
