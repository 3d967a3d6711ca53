import json
from contextlib import suppress

import archive_support as support
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.archive.log.chain import list_versions, live_parts, replay
from archiver.archive.log.delta import CONFIGURATION
from archiver.archive.log.entry import BadEntryError, parse_entry
from archiver.digest import sha256
from archiver.errors import NewerArchiveError


def actions(archive, version, table="documents"):
    text = support.entry_path(archive, version, table).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_each_entry_names_the_one_before(archive):
    before = None
    for version in range(3):
        data = support.entry_path(archive, version).read_bytes()
        info = json.loads(data.splitlines()[0])["commitInfo"]["archiver"]
        assert info["prev"] == before
        before = sha256(data)
    assert archive.head().sha256 == before


def test_each_documents_entry_binds_the_quarantine(archive):
    heads = [entry.head for entry in archive.entries("quarantine")]
    assert [entry.bound for entry in archive.entries()] == [heads[0], heads[1], heads[1]]


def test_the_table_keeps_everything_for_ever(archive):
    first = actions(archive, 0)
    metadata = next(item["metaData"] for item in first if "metaData" in item)
    assert metadata["configuration"] == CONFIGURATION
    assert CONFIGURATION["delta.enableExpiredLogCleanup"] == "false"
    protocol = next(item["protocol"] for item in first if "protocol" in item)
    assert protocol == {"minReaderVersion": 1, "minWriterVersion": 2}


def test_no_text_leaks_into_the_log(archive):
    log = b"".join(support.entry_path(archive, version).read_bytes() for version in range(3))
    assert b"Alpha" not in log
    assert str(archive.path).encode() not in log


def test_ids_with_odd_characters_stay_on_one_line(archive):
    odd = 'line\u2028separator \x85 \x0b \N{GRINNING FACE} "quoted"'
    support.commit(archive, [support.document(odd)], batch_id="odd")
    assert archive.record(odd)["id"] == odd
    assert archive.entries()[-1].added[0].may_hold(odd)


def test_no_id_stands_in_the_log(archive):
    for table in ("documents", "quarantine"):
        support.commit(
            archive,
            [support.document(f"secret-id-{table}")],
            [support.rejected(f"secret-id-{table}", table.encode())],
            batch_id=table,
        )
    for path in archive.path.glob("data/*/_delta_log/*"):
        assert b"secret-id" not in path.read_bytes(), path


def test_replay_goes_on_from_what_is_known(archive):
    table = archive.path / "data/documents"
    known = replay(table)
    support.entry_path(archive, 1).write_bytes(b"no longer looked at")
    assert replay(table, known) == known
    assert list_versions(table) == [0, 1, 2]


def test_removed_parts_are_not_live(archive):
    entries = archive.entries()
    gone = entries[1].added[0].path
    remove = type(entries[2])(3, "0" * 64, {}, (), (gone,), ())
    assert gone in live_parts(entries)
    assert gone not in live_parts([*entries, remove])


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_words(data):
    with pytest.raises(BadEntryError) as caught:
        parse_entry(1, data)
    assert str(caught.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("commitInfo", "archiver", "format", "prev", "files", "add", "path", "stats"),
                    *("txn", "appId", "protocol", "minReaderVersion", "minWriterVersion"),
                    *("quarantine", "counts"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.lists(json_values, max_size=3))
def test_any_json_is_refused_or_read(values):
    data = "".join(json.dumps(value) + "\n" for value in values).encode()
    with suppress(BadEntryError, NewerArchiveError):
        assert parse_entry(1, data).version == 1
