"""Sources in an object store are read as those of a disk."""

import pytest

from archiver.archive.files.mounts import mounted
from archiver.errors import BucketError, InputError
from archiver.readers.files import plan, read_files
from archiver.remote import Location, SourceCopy, open_store
from archiver.remote.sources import _fits

INDEX = """---
schema: archiver-index/1
source: Example
---

| file | url |
| --- | --- |
| a/one.txt | https://example.org/one |
"""


@pytest.fixture
def bucket(environ):
    return open_store(Location("archives", ""), environ)


@pytest.fixture
def crawl(store, place):
    """Some objects, and the key of the folder that they lie in."""
    for name, text in {
        "INDEX.md": INDEX,
        "a/one.txt": "One.\n",
        "a/two.txt": "Two.\n",
        "b/c/three.txt": "Three.\n",
        "b/records.jsonl": '{"text": "Four."}\n{"text": "Five."}\n',
        ".hidden/x.txt": "Hidden.\n",
        "odd ä %20.txt": "Odd.\n",
    }.items():
        store.put(name, text.encode())
    return place.removeprefix("s3://archives/")


@pytest.fixture
def copy(tmp_path):
    root = tmp_path / "copy"
    root.mkdir()
    found = SourceCopy(root)
    with mounted(root, found):
        yield found
    found.close()


def read(copy, named):
    items = read_files(named, base=copy.root)
    return {item.file_path: item for item in items if hasattr(item, "data")}


def test_a_folder_is_read_with_its_index(copy, bucket, crawl):
    named = copy.add(bucket, crawl)
    assert named == [f"archives/{crawl}"]
    assert plan(named, base=copy.root).files == 5
    found = read(copy, named)
    start = f"archives/{crawl}/"
    assert {name.removeprefix(start): item.data.decode() for name, item in found.items()} == {
        "a/one.txt": "One.\n",
        "a/two.txt": "Two.\n",
        "b/c/three.txt": "Three.\n",
        "b/records.jsonl": "Five.",
        "odd ä %20.txt": "Odd.\n",
    }
    assert found[f"{start}a/one.txt"].provenance.url == "https://example.org/one"


def test_nothing_is_brought_before_it_is_read(copy, bucket, crawl, proxy):
    named = copy.add(bucket, crawl)
    plan(named, base=copy.root)
    brought = [r.key for r in proxy.requests if r.method == "GET" and "list-type" not in r.path]
    assert brought == [f"{crawl}/INDEX.md"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a/*.txt", {"a/one.txt", "a/two.txt"}),
        ("**/*e.txt", {"a/one.txt", "b/c/three.txt"}),
        ("b*", {"b/c/three.txt", "b/records.jsonl"}),
        ("a/[!t]*", {"a/one.txt"}),
    ],
)
def test_globs(copy, bucket, crawl, pattern, expected):
    found = read(copy, copy.add(bucket, crawl, pattern))
    assert {name.removeprefix(f"archives/{crawl}/") for name in found} == expected


def test_a_single_object(copy, bucket, crawl):
    found = read(copy, copy.add(bucket, f"{crawl}/a/two.txt"))
    assert [item.data for item in found.values()] == [b"Two.\n"]


def test_what_is_not_there(copy, bucket, crawl, environ):
    for key, pattern in ((f"{crawl}/none", None), (crawl, "*.none")):
        with pytest.raises(InputError, match="no object"):
            copy.add(bucket, key, pattern)
    with pytest.raises(BucketError):
        copy.add(open_store(Location("no-such-bucket", ""), environ), "", None)


def test_an_object_that_goes_meanwhile_is_a_finding(copy, bucket, crawl, store):
    named = copy.add(bucket, crawl)
    items = read_files(named, base=copy.root)
    store.delete(["b/c/three.txt"])
    codes = [item.finding.code for item in items if hasattr(item, "finding")]
    assert codes == ["E205"]


def test_files_that_were_read_are_let_go(copy, bucket, store, crawl, monkeypatch):
    copy._shelf._limit = 3_000
    for number in range(8):
        store.put(f"many/{number}.txt", f"Number {number}. ".encode() * 100)
    named = copy.add(bucket, f"{crawl}/many")
    found = read(copy, named)
    assert len(found) == 8
    assert all(len(item.data) == 1_000 for item in found.values())
    assert copy._held[f"archives/{crawl}/many/0.txt"].bytes() == 0


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a/b.txt", "a/*.txt", "a/b.txt"),
        ("a/b/c.txt", "a/*", "a/b"),
        ("a/b/c.txt", "**/c.txt", "a/b/c.txt"),
        ("c.txt", "**/c.txt", "c.txt"),
        ("a/.b/c.txt", "**/c.txt", None),
        (".b", "*", None),
        (".b", ".*", ".b"),
        ("a/b.txt", "*.txt", None),
    ],
)
def test_patterns_are_those_of_the_shell(path, pattern, expected):
    assert _fits(path.split("/"), pattern.split("/")) == expected
