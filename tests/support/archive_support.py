"""Archives made by hand, without the readers and the cleaning."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from archiver.archive.archive import Archive, create_archive
from archiver.archive.bag import bag
from archiver.archive.log.actions import add_action, encode_entry, file_facts
from archiver.archive.log.chain import LOG_FOLDER
from archiver.archive.log.entry import Part, entry_name, part_path
from archiver.archive.read.parts import footer_sha256
from archiver.archive.rows.columns import TABLES
from archiver.archive.rows.records import quarantine_from_rows, records_from_rows
from archiver.archive.write.writer import Writer
from archiver.digest import sha256, sha256_text

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
RULESET = b'{"rules":[]}'
RULESET_DIGEST = sha256(RULESET)
TOOL = "archiver 0.0"


def document(id_, text="A text.\n", *, cut="", revision=1, at=NOW, **changes):
    """A row whose first line, ``cut``, was removed."""
    raw = (cut + text).encode()
    edits = [
        {"start": 0, "end": len(cut), "before": cut, "after": "", "rule": "t.cut", "score": None}
    ]
    row = {
        "id": id_,
        "revision": revision,
        "text": text,
        "edits": edits if cut else [],
        "dropped": [{"rule": "t.cut", "count": 1}] if cut else [],
        "facts": {},
        "metadata": {"b": "2", "a": "1"},
        "raw": None,
        "raw_sha256": sha256(raw),
        "text_sha256": sha256_text(text),
        "source_sha256": sha256(raw + id_.encode()),
        "url": f"https://example.org/{id_}",
        "title": None,
        "source": "Example",
        "license": None,
        "language": "en",
        "language_score": 0.5,
        "media_type": "text/plain",
        "encoding": "utf-8",
        "newline": "lf",
        "encoding_evidence": "strict UTF-8",
        "extractor": None,
        "file_path": f"seeds/{id_}.txt",
        "ruleset": RULESET_DIGEST,
        "profile": "standard",
        "tool_version": TOOL,
        "date": None,
        "fetched_at": NOW - timedelta(days=1),
        "ingested_at": at,
    }
    return row | changes


def rejected(id_, raw=b"\x00\x01", *, chunk=0, chunks=1, whole=None, at=NOW, **changes):
    """A quarantine row."""
    row = {
        "id": id_,
        "file_path": f"seeds/{id_}.txt",
        "code": "E202",
        "message": "the source is not text",
        "where": f"seeds/{id_}.txt",
        "line": None,
        "raw": raw,
        "chunk": chunk,
        "chunks": chunks,
        "raw_sha256": None if raw is None else sha256(raw if whole is None else whole),
        "size": None if raw is None else len(raw if whole is None else whole),
        "url": None,
        "title": None,
        "source": None,
        "license": None,
        "language": None,
        "encoding": None,
        "date": None,
        "fetched_at": None,
        "metadata": {},
        "tool_version": TOOL,
        "quarantined_at": at,
    }
    return row | changes


def commit(archive, rows=(), rejects=(), *, batch_id, batches=(), at=NOW, **options):
    """One version of documents and quarantine rows; ``batches`` go in unchecked."""
    expected = options.pop("expected_head", None)
    ruleset = options.pop("ruleset", RULESET)
    options.setdefault("part_bytes", 0)  # each batch is a part: several are wanted of few rows
    with Writer(archive, batch_id=batch_id, ingested_at=at, tool=TOOL, **options) as writer:
        if rows:
            writer.stage_documents(records_from_rows(rows))
        for batch in batches:
            writer.stage_documents(batch)
        if rejects:
            writer.stage_quarantine(quarantine_from_rows(rejects))
        return writer.commit(
            ruleset_digest=sha256(ruleset),
            ruleset_json=ruleset,
            profile="standard",
            index_sha256=None,
            counts={"unchanged": 0},
            expected_head=expected,
        )


def small_archive(path: Path) -> Archive:
    """Version 1: a, b and one reject. Version 2: b again, and c."""
    archive = create_archive(path, NOW, tool=TOOL)
    rows = [document("a", "Alpha.\n", cut="play_arrow\n"), document("b", "Beta.\n")]
    commit(archive, rows, [rejected("x")], batch_id="run-1")
    later = NOW + timedelta(hours=1)
    rows = [document("b", "Beta two.\n", revision=2, at=later), document("c", "Gamma.\n")]
    commit(archive, rows, batch_id="run-2", at=later)
    return archive


def long_archive(path: Path, versions: int) -> Archive:
    """One new document a version, and a new revision of ``z``."""
    archive = create_archive(path, NOW, tool=TOOL)
    for number in range(1, versions + 1):
        at = NOW + timedelta(hours=number)
        rows = [
            document(f"d{number:03d}", f"Text {number}.\n", at=at),
            document("z", f"State {number}.\n", revision=number, at=at),
        ]
        commit(archive, rows, [rejected(f"r{number}", at=at)], batch_id=f"run-{number}", at=at)
    return archive


def entry_path(archive, version, table="documents"):
    return archive.path / TABLES[table] / LOG_FOLDER / entry_name(version)


def part_paths(archive, table="documents"):
    """The parts of a table, in the order of their versions."""
    return [archive.path / TABLES[table] / part.path for _, part in archive.parts(table)]


def where(archive, path):
    return path.relative_to(archive.path).as_posix()


def change_newest(archive, change, table="documents"):
    """Rewrite the newest entry: a lie with all digests in order, sealed anew."""
    path = entry_path(archive, archive.entries(table)[-1].version, table)
    actions = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    change(actions)
    path.write_bytes(encode_entry(actions))
    bag.seal(archive.path)


def add_foreign_part(archive, table_of_rows, **options):
    """Put any Parquet file into the newest entry as if a commit had written it."""
    folder = archive.path / TABLES["documents"]
    staged = folder / "foreign.parquet"
    pq.write_table(table_of_rows, staged, **options)
    data = staged.read_bytes()
    digest = sha256(data)
    with staged.open("rb") as stream:
        footer = footer_sha256(stream, len(data))
    part = Part(part_path(digest), digest, footer, len(data), table_of_rows.num_rows, "a", "z")
    (folder / part.path).parent.mkdir(parents=True, exist_ok=True)
    staged.rename(folder / part.path)

    def change(actions):
        files = actions[0]["commitInfo"]["archiver"]["files"]
        files.update(file_facts([part]))
        actions.append(add_action(part, 0))

    change_newest(archive, change)
    return folder / part.path
