"""Parts are checked side by side, and told in their order."""

import archive_support as support
import pytest
from archive_support import part_paths

from archiver.archive.checks.check import MAX_FINDINGS, Check, Counts
from archiver.archive.checks.validate import validate


@pytest.fixture
def archive(tmp_path):
    return support.long_archive(tmp_path / "archive", 8)


def harm(archive):
    """A flipped bit, a part cut short, one that is gone, and one in quarantine."""
    paths = part_paths(archive)
    data = bytearray(paths[1].read_bytes())
    data[len(data) // 3] ^= 1
    paths[1].write_bytes(bytes(data))
    paths[4].write_bytes(paths[4].read_bytes()[:-9])
    paths[6].unlink()
    kept = part_paths(archive, "quarantine")[2]
    kept.write_bytes(b"x" * kept.stat().st_size)


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("harmed", [False, True])
def test_threads_find_the_same_in_the_same_order(archive, quick, harmed):
    if harmed:
        harm(archive)
    plain = validate(archive.path, quick=quick)
    assert plain.is_sound is not harmed
    for threads in (2, 5, 40):
        told = []
        found = validate(
            archive.path,
            quick=quick,
            threads=threads,
            progress=lambda done, total, told=told: told.append((done, total)),
        )
        assert (found.findings, found.checked) == (plain.findings, plain.checked)
        assert (found.coverage, found.tally) == (plain.coverage, plain.tally)
        assert told == sorted(told)
        assert told[-1][0] == told[-1][1]


def test_what_was_found_apart_is_counted_beyond_what_is_listed(tmp_path):
    whole, apart = Check(tmp_path), Check(tmp_path)
    whole.add("E108", "pages", "a", "first")
    for number in range(MAX_FINDINGS + 5):
        apart.add("E108", "pages", f"b{number}", "more")
    apart.counts.bytes = 7
    apart.digests["b"] = "digest"
    whole.take(apart)
    assert whole.tally() == {"E108": MAX_FINDINGS + 6}
    assert len(whole.findings) == MAX_FINDINGS
    assert "6 more" in whole.close()[-1].message
    assert whole.harmed == {"a", *(f"b{number}" for number in range(MAX_FINDINGS + 5))}
    assert (whole.counts, whole.digests) == (Counts(bytes=7), {"b": "digest"})
