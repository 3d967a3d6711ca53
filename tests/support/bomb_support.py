"""A part whose footer lies: it unpacks to far more than it says."""

import json
import subprocess
import sys
from pathlib import Path

import archive_support as support
import pyarrow as pa
import pyarrow.parquet as pq

from archiver.archive.log.actions import add_action, file_facts
from archiver.archive.log.entry import Part, part_path
from archiver.archive.read.parts import footer_sha256
from archiver.digest import sha256

#: Validates each archive named, and tells the findings, the seconds and the peak memory.
_PROGRAM = """
import json, sys, time
from pathlib import Path
from archiver.archive.checks.validate import validate
import archiver.archive.log.delta, pyarrow.parquet, deltalake
told = []
for name in sys.argv[1:]:
    begun = time.monotonic()
    found = [[item.code, item.where] for item in validate(Path(name)).findings]
    told.append({"findings": found[:2000], "seconds": time.monotonic() - begun})
try:
    # Not getrusage: its peak is that of the process this one was forked from, too.
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
except (OSError, IndexError):
    peak = 0
print(json.dumps({"archives": told, "peak": peak}))
"""


def validate_apart(*paths, timeout=300):
    """Validate in a process of its own. Returns: what was found, and its peak memory in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
        timeout=timeout,
        cwd=Path(__file__).parents[2],
    )
    return json.loads(done.stdout)


def _varint(number):
    """A number as Thrift's compact protocol writes it."""
    value, out = number << 1, bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _lie(number, length):
    """A small number in as many bytes as a large one."""
    out = bytearray(_varint(number))
    while len(out) < length:
        out[-1] |= 128
        out.append(0)
    return bytes(out)


def lying_bomb(archive, mebibytes):
    """Add a part whose text unpacks to so much, in a file of a few kB whose footer denies it."""
    rows = mebibytes
    one = pa.array(["x" * (1 << 20)])
    table = archive.latest().slice(0, 1)
    columns = {
        name: pa.chunked_array([one if name == "text" else table[name].combine_chunks()] * rows)
        for name in table.column_names
    }
    folder = archive.path / "data/documents"
    staged = folder / "bomb.parquet"
    pq.write_table(
        pa.table(columns, schema=table.schema),
        staged,
        compression="zstd",
        use_dictionary=False,
        write_page_checksum=True,
        row_group_size=rows,
    )
    data = bytearray(staged.read_bytes())
    with pq.ParquetFile(staged) as file:
        group = file.metadata.row_group(0)
        honest = {group.total_byte_size}
        honest |= {group.column(at).total_uncompressed_size for at in range(group.num_columns)}
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    for number in honest:
        if number > 1 << 20:
            old = _varint(number)
            data[start:] = data[start:].replace(old, _lie(1000, len(old)))
    staged.write_bytes(data)
    digest = sha256(bytes(data))
    with staged.open("rb") as stream:
        footer = footer_sha256(stream, len(data))
    part = Part(part_path(digest), digest, footer, len(data), rows)
    (folder / part.path).parent.mkdir(parents=True, exist_ok=True)
    staged.rename(folder / part.path)

    def change(actions):
        actions[0]["commitInfo"]["archiver"]["files"].update(file_facts([part]))
        actions.append(add_action(part, 0))

    support.change_newest(archive, change)
    return folder / part.path
