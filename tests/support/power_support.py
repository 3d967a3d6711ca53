"""What a power cut may leave of a disk, by the record of what a run did to it.

The model is harsher than any file system in use: an ``fsync`` of a file puts its
bytes on the disk and no name of it; one of a folder puts its list of names there
and none of the bytes. All else that happened since is kept or lost piece by piece,
in any order: each name on its own, so that a rename may leave both names, or none.
"""

import json
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

#: What nobody reads once its run is dead: only that there is something matters.
UNREAD = re.compile(r"((?:^|.*/)\.staging/[^/]+/)(?!(?:alive|placed)$).*")

#: What may be left of bytes that were not synced.
DATA = ("lost", "torn", "zeros", "whole")


@dataclass(frozen=True)
class Cut:
    """The disk just before one operation.

    ``names``: (folder's inode, name) -> the inodes it stood for since the folder
    was synced, oldest first, None for none. ``files``: inode -> the digests of
    what it held since it was synced. ``passed``: how often each step was passed so far.
    """

    number: int
    op: str
    passed: Counter
    root: int
    names: dict
    files: dict
    folders: frozenset

    def pending(self):
        """The names that changed since their folder was synced."""
        return {key: values for key, values in self.names.items() if len(values) > 1}


@dataclass(frozen=True)
class State:
    """One disk that the cut may leave: path -> bytes, None for a folder."""

    cut: Cut
    label: str
    tree: dict

    @property
    def key(self):
        """Tells disks apart, but for what a run left that nobody reads."""
        return frozenset(
            (place, None if place != path else data)
            for path, data in self.tree.items()
            for place in [_read_place(path)]
        )

    def lay_out(self, folder):
        """Make the disk anew."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for path, data in sorted(self.tree.items()):
            if data is None:
                (folder / path).mkdir()
            else:
                (folder / path).write_bytes(data)


class Record:
    """The record of one run, as ``power_record`` made it."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self._blobs = {}
        self._made = {}

    def cuts(self):
        """One cut for each operation; the first picture is of a disk at rest."""
        names, files, folders, passed = {}, {}, set(), Counter()
        text = (self.folder / "events.jsonl").read_text("utf-8")
        for number, line in enumerate(text.splitlines()):
            event = json.loads(line)
            _sync(event["synced"], names, files)
            _add(event, names, files, folders, at_rest=not number)
            if event["op"].startswith("step "):
                passed[event["op"].removeprefix("step ")] += 1
            yield Cut(
                number,
                event["op"],
                passed.copy(),
                event["root"],
                {key: list(value) for key, value in names.items()},
                {key: list(value) for key, value in files.items()},
                frozenset(folders),
            )

    def states(self, cut, chance, *, drawn=6):
        """The worst that the cut may leave, and some of all else, drawn by chance; each once."""
        seen = set()
        for label, chosen, data in _choices(cut, chance, drawn):
            state = State(cut, label, self._tree(cut, chosen, data))
            if state.key not in seen:
                seen.add(state.key)
                yield state

    def state(self, op, label):
        """The disk of the first cut before ``op`` at which there is one of this label."""
        for cut in self.cuts():
            if cut.op == op:
                for found, chosen, data in _choices(cut, None, 0):
                    if found == label:
                        return State(cut, label, self._tree(cut, chosen, data))
        raise KeyError((op, label))

    def _tree(self, cut, chosen, data):
        tree = {}
        below = {}
        for (folder, name), values in cut.names.items():
            below.setdefault(folder, []).append((name, chosen((folder, name), values)))

        def walk(folder, path):
            for name, inode in below.get(folder, ()):
                if inode is None:
                    continue
                place = f"{path}{name}"
                if inode in cut.folders:
                    tree[place] = None
                    walk(inode, f"{place}/")
                else:
                    tree[place] = self._bytes(cut.files[inode], data(inode))

        walk(cut.root, "")
        return tree

    def _bytes(self, held, fate):
        key = held[0], held[-1], fate
        if key not in self._made:
            self._made[key] = self._make(held, fate)
        return self._made[key]

    def _make(self, held, fate):
        old, new = self._blob(held[0]), self._blob(held[-1])
        if fate == "lost":
            return old
        if fate == "whole" or old == new:
            return new
        kept = len(old) if new.startswith(old) else 0
        if fate == "zeros":
            return new[:kept] + bytes(len(new) - kept)
        return new[: kept + (len(new) - kept) // 2]

    def _blob(self, digest):
        if digest not in self._blobs:
            self._blobs[digest] = (self.folder / digest).read_bytes() if digest else b""
        return self._blobs[digest]


@cache
def _read_place(path):
    """The path itself, or the folder of what nobody reads."""
    return UNREAD.sub(r"\1", path)


def _sync(inode, names, files):
    if inode in files:
        files[inode] = files[inode][-1:]
    for key, values in names.items():
        if key[0] == inode:
            names[key] = values[-1:]


def _add(event, names, files, folders, *, at_rest):
    listed = {int(inode): items for inode, items in event["folders"].items()}
    folders.update(listed)
    for inode, items in listed.items():
        gone = {name for folder, name in names if folder == inode} - items.keys()
        for name, now in [*items.items(), *((name, None) for name in gone)]:
            values = names.setdefault((inode, name), [now] if at_rest else [None])
            if values[-1] != now:
                values.append(now)
    for inode, digest in event["files"].items():
        held = files.setdefault(int(inode), [digest] if at_rest else [""])
        if held[-1] != digest:
            held.append(digest)


def _choices(cut, chance, drawn):
    """Which names and bytes are kept: (label, value of a name, fate of an inode's bytes)."""
    yield "nothing kept", _oldest, _always("lost")
    for fate in DATA:
        yield f"all names kept, bytes {fate}", _newest, _always(fate)
    yield from _one_name(cut)
    for number in range(drawn):
        picks = {key: chance.choice(values) for key, values in sorted(cut.pending().items())}
        fates = {inode: chance.choice(DATA) for inode in sorted(cut.files)}
        yield f"drawn {number}", _from(picks), fates.__getitem__


def _one_name(cut):
    """Each change of a name kept alone, and each lost alone."""
    parents = _parents(cut)
    for key, values in sorted(cut.pending().items()):
        for value, fate in product(dict.fromkeys(values[1:]), ("lost", "torn", "whole")):
            kept, folder = {key: value}, key[0]
            while folder in parents:  # what is below a lost folder is lost with it
                kept.setdefault(parents[folder], folder)
                folder = parents[folder][0]
            label = f"only {key[1]} is {'kept' if value else 'gone'}, bytes {fate}"
            yield label, _from(kept, otherwise=0), _always(fate)
        for value, fate in product(dict.fromkeys(values[:-1]), ("lost", "whole")):
            label = f"all but {key[1]} {'kept' if value else 'lost'}, bytes {fate}"
            yield label, _from({key: value}), _always(fate)


def _parents(cut):
    """Folder's inode -> the name that leads to it; the newest if there were several."""
    return {
        inode: key for key, values in cut.names.items() for inode in values if inode in cut.folders
    }


def _oldest(_key, values):
    return values[0]


def _newest(_key, values):
    return values[-1]


def _from(picks, otherwise=-1):
    return lambda key, values: picks.get(key, values[otherwise])


def _always(fate):
    return lambda _inode: fate
