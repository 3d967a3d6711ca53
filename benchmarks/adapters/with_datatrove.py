"""datatrove: FTFY, then the C4 quality filter, into Parquet.

    PYTHON benchmarks/adapters/with_datatrove.py DECODED.jsonl FOLDER WORKERS

Run by the Python of an environment that holds ``datatrove[processing]``, pyarrow and
spacy. With two workers the input is two files. ``--about`` tells what is run.
"""

from __future__ import annotations

import sys
from pathlib import Path

WORK = (
    "FTFY and the C4 quality filter into Parquet (zstd): text already decoded, no record of what "
    "goes, no digests, whole documents dropped"
)


def main(source: Path, folder: Path, workers: int) -> None:
    """Run the pipeline, one task a worker."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.filters import C4QualityFilter
    from datatrove.pipeline.formatters import FTFYFormatter
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import ParquetWriter

    LocalPipelineExecutor(
        pipeline=[
            JsonlReader(str(source.parent), glob_pattern=f"{source.stem}*.jsonl"),
            FTFYFormatter(),
            C4QualityFilter(),
            ParquetWriter(str(folder / "kept"), compression="zstd"),
        ],
        tasks=workers,
        workers=workers,
        logging_dir=str(folder / "logs"),
    ).run()


if __name__ == "__main__":
    if sys.argv[1:] == ["--about"]:
        from importlib.metadata import version

        print(f"datatrove {version('datatrove')}: {WORK}")
    else:
        main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
