"""What others see: Delta and Parquet readers, bag validators, plain coreutils."""

import subprocess
import sys
from pathlib import Path

import archive_support
import duckdb
import interop_support as support
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from interop_support import documents

from archiver.archive.bag.bag import README


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """Twelve versions: with a checkpoint, and two entries after it."""
    return archive_support.long_archive(tmp_path_factory.mktemp("interop") / "archive", 12)


def test_bagit_python(long):
    support.check_bag(long)


def test_bagit_command(long):
    command = Path(sys.executable).with_name("bagit.py")
    if not command.exists():
        pytest.skip("bagit.py is not installed as a command")
    done = subprocess.run(
        [sys.executable, str(command), "--validate", str(long.path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "is valid" in done.stderr


@support.needs_sha256sum
@pytest.mark.parametrize("manifest", support.MANIFESTS)
def test_sha256sum(long, manifest):
    support.check_sha256sum(long, manifest)


def test_delta_rs_sees_every_row_and_every_version(long):
    table = DeltaTable(documents(long))
    assert table.version() == 12
    assert table.to_pyarrow_table().num_rows == 24
    assert (documents(long) / "_delta_log/_last_checkpoint").exists()
    for version in (0, 1, 9, 10, 11):
        old = DeltaTable(documents(long), version=version)
        assert len(pa.table(old.get_add_actions())) == version
    assert table.transaction_version("run-3") == 1
    assert DeltaTable(long.path / "data/quarantine").to_pyarrow_table().num_rows == 12


def test_delta_rs_skips_parts_by_id(long):
    table = DeltaTable(documents(long)).to_pyarrow_table(filters=[("id", "=", "d005")])
    assert table["text"].to_pylist() == ["Text 5.\n"]


def test_delta_rs_refuses_to_delete(long):
    with pytest.raises(Exception, match="append"):
        DeltaTable(documents(long)).delete("id = 'd005'")


def test_delta_rs_can_append_and_we_call_it_damage(tmp_path):
    """Another writer's commit is no commit of ours: reading stops instead of guessing."""
    from deltalake import write_deltalake

    from archiver.archive.checks.validate import validate
    from archiver.errors import DamageError

    archive = archive_support.long_archive(tmp_path / "archive", 1)
    write_deltalake(documents(archive), archive.latest().slice(0, 1), mode="append")
    with pytest.raises(DamageError):
        archive.latest()
    assert "E103" in {item.code for item in validate(archive.path).findings}


def readme_sql(archive):
    text = (archive.path / README).read_text("utf-8")
    return text.split("```sql\n")[1].split("```")[0]


def test_duckdb_with_the_readmes_words(long):
    sql = readme_sql(long).replace("'data/", f"'{long.path}/data/")
    rows = duckdb.sql(sql).to_arrow_table().sort_by("id")
    ours = long.latest()
    assert rows["id"].to_pylist() == ours["id"].to_pylist()
    assert rows["text"].to_pylist() == ours["text"].to_pylist()
    assert rows["edits"].to_pylist() == ours["edits"].to_pylist()
    glob = f"{documents(long)}/parts/**/*.parquet"
    assert duckdb.read_parquet(glob).count("*").fetchall() == [(24,)]


def test_polars(long):
    ours = long.latest(["id", "text"])
    frame = pl.read_parquet(documents(long) / "parts/**/*.parquet")
    assert frame.height == 24
    newest = frame.sort("revision").group_by("id").last().sort("id")
    assert newest["text"].to_list() == ours["text"].to_pylist()
    delta = pl.scan_delta(str(documents(long))).filter(pl.col("id") == "z").collect()
    assert sorted(delta["revision"].to_list()) == list(range(1, 13))


def test_pandas(long):
    frame = pd.read_parquet(documents(long) / "parts")
    assert len(frame) == 24
    assert set(frame["id"]) == set(long.ids())
    assert str(frame["ingested_at"].dt.tz) == "UTC"


def test_the_readme_needs_no_program_of_ours(long):
    text = (long.path / README).read_text("utf-8")
    assert "sha256sum -c manifest-sha256.txt" in text
    assert "before" in text
