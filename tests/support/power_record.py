"""A record of what a run does to a disk: enough to say what a power cut would leave of it.

Before each change that Python makes (see ``crash_process.CHANGES``) and at each step
of the protocol a picture is taken: what every folder lists, what every file holds.
Writes by other code, as delta-rs and Arrow, show in the next picture; what they do
not sync themselves counts as not synced.

A line of ``events.jsonl`` is one picture: ``op``, what follows it; ``synced``, the
inode that the operation before put on the disk; ``folders``, inode -> name ->
inode; ``files``, inode -> digest of the bytes, which lie in a file of that name.
"""

import hashlib
import json
import os
import stat
from pathlib import Path


class Recorder:
    """Takes the pictures of one run."""

    def __init__(self, disk, out):
        self.disk, self.out = str(disk), Path(out)
        self.out.mkdir(parents=True)
        self.events = (self.out / "events.jsonl").open("w", encoding="utf-8")
        self.held = {}
        self.synced = None
        self.written = set()

    def look(self, op):
        """Take a picture."""
        folders, files = {}, {}
        self._folder(self.disk, folders, files)
        line = {
            "op": op,
            "synced": self.synced,
            "root": self._hold(self.disk),
            "folders": folders,
            "files": files,
        }
        self.synced = None
        self.events.write(json.dumps(line) + "\n")
        self.events.flush()

    def sync(self, handle):
        """Remember for the next picture what the disk now has."""
        self.synced = os.fstat(handle).st_ino

    def _folder(self, path, folders, files):
        number = self._hold(path)
        with os.scandir(path) as found:
            items = sorted(found, key=lambda item: item.name)
        folders[number] = {item.name: item.inode() for item in items}
        for item in items:
            if item.is_dir(follow_symlinks=False):
                self._folder(item.path, folders, files)
            else:
                files[item.inode()] = self._file(item.path)

    def _file(self, path):
        number = self._hold(path)
        assert stat.S_ISREG(os.fstat(self.held[number]).st_mode), path
        size = os.fstat(self.held[number]).st_size
        data = os.pread(self.held[number], size, 0)
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self.written:
            (self.out / digest).write_bytes(data)
            self.written.add(digest)
        return digest

    def _hold(self, path):
        """Keep a file open for good: its inode's number is then never given to another."""
        number = Path(path).lstat().st_ino
        if number not in self.held:
            self.held[number] = os.open(path, os.O_RDONLY)
        return number
