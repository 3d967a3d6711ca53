"""Damage at random, anywhere in an archive: what is missed, misnamed or lost?

    python tests/damage/fuzz.py --rounds 1000 --seed 1

What is content: each file below ``data/`` and each tag file that the tag
manifest names, and the tag manifest itself: its name, its being a plain file,
and every byte of it. A file that comes in below ``data/`` is a change too.

What is not, by design: ``.lock``, ``.staging/``, ``.damaged/`` (of no version),
``fixity/`` (grows between seals; its own chain is checked), other files beside
``data/`` (BagIt lets anybody put tag files there), empty folders, times and
rights of files.

A trial changes one thing. It is *missed* where `validate` has no finding;
*misnamed* where no finding names a file that changed, or one lacks its layer;
*unnamed* where a document that cannot be read any more is named by no finding;
*lost* where a document that is not hit cannot be read; *wrong* where a reader
gives other content than was archived; *raised* where anything but an error of
ours comes out.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from damage_support import ARCHIVES, CHANGES, Refused, layer_of, snapshot

from archiver.archive.archive import Archive, open_archive
from archiver.archive.checks.validate import validate
from archiver.archive.mend.salvage import salvage
from archiver.errors import ArchiverError, DamageError

#: Seconds that one validation may take here; it takes a tenth of one.
LIMIT = 20.0

FAULTS = ("missed", "misnamed", "unnamed", "lost", "wrong", "raised", "slow")


@dataclass
class Tally:
    """Trials and faults by layer, and how to see each fault again."""

    tried: Counter = field(default_factory=Counter)
    changes: Counter = field(default_factory=Counter)
    faults: Counter = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    records_read: int = 0

    def table(self) -> list[str]:
        head = f"{'layer':<22}{'tried':>7}" + "".join(f"{name:>10}" for name in FAULTS)
        lines = [head]
        for layer in sorted(self.tried):
            counts = "".join(f"{self.faults[layer, name]:>10}" for name in FAULTS)
            lines.append(f"{layer:<22}{self.tried[layer]:>7}{counts}")
        whole = (sum(self.faults[layer, name] for layer in self.tried) for name in FAULTS)
        lines.append(
            f"{'all':<22}{sum(self.tried.values()):>7}"
            + "".join(f"{number:>10}" for number in whole)
        )
        return lines


@dataclass
class Sound:
    """An archive before anything happened to it, and what it holds."""

    path: Path
    files: dict
    records: dict
    newest: dict
    parts: dict
    added: dict

    @classmethod
    def of(cls, path: Path) -> Sound:
        assert not [item for item in validate(path).findings if item.is_error]
        records, newest = {}, {}
        for table in salvage(Archive(path), None, print):
            for row in table.to_pylist():
                records[row["id"], row["revision"]] = row
                newest[row["id"]] = max(newest.get(row["id"], 0), row["revision"])
        parts = {
            f"data/documents/{part.path}": part for _, part in Archive(path).parts("documents")
        }
        added = {
            f"data/documents/_delta_log/{entry.version:020d}.json": entry.added
            for entry in Archive(path).entries()
        }
        return cls(path, snapshot(path), records, newest, parts, added)


def trial(sound: Sound, place: Path, seed: str, tally: Tally) -> None:
    """One change to a copy of an archive, and everything that must hold after it."""
    chance = random.Random(seed)  # noqa: S311 -- trials must repeat
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(sound.path, place, symlinks=True)
    layers = sorted({layer_of(path) for path in sound.files})
    layer = chance.choice(layers)
    path = chance.choice(sorted(name for name in sound.files if layer_of(name) == layer))
    name = chance.choice(sorted(CHANGES))
    try:
        CHANGES[name](place, path, chance)
    except Refused:
        return
    after = snapshot(place)
    changed = {
        item
        for item in sound.files.keys() | after.keys()
        if sound.files.get(item) != after.get(item)
    }
    if not changed:
        return
    tally.tried[layer] += 1
    tally.changes[name] += 1

    def fault(kind: str, words: object) -> None:
        tally.faults[layer, kind] += 1
        tally.told.append(f"{seed}: {kind}: {name} {path}: {words}"[:600])

    try:
        _judge(sound, place, changed, fault, tally)
    except ArchiverError as problem:
        fault("raised", repr(problem))
    except Exception as problem:  # noqa: BLE001 - that is what is looked for
        fault("raised", repr(problem))


def _judge(sound: Sound, place: Path, changed: set, fault, tally: Tally) -> None:
    begun = time.monotonic()
    findings = validate(place).findings
    if time.monotonic() - begun > LIMIT:
        fault("slow", f"{time.monotonic() - begun:.0f} s")
    if not findings:
        fault("missed", sorted(changed))
        return
    if not any(item.is_error for item in findings):
        kept = {item for item in changed if item in sound.files and (place / item).is_file()}
        same = {item for item in kept if sound.files[item][1] == (place / item).read_bytes()}
        gone = {item for item in changed if item in sound.files} - same
        if gone - {"tagmanifest-sha256.txt", "manifest-sha256.txt"}:  # these: not sealed, W101
            fault("missed", f"only warnings: {[(item.code, item.where) for item in findings]}")
    if any(not item.layer for item in findings):
        fault("misnamed", "a finding has no layer")
    unnamed = {item for item in changed if not _named(item, findings)}
    if unnamed:
        fault("misnamed", f"{sorted(unnamed)}: {[(item.code, item.where) for item in findings]}")
    lost = _salvage(sound, place, fault)
    for id_ in sorted({id_ for id_, _ in lost}):
        if not any(_names_document(sound, item, id_) for item in findings):
            fault("unnamed", f"{id_}: {[(item.code, item.where) for item in findings]}")
    _read(sound, place, {id_ for id_, _ in lost}, changed, fault, tally)


def _named(path: str, findings) -> bool:
    places = {item.where for item in findings}
    if path in places or any(path.startswith(f"{place}/") for place in places):
        return True
    if path.endswith("manifest-sha256.txt"):  # a wrong line is laid to the file it names
        return any(item.layer == "bag" for item in findings)
    if "/" not in path and ("E115", "tagmanifest-sha256.txt") in {
        (item.code, item.where) for item in findings
    }:  # nothing else covers the tag files
        return True
    if path.endswith(".json") and "_delta_log/" in path:  # a break is laid to the later entry
        folder, _, name = path.rpartition("/")
        if name[:20].isdecimal():
            return f"{folder}/{int(name[:20]) + 1:020d}.json" in places
    if path.startswith("data/documents/_delta_log/"):
        return any(item.code == "E116" and "documents" in item.where for item in findings)
    return False


def _names_document(sound: Sound, item, id_: str) -> bool:
    """In the list, or by the part that a finding names as a whole: the log keeps marks of ids."""
    if id_ in item.documents:
        return True
    if item.code in {"E102", "E103"} and item.where in sound.added:
        return any(part.may_hold(id_) for part in sound.added[item.where])
    part = sound.parts.get(item.where)
    return "log promised" in item.message and part is not None and part.may_hold(id_)


def _salvage(sound: Sound, place: Path, fault) -> set:
    """What cannot be read any more; each row that can be must be a true one."""
    lost = set(sound.records)
    told = []
    for table in salvage(Archive(place), None, told.append):
        for row in table.to_pylist():
            key = row["id"], row["revision"]
            if sound.records.get(key) != row:
                fault("wrong", f"salvage gave another {key}")
            lost.discard(key)
    if lost and not told:
        fault("unnamed", f"salvage left out {sorted(lost)} without a word")
    return lost


def _read(  # noqa: C901, PLR0917 -- one thing after the other
    sound: Sound, place: Path, hit: set, changed: set, fault, tally: Tally
) -> None:
    """`show` and `restore` of documents not hit, where the log is whole."""
    log_hit = any("_delta_log/" in item and item.endswith(".json") for item in changed)
    log_hit = log_hit or any(not (place / item).parent.is_dir() for item in changed)
    try:
        archive = open_archive(place)
        archive.entries()
    except DamageError:
        if not log_hit:
            fault("lost", "the archive cannot be opened")
        return
    chance = random.Random(len(hit))  # noqa: S311
    for id_, revision in chance.sample(sorted(sound.newest.items()), min(4, len(sound.newest))):
        try:
            record = archive.record(id_)
        except DamageError:
            record = None
            if id_ in hit or log_hit:
                continue
        if record is None:
            try:  # a lost part may hold a newer one: then the revision must be asked for
                record = archive.record(id_, revision=revision)
            except DamageError:
                record = None
        if record is None:
            if id_ not in hit and not log_hit:
                fault("lost", f"{id_} revision {revision} cannot be shown")
        elif record != sound.records[id_, record["revision"]]:
            fault("wrong", f"{id_} is shown otherwise")
        elif record["revision"] < revision and not log_hit:
            fault("wrong", f"{id_}: revision {record['revision']} is shown as the newest")
        else:
            tally.records_read += 1


def run(rounds: int, seed: str, names=None, work: Path | None = None) -> Tally:
    """As many trials as asked for, over all archives in turn."""
    tally = Tally()
    with tempfile.TemporaryDirectory(dir=work) as folder:
        sounds = [
            Sound.of(ARCHIVES[name](Path(folder) / name)) for name in (names or sorted(ARCHIVES))
        ]
        number = 0
        while sum(tally.tried.values()) < rounds:
            number += 1
            trial(sounds[number % len(sounds)], Path(folder) / "damaged", f"{seed}-{number}", tally)
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--again", metavar="SEED-NUMBER", help="One trial, as a fault names it.")
    parser.add_argument("--archives", nargs="*", choices=sorted(ARCHIVES))
    given = parser.parse_args()
    begun = time.monotonic()
    if given.again:
        number = given.again.rpartition("-")[2]
        names = given.archives or sorted(ARCHIVES)
        tally = Tally()
        with tempfile.TemporaryDirectory() as folder:
            name = names[int(number) % len(names)]
            sound = Sound.of(ARCHIVES[name](Path(folder) / name))
            trial(sound, Path(folder) / "damaged", given.again, tally)
    else:
        tally = run(given.rounds, given.seed, given.archives)
    print("\n".join(tally.table()))
    print(
        "by change:",
        ", ".join(f"{name} {number}" for name, number in sorted(tally.changes.items())),
    )
    print(f"{tally.records_read} records read back; {time.monotonic() - begun:.0f} s")
    try:
        import resource
    except ImportError:  # Windows
        pass
    else:
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    print("\n".join(tally.told[:50]))
    return min(len(tally.told), 1)


if __name__ == "__main__":
    sys.exit(main())
