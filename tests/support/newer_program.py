"""``archiver`` as a later version may be: documents have one more column, ``mood``.

Run as a program it takes one command a line on stdin, ``{"words": [...], "mood":
...}``, and answers each with its status and what it printed. ``mood`` is what
every document gets in that column. Only a process of its own can be like this:
the modules take over the columns when they are imported.
"""

import json
import sys

import pyarrow as pa

from archiver.archive.rows import columns

columns._DOCUMENTS.append(("mood", pa.string()))
columns.DOCUMENTS = pa.schema(columns._DOCUMENTS)
columns.SCHEMA_VERSION = 3
columns.WIDTHS[3] = {"documents": 34, "quarantine": 23}
columns.MEANINGS["mood"] = "How it sounds."

from click.testing import CliRunner  # noqa: E402 - after the columns

from archiver import batch  # noqa: E402
from archiver.cli.main import archiver  # noqa: E402

record_row = batch.record_row
_mood = [None]


def _with_mood(*given):
    return record_row(*given) | {"mood": _mood[0]}


batch.record_row = _with_mood

if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        _mood[0] = asked["mood"]
        done = CliRunner().invoke(archiver, asked["words"])
        print(json.dumps({"status": done.exit_code, "printed": done.stdout}), flush=True)
