"""What others say of an archive: checks that several tests of other programs share."""

import shutil
import subprocess

import bagit
import pytest

MANIFESTS = ("manifest-sha256.txt", "tagmanifest-sha256.txt")

needs_sha256sum = pytest.mark.skipif(
    shutil.which("sha256sum") is None, reason="no sha256sum on this system"
)


def documents(archive):
    """The folder of the Delta table of documents."""
    return archive.path / "data/documents"


def check_bag(archive):
    """bagit-python finds nothing wrong, and reads the head that ours is at."""
    bag = bagit.Bag(str(archive.path))
    assert bag.validate()
    assert bag.info["Archiver-Head"] == str(archive.head())


def check_sha256sum(archive, manifest):
    """coreutils find every file that a manifest names, unchanged."""
    done = subprocess.run(
        ["sha256sum", "--strict", "-c", manifest],
        cwd=archive.path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    lines = (archive.path / manifest).read_text("utf-8").splitlines()
    assert done.stdout.count(": OK") == len(lines) > 1
