"""What mlcroissant makes of ``croissant.json``: it loads, and leads to every record."""

import archive_support as support
import pytest

from archiver.archive.archive import restore_bytes
from archiver.archive.bag.croissant import NAME

pytestmark = pytest.mark.filterwarnings("ignore")  # of its own libraries
mlcroissant = pytest.importorskip("mlcroissant")

HOSTILE = "\"}\u2028 {{x}} \\ <script> #'; DROP\n\tТест 🥐"


def plain(value):
    """Values as ours: text decoded, names of columns without the record set's."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, dict):
        return {key.rsplit("/", 1)[1]: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    archive = support.small_archive(tmp_path_factory.mktemp("croissant") / "archive")
    row = support.document("hostile", HOSTILE, license=HOSTILE, source=HOSTILE, facts={"k": "v"})
    support.commit(archive, [row], batch_id="hostile")
    return archive


@pytest.fixture(scope="module")
def dataset(archive):
    return mlcroissant.Dataset(archive.path / NAME)


def test_it_is_valid(dataset):
    metadata = dataset.metadata
    assert not metadata.ctx.issues.errors
    assert metadata.license == [" ".join(HOSTILE.split())]
    assert (metadata.name, metadata.version) == ("text-archive", "3.0.0")


def test_every_record_is_read_as_it_was_written(archive, dataset):
    read = [plain(record) for record in dataset.records("documents")]
    ours = [row for table in archive.scan() for row in table.to_pylist()]
    assert len(read) == len(ours) == 5
    for record, row in zip(read, ours, strict=True):
        for name in ("id", "revision", "text", "edits", "record_sha256", "license"):
            assert record[name] == row[name]
        assert [(item["key"], item["value"]) for item in record["metadata"]] == row["metadata"]
        assert record["ingested_at"].to_pydatetime() == row["ingested_at"]
        back = {**row, "edits": record["edits"], "text": record["text"]}
        assert restore_bytes(back) == restore_bytes(row)
