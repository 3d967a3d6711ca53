"""What others see of an archive that a document was taken down from."""

import shutil
from datetime import timedelta

import archive_support
import duckdb
import interop_support as support
import polars as pl
import pytest
from deltalake import DeltaTable
from interop_support import documents

from archiver.archive.takedown.take_down import World, take_down


@pytest.fixture(scope="module")
def gone(tmp_path_factory):
    """Twelve versions, with a checkpoint at the tenth; d003 and r5 are taken down after them."""
    archive = archive_support.long_archive(tmp_path_factory.mktemp("interop") / "archive", 12)
    world = World(archive_support.NOW + timedelta(days=9), archive_support.TOOL, "case-7")
    take_down(archive, ["d003", "r5"], "case 7", world)
    return archive


def test_bagit_python(gone):
    support.check_bag(gone)


@support.needs_sha256sum
@pytest.mark.parametrize("manifest", support.MANIFESTS)
def test_sha256sum(gone, manifest):
    support.check_sha256sum(gone, manifest)


def test_duckdb_over_the_parts(gone):
    rows = duckdb.read_parquet(f"{documents(gone)}/parts/**/*.parquet")
    assert rows.count("*").fetchall() == [(23,)]
    assert rows.filter("id = 'd003'").count("*").fetchall() == [(0,)]
    # All the sources in quarantine have the same two bytes.
    assert list(gone.path.glob("data/quarantine/parts/**/*.parquet")) == []


def test_delta_rs_at_the_newest_version(gone):
    table = DeltaTable(documents(gone))
    rows = table.to_pyarrow_table()
    assert (table.version(), rows.num_rows) == (15, 23)
    assert sorted(rows["id"].to_pylist()) == sorted(
        id_ for table in gone.scan(["id"]) for id_ in table["id"].to_pylist()
    )
    assert table.metadata().configuration["delta.appendOnly"] == "true"
    with pytest.raises(Exception, match="append"):
        table.delete("id = 'd005'")
    assert DeltaTable(gone.path / "data/quarantine").to_pyarrow_table().num_rows == 0


def test_polars(gone):
    frame = pl.scan_delta(str(documents(gone))).filter(pl.col("id") == "d004").collect()
    assert frame["text"].to_list() == ["Text 4.\n"]


def test_delta_rs_at_an_older_version_stops_instead_of_showing_less(gone):
    """A version that named the removed part cannot be read by others; one before it can."""
    assert DeltaTable(documents(gone), version=2).to_pyarrow_table().num_rows == 4
    for version in (3, 12):
        with pytest.raises(FileNotFoundError):
            DeltaTable(documents(gone), version=version).to_pyarrow_table()
        assert gone.at(version).num_rows == version  # d003 is missing, z was counted in


def test_delta_rs_makes_checkpoints_over_it(gone, tmp_path):
    shutil.copytree(gone.path, tmp_path / "archive")
    table = DeltaTable(tmp_path / "archive/data/documents")
    table.create_checkpoint()
    again = DeltaTable(tmp_path / "archive/data/documents")
    assert again.to_pyarrow_table().num_rows == 23
