"""The life of an archive in an object store: made, read, checked, mended, taken down from."""

from datetime import timedelta

import pyarrow.parquet as pq
import pytest
from archive_support import NOW, TOOL, commit, document, long_archive, rejected, small_archive
from deltalake import DeltaTable

from archiver.archive.archive import create_archive, open_archive, restore_bytes
from archiver.archive.checks.plan import Clock
from archiver.archive.checks.validate import validate
from archiver.archive.files.staging import PART
from archiver.archive.mend.recover import recover
from archiver.archive.takedown.take_down import World, take_down
from archiver.archive.versions.upgrade import upgrade
from archiver.digest import sha256
from archiver.errors import DamageError, NoArchiveError, RemoteError
from archiver.remote.store import Found

CLOCK = Clock(NOW, lambda: 0.0)


def hard_to_pack(number):
    """A text of a megabyte, of which half is left when it is packed."""
    return "".join(sha256(f"{number} {at}".encode()) for at in range(16_000))


def check(copy, **options):
    return validate(copy.root, **options)


def test_what_one_process_archives_another_reads(copies):
    made = small_archive(copies().root)
    other = open_archive(copies().root)
    assert other.head() == made.head()
    assert other.ids() == ["a", "b", "c"]
    assert other.record("b")["text"] == "Beta two.\n"
    assert restore_bytes(other.record("a")) == b"play_arrow\nAlpha.\n"
    assert other.quarantine(["id"])["id"].to_pylist() == ["x"]
    assert other.history("b")["version"].to_pylist() == [1, 2]


def test_the_store_holds_what_a_disk_holds(copies, store, tmp_path):
    small_archive(copies().root)
    local = small_archive(tmp_path / "local")
    found = {name for name in store.list() if not name.startswith((".cache/", ".cond"))}
    there = {
        path.relative_to(local.path).as_posix()
        for path in local.path.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    assert found == {name for name in there if not name.startswith(".cache/")}
    for name in found:
        assert store.get(name)[0] == (local.path / name).read_bytes(), name
    for name in store.list():  # as `aws s3 sync` brings it
        path = tmp_path / "synced" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(store.get(name)[0])
    assert validate(tmp_path / "synced").findings == ()


def test_delta_readers_read_the_bucket(copies, place, environ):
    small_archive(copies().root)
    names = ("AWS_ENDPOINT_URL", "AWS_ALLOW_HTTP", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    table = DeltaTable(
        f"{place}/data/documents", storage_options={name: environ[name] for name in names}
    )
    assert table.version() == 2
    assert len(table.file_uris()) == 2


def test_nothing_is_in_an_empty_place(copies):
    with pytest.raises(NoArchiveError):
        open_archive(copies().root)


def test_a_sound_archive_is_sound_and_the_event_is_kept(copies, store):
    small_archive(copies().root)
    first = check(copies(), clock=CLOCK, tool=TOOL)
    assert first.findings == ()
    assert (first.checked.documents, first.checked.parts) == (4, 3)
    again = check(copies(), clock=CLOCK, tool=TOOL)
    assert (again.findings, again.events) == ((), 1)
    assert len(store.get("fixity/events.jsonl")[0].splitlines()) == 2


@pytest.mark.parametrize("which", ["documents/parts", "quarantine/parts", "00001.json", "rulesets"])
def test_bytes_flipped_in_the_bucket_are_found(copies, store, which):
    small_archive(copies().root)
    name = next(name for name in sorted(store.list()) if which in name)
    data = bytearray(store.get(name)[0])
    data[len(data) // 2] ^= 1
    store.put(name, bytes(data))
    report = check(copies())
    assert not report.is_sound
    assert name in {item.where for item in report.findings if item.is_error}


@pytest.mark.parametrize("which", ["documents/parts", "00001.json", "rulesets", "manifest-"])
def test_what_went_from_the_bucket_is_missed(copies, store, which):
    small_archive(copies().root)
    name = next(name for name in sorted(store.list()) if which in name)
    store.delete([name])
    report = check(copies())
    assert name in {item.where for item in report.findings}


def test_damage_does_not_read_as_content(copies, store):
    small_archive(copies().root)
    for name in [name for name in store.list() if PART.fullmatch(name)]:
        data = bytearray(store.get(name)[0])
        data[100] ^= 1
        store.put(name, bytes(data))
    archive = open_archive(copies().root)
    with pytest.raises(DamageError):
        archive.latest()


def test_versions_checkpoints_and_summaries_go_along(copies, store):
    long_archive(copies().root, 11)
    names = store.list()
    assert "data/documents/_delta_log/00000000000000000010.checkpoint.parquet" in names
    assert any(name.startswith(".cache/documents-") for name in names)
    archive = open_archive(copies().root)
    assert len(archive.entries()) == 12
    commit(archive, [document("more", at=NOW + timedelta(days=2))], batch_id="more")
    report = check(copies())
    assert report.findings == ()
    assert report.head.version == 12


def test_one_document_takes_few_bytes_of_a_large_archive(copies, proxy):
    archive = create_archive(copies().root, NOW, tool=TOOL)
    rows = [document(f"d{number}", hard_to_pack(number)) for number in range(3)]
    for number, row in enumerate(rows):
        commit(archive, [row], batch_id=str(number))
    copy = copies()
    reader = open_archive(copy.root)
    proxy.calm()
    assert reader.ids() == ["d0", "d1", "d2"]
    assert reader.record("d1")["text"] == rows[1]["text"]
    brought = {path for path in copy.root.rglob("*.parquet") if PART.search(path.as_posix())}
    assert len(brought) == 3
    held = [copy._held[path.relative_to(copy.root).as_posix()] for path in brought]
    assert sum(item.bytes() for item in held) < sum(item.found.size for item in held)


def test_parts_that_were_read_go_again(copies):
    archive = create_archive(copies().root, NOW, tool=TOOL)
    for number in range(5):
        commit(archive, [document(f"d{number}", f"Text {number}. " * 900)], batch_id=str(number))
    copy = copies(limit=3_000)
    reader = open_archive(copy.root)
    for _ in range(2):
        assert [len(table) for table in reader.scan()] == [1] * 5
    held = [item.bytes() for key, item in copy._held.items() if PART.fullmatch(key)]
    assert sum(held) <= max(item.found.size for item in copy._held.values()) + 3_000
    assert check(copies(limit=3_000), threads=3).findings == ()


def test_kept_parts_are_not_brought_again(copies, proxy, tmp_path):
    small_archive(copies().root)
    one = open_archive(copies(kept=tmp_path / "kept").root)
    before = one.latest().to_pylist()
    copy = copies(kept=tmp_path / "kept")
    proxy.calm()
    assert open_archive(copy.root).latest().to_pylist() == before
    assert not [request for request in proxy.requests if "/parts/" in request.path]
    for path in (tmp_path / "kept").rglob("*.parquet"):
        path.write_bytes(b"something else")
    assert open_archive(copies(kept=tmp_path / "kept").root).latest().to_pylist() == before


def test_a_document_that_was_taken_down_is_nowhere_in_the_bucket(copies, store):
    small_archive(copies().root)
    removed = "Beta two.\n"
    before = {name for name in store.list() if PART.fullmatch(name)}
    archive = open_archive(copies().root)
    done = take_down(archive, ["b"], "court order 7", World(NOW, TOOL, "down"))
    assert done.sealed
    after = {name for name in store.list() if PART.fullmatch(name)}
    assert before - after, "the parts that held it are gone"
    assert open_archive(copies().root).ids() == ["a", "c"]
    for name in after:
        if "documents" in name:
            copy = copies()
            copy.need(copy.root / name, None)
            assert removed not in pq.read_table(copy.root / name)["text"].to_pylist()
    report = check(copies())
    assert report.findings == ()


def test_a_reader_goes_on_where_a_part_was_taken_down(copies):
    small_archive(copies().root)
    reader = open_archive(copies(limit=0).root)  # it keeps nothing of what it reads
    rows = reader.newest(["id", "text"])
    first = next(rows)
    take_down(open_archive(copies().root), ["c"], "asked to", World(NOW, TOOL, "down"))
    found = [*first["id"].to_pylist(), *(id_ for table in rows for id_ in table["id"].to_pylist())]
    assert sorted(found) == ["a", "b"]


def test_parts_that_no_version_names_are_told_and_reclaimed(copies, store):
    archive = small_archive(copies().root)
    elsewhere = copies()
    stray = next(iter(archive.parts()))[1]
    data = store.get(f"data/documents/{stray.path}")[0]
    data += b"PAR1"
    name = f"data/documents/parts/{sha256(data)[:2]}/{sha256(data)}.parquet"
    store.put(name, data)
    assert [item.code for item in check(copies()).findings if item.where == name] == ["W102"]
    # Somebody elsewhere may just be about to name it.
    careful = recover(copies().root, name="one", orphans=True)
    assert (careful.removed, careful.left) == ((), (name,))
    assert name in store.list()
    done = recover(elsewhere.root, name="two", orphans=True, alone=True)
    assert done.removed == (name,)
    assert name not in store.list()
    assert check(copies()).findings == ()


def test_recover_seals_a_bag_that_was_left_unsealed(copies, store):
    small_archive(copies().root)
    store.delete(["tagmanifest-sha256.txt", "manifest-sha256.txt"])
    done = recover(copies().root, name="one")
    assert done.sealed
    assert check(copies()).findings == ()


def test_recover_moves_a_torn_entry_aside(copies, store):
    small_archive(copies().root)
    torn = "data/documents/_delta_log/00000000000000000003.json"
    store.put(torn, b"")
    with pytest.raises(DamageError):
        open_archive(copies().root)
    done = recover(copies().root, name="one")
    assert list(done.aside) == [torn]
    names = store.list()
    assert torn not in names
    assert done.aside[torn] in names
    assert open_archive(copies().root).head().version == 2


def test_two_checks_at_once_leave_one_chain(copies, store):
    small_archive(copies().root)
    one, two = copies(), copies()
    assert check(one, clock=CLOCK, tool=TOOL).event
    report = check(two, clock=CLOCK, tool=TOOL)  # it sees the event of the first
    assert report.event
    assert check(copies()).events == 2


def test_objects_that_cannot_be_files_do_no_harm(copies, store):
    small_archive(copies().root)
    store.put("data/documents/parts/a b/c", b"")
    report = check(copies())
    assert {item.where for item in report.findings} == {"data/documents/parts/a b/c"}


def test_rejects_alone_make_a_version(copies):
    archive = create_archive(copies().root, NOW, tool=TOOL)
    commit(archive, (), [rejected("x")], batch_id="one")
    assert open_archive(copies().root).head().version == 1


def test_an_object_that_no_file_can_stand_for_is_told(copies):
    copy = copies()
    both = ("data/documents/parts/a", "data/documents/parts/a/b")  # S3 takes both, a disk one
    with pytest.raises(RemoteError, match="no file here can stand for it"):
        copy._show({name: Found("tag", 1, NOW) for name in both})


def test_columns_change_in_the_bucket(copies):
    create_archive(copies().root, NOW, tool=TOOL)
    upgrade(open_archive(copies().root), World(NOW, TOOL, "down"), to=1)
    done = upgrade(open_archive(copies().root), World(NOW, TOOL, "up"))
    assert (done.before, done.sealed) == (1, True)
    assert check(copies()).findings == ()


def once(wanted, act):
    """A rule for the proxy: act as the first request comes that is wanted."""
    met = []

    def rule(request):
        if wanted(request) and not met:
            met.append(request)
            act()
        return "pass"

    return rule


def test_a_check_that_another_overtakes_is_told_and_loses_nothing(copies, proxy):
    small_archive(copies().root)
    slow, quick = copies(), copies()
    proxy.rule = once(
        lambda request: request.method == "PUT" and "events" in request.key,
        lambda: check(quick, clock=CLOCK, tool=TOOL),
    )
    late = check(slow, clock=CLOCK, tool=TOOL)
    assert ([item.code for item in late.findings], late.event) == (["W105"], None)
    again = check(slow, clock=CLOCK, tool=TOOL)
    assert (again.findings, again.events) == ((), 1)
    assert check(copies()).events == 2


def test_a_bag_that_is_sealed_while_it_is_brought_is_brought_again(copies, proxy):
    small_archive(copies().root)
    archive = open_archive(copies().root)
    proxy.rule = once(
        lambda request: request.method == "GET" and request.key.endswith("bag-info.txt"),
        lambda: commit(archive, [document("late", at=NOW + timedelta(days=1))], batch_id="late"),
    )
    report = check(copies())
    assert (report.findings, report.head.version) == ((), 3)


def test_a_version_that_comes_during_a_check_is_no_damage(copies, proxy):
    small_archive(copies().root)
    copy = copies()
    archive = open_archive(copies().root)
    proxy.rule = once(
        lambda request: request.method == "GET" and "/parts/" in request.key,
        lambda: take_down(archive, ["b"], "asked to", World(NOW, TOOL, "down")),
    )
    report = check(copy, clock=CLOCK, tool=TOOL)
    assert report.findings == ()


def test_what_is_sealed_over_by_another_is_sealed_again(copies, proxy):
    small_archive(copies().root)
    slow, quick = open_archive(copies().root), open_archive(copies().root)
    later = NOW + timedelta(days=1)
    proxy.rule = once(
        lambda request: request.method == "PUT" and request.key.endswith("tagmanifest-sha256.txt"),
        lambda: commit(quick, [document("q", at=later)], batch_id="q", at=later),
    )
    done = commit(slow, [document("s", at=later)], batch_id="s", at=later)
    assert (done.head.version, done.sealed) == (3, True)
    report = check(copies())
    assert (report.findings, report.head.version) == ((), 4)
