"""Archives to damage, and ways to do it."""

import hashlib
import os
import shutil
from datetime import timedelta
from pathlib import Path
from unittest import mock

import archive_support as support
from archive_support import NOW, document, rejected

from archiver.archive.archive import create_archive
from archiver.archive.bag.bag import TAG_MANIFEST, read_manifest


class Refused(Exception):
    """A change that this file does not allow."""


def _small(path):
    return support.small_archive(path).path


def _long(path):
    return support.long_archive(path, 12).path


def _groups(path):
    """Parts of several row groups and pages, and a source kept in several pieces."""
    archive = create_archive(path, NOW, tool=support.TOOL)
    text = "".join(f"Word {number * 7919 % 10007}.\n" for number in range(300))
    with mock.patch("archiver.archive.write.stage.ROW_GROUP_BYTES", 16_384):
        rows = [document(f"g{number:02d}", f"{number} {text}") for number in range(12)]
        pieces = [b"ab" * 500, b"cd" * 500, b"ef" * 100]
        whole = b"".join(pieces)
        rejects = [
            rejected("big", piece, chunk=at, chunks=3, whole=whole)
            for at, piece in enumerate(pieces)
        ]
        support.commit(archive, rows, rejects, batch_id="run-1")
        later = NOW + timedelta(hours=1)
        rows = [
            document(f"g{number:02d}", f"{number} again\n{text}", revision=2, at=later)
            for number in range(0, 12, 3)
        ]
        support.commit(archive, rows, batch_id="run-2", at=later)
    return path


def _pages(path):
    """Received bytes kept beside the text, as for HTML; two rulesets."""
    archive = create_archive(path, NOW, tool=support.TOOL)
    for version in (1, 2, 3):
        rows = []
        for number in range(4):
            raw = f"<html><body><p>Page {number} {version}</p></body></html>".encode()
            rows.append(
                document(
                    f"p{number}",
                    f"Page {number} {version}\n",
                    revision=version,
                    raw=raw,
                    raw_sha256=hashlib.sha256(raw).hexdigest(),
                    media_type="text/html",
                    extractor="t 1",
                )
            )
        ruleset = f'{{"rules":[{version}]}}'.encode()
        for row in rows:
            row["ruleset"] = hashlib.sha256(ruleset).hexdigest()
        support.commit(archive, rows, batch_id=f"run-{version}", ruleset=ruleset)
    return path


ARCHIVES = {"groups": _groups, "long": _long, "pages": _pages, "small": _small}


def snapshot(root):
    """Path -> (kind, what it holds) of everything that is content."""
    found = {}
    for folder, folders, files in os.walk(root / "data"):
        for name in files + [item for item in folders if (Path(folder) / item).is_symlink()]:
            path = Path(folder) / name
            found[path.relative_to(root).as_posix()] = _state(path)
    for name in [*_tags(root), TAG_MANIFEST]:
        if os.path.lexists(root / name):
            found[name] = _state(root / name)
    return found


def _tags(root):
    try:
        known = set(read_manifest((root / TAG_MANIFEST).read_bytes()))
    except (OSError, ValueError):
        known = set()
    named = {"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "README.md", "croissant.json"}
    return sorted(known | {name for name in named if os.path.lexists(root / name)})


def _state(path):
    kind = "link" if path.is_symlink() else "file" if path.is_file() else "folder"
    try:
        return kind, path.read_bytes()
    except OSError:
        return kind, b""


def layer_of(path):
    """What kind of file a path is."""
    name = path.rpartition("/")[2]
    table = path.split("/")[1] if path.startswith("data/") else ""
    if "/parts/" in path:
        return f"{table} part"
    if name.endswith(".checkpoint.parquet"):
        return "checkpoint"
    if "/_delta_log/" in path:
        return "_last_checkpoint" if name == "_last_checkpoint" else f"{table} entry"
    return "ruleset" if table == "rulesets" else name


def _edit(change):
    """A change of a file's bytes."""

    def work(root, path, chance):
        data = bytearray((root / path).read_bytes())
        if not data:
            raise Refused
        (root / path).write_bytes(change(data, chance))

    return work


def _flip_bit(data, chance):
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return data


def _flip_bytes(data, chance):
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return data


def _block(data, chance):
    start = chance.randrange(len(data))
    end = min(start + chance.choice([16, 512, 4096]), len(data))
    data[start:end] = chance.choice([bytes, chance.randbytes])(end - start)
    return data


def _truncate(data, chance):
    return data[: chance.choice([chance.randrange(len(data)), len(data) - 1, 1])]


def _extend(data, chance):
    return data + chance.choice(
        [b"\0", b"\n", b" ", chance.randbytes(20), bytes(data), b"\0" * 4096]
    )


def _insert(data, chance):
    at = chance.randrange(len(data))
    return data[:at] + chance.randbytes(chance.randint(1, 9)) + data[at:]


def _remove(data, chance):
    at = chance.randrange(len(data))
    return data[:at] + data[at + chance.randint(1, 9) :]


def _lines(data, chance):
    """A line gone, twice, or in another place."""
    lines = bytes(data).splitlines(keepends=True)
    at = chance.randrange(len(lines))
    line = lines.pop(at)
    how = chance.choice(["gone", "twice", "moved"])
    if how == "twice":
        lines[at:at] = [line, line]
    elif how == "moved":
        lines.insert(chance.randint(0, len(lines)), line)
    return b"".join(lines)


def _digit(data, chance):
    """One digit of a text made another: a count or a digest that still looks like one."""
    places = [at for at, byte in enumerate(data) if byte in b"0123456789"]
    if not places:
        raise Refused
    data[chance.choice(places)] = chance.choice(b"0123456789")
    return data


def _delete(root, path, chance):
    (root / path).unlink()


def _delete_folder(root, path, chance):
    folder = (root / path).parent
    if folder == root:
        raise Refused
    shutil.rmtree(folder)


def _other(root, path, chance):
    names = sorted(item for item in snapshot(root) if item != path)
    near = [item for item in names if layer_of(item) == layer_of(path)]
    return chance.choice(near if near and chance.random() < 0.7 else names)


def _duplicate(root, path, chance):
    """A copy under a name that is free, or in place of another file."""
    if chance.random() < 0.5:
        shutil.copyfile(root / path, root / _other(root, path, chance))
        return
    shutil.copyfile(root / path, root / _free(root, path, chance))


def _rename(root, path, chance):
    (root / path).rename(root / _free(root, path, chance))


def _free(root, path, chance):
    folder, _, name = path.rpartition("/")
    if not folder:
        folder, name = "data", f"{name}.old"
    choices = [f"{name}.bak", f"{name} ", f"{chance.randrange(10**19):020d}.json", "x\ny", "\u00e9"]
    choices += [f"{chance.randbytes(32).hex()}.parquet", "_last_checkpoint.tmp", f".{name}"]
    if name[:20].isdecimal() and name.endswith(".json"):
        choices += [f"{int(name[:20]) + chance.choice([1, 2, 50]):020d}.json"] * 4
    free = [item for item in choices if not os.path.lexists(root / folder / item)]
    return f"{folder}/{chance.choice(free)}"


def _swap(root, path, chance):
    other = _other(root, path, chance)
    one, two = (root / path).read_bytes(), (root / other).read_bytes()
    (root / path).write_bytes(two)
    (root / other).write_bytes(one)


def _folder(root, path, chance):
    (root / path).unlink()
    (root / path).mkdir()
    if chance.random() < 0.5:
        (root / path / "x").write_bytes(b"x")


def _link(root, path, chance):
    """A link: to the same bytes elsewhere, to another file, to nothing, to itself."""
    elsewhere = root.parent / "elsewhere"
    elsewhere.write_bytes((root / path).read_bytes())
    target = chance.choice(
        [elsewhere, root / _other(root, path, chance), Path("gone"), root / path]
    )
    (root / path).unlink()
    try:
        (root / path).symlink_to(target)
    except OSError as problem:
        raise Refused from problem


def _link_folder(root, path, chance):
    """The folder of a file moved away, and a link left in its place."""
    folder = (root / path).parent
    if folder == root:
        raise Refused
    away = root.parent / "away"
    shutil.rmtree(away, ignore_errors=True)
    shutil.move(folder, away)
    try:
        folder.symlink_to(away, target_is_directory=True)
    except OSError as problem:
        raise Refused from problem


def _add(root, path, chance):
    data = chance.choice([b"", b"x", b"PAR1", b"{}\n", chance.randbytes(100)])
    (root / _free(root, path, chance)).write_bytes(data)


CHANGES = {
    "flip a bit": _edit(_flip_bit),
    "flip a bit again": _edit(_flip_bit),
    "flip bytes": _edit(_flip_bytes),
    "overwrite a block": _edit(_block),
    "truncate": _edit(_truncate),
    "extend": _edit(_extend),
    "insert": _edit(_insert),
    "cut out": _edit(_remove),
    "change lines": _edit(_lines),
    "change a digit": _edit(_digit),
    "empty": _edit(lambda data, chance: b""),
    "delete": _delete,
    "delete the folder": _delete_folder,
    "duplicate": _duplicate,
    "rename": _rename,
    "swap": _swap,
    "replace by a folder": _folder,
    "replace by a link": _link,
    "replace the folder by a link": _link_folder,
    "add a file": _add,
}
