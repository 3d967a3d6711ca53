"""Build the wheel and the source archive twice, and compare and check them.

    python packaging/release.py            into dist/
    python packaging/release.py FOLDER     into another folder

The second build is from a copy of the tree in another place, with other dates and permissions:
the same sources must give the same bytes. Then it is looked at what is in the files, and what is
not. Needs hatchling; `pip install -e '.[dev]'` has it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

ROOT = Path(__file__).parents[1]

#: What lies in a checkout and is no part of a release.
LEFT_OUT = (".git", ".venv*", "*_cache", ".hypothesis", "__pycache__", "build", "dist")
#: No file of a release may be one of these.
FOREIGN = re.compile(r"(^|/)(\.git/|\.venv|__pycache__/|build/|dist/|output/archive)|\.pyc$|~$")
#: The licences that go with every copy, also of what the program brings from others.
LICENCES = (
    "LICENSE",
    "NOTICE",
    "docs/licenses/interface-strings.md",
    "docs/licenses/language-model.md",
)
#: What the source archive must hold beside the package, to build and to test it.
SOURCES = (
    "pyproject.toml",
    "README.md",
    "requirements.lock",
    "tests/",
    "docs/",
    "schemas/",
    "seeds/",
)


def release_moment(root: Path = ROOT) -> int:
    """Seconds since 1970 of the day that CHANGELOG.md gives the version.

    Raises: SystemExit where it gives none.
    """
    version = re.search(
        r'__version__ = "([^"]+)"', (root / "archiver/__init__.py").read_text("utf-8")
    )
    changes = (root / "CHANGELOG.md").read_text("utf-8")
    found = version and re.search(
        rf"^## \[{re.escape(version[1])}\] - (\S+)$", changes, re.MULTILINE
    )
    if not found:
        raise SystemExit("CHANGELOG.md has no dated heading for the version")
    return int(datetime.fromisoformat(found[1]).replace(tzinfo=UTC).timestamp())


def build(root: Path, folder: Path) -> list[Path]:
    """Wheel and source archive of a tree. Raises: SystemExit where the build fails."""
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-t",
        "sdist",
        "-d",
        str(folder),
    ]
    moment = {"SOURCE_DATE_EPOCH": str(release_moment(root))}
    done = subprocess.run(
        command, cwd=root, env={**os.environ, **moment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"the build failed:\n{done.stdout}{done.stderr}")
    return sorted(folder.glob("*.whl")) + sorted(folder.glob("*.tar.gz"))


def copied(root: Path, folder: Path) -> Path:
    """A copy of the tree with other dates and permissions."""
    there = folder / "elsewhere"
    shutil.copytree(
        root, there, ignore=shutil.ignore_patterns(*LEFT_OUT), copy_function=shutil.copy
    )
    for path in there.rglob("*"):
        if path.is_file():
            others = 0o600 if path.suffix == ".py" else 0o664
            path.chmod(0o775 if path.stat().st_mode & 0o100 else others)
            os.utime(path, (1_000_000_000, 1_000_000_000))
    return there


def problems(wheel: Path, sdist: Path, root: Path = ROOT) -> Iterator[str]:
    """What is wrong with the contents, a line each; none where all is well."""
    package = {
        path.relative_to(root).as_posix()
        for path in (root / "archiver").rglob("*")
        if path.is_file() and not FOREIGN.search(path.relative_to(root).as_posix())
    }
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        (facts,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(opened.read(facts))
    info = facts.removesuffix("/METADATA")
    man = {f"{info.removesuffix('.dist-info')}.data/data/share/man/man1/{path.name}"
           for path in (root / "packaging/man").glob("*.1")}  # fmt: skip
    wanted = package | {f"{info}/licenses/{name}" for name in LICENCES} | man
    allowed = wanted | {
        f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")
    }
    yield from (f"wheel: lacks {name}" for name in sorted(wanted - names))
    yield from (f"wheel: holds {name}" for name in sorted(names - allowed))
    if metadata["Version"] not in wheel.name or metadata.get("Requires-Python") is None:
        yield "wheel: its metadata lack a version or the versions of Python"
    with tarfile.open(sdist) as packed:
        inside = {name.partition("/")[2] for name in packed.getnames()}
    yield from (
        f"sdist: lacks {name}" for name in sorted(package | set(LICENCES)) if name not in inside
    )
    for name in SOURCES:
        if not any(held == name or held.startswith(name) for held in inside):
            yield f"sdist: lacks {name}"
    yield from (f"sdist: holds {name}" for name in sorted(inside) if FOREIGN.search(name))


def digest(path: Path) -> str:
    """The sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(words: list[str]) -> int:
    """Build twice, compare, check, and print the digests."""
    if len(words) > 1 or any(word.startswith("-") for word in words):
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(words[0] if words else ROOT / "dist").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        print(f"{folder} is not empty", file=sys.stderr)
        return 2
    first = build(ROOT, folder)
    with tempfile.TemporaryDirectory() as scratch:
        there = copied(ROOT, Path(scratch))
        second = build(there, Path(scratch) / "dist")
        found = [
            f"{one.name}: two builds differ"
            for one, other in zip(first, second, strict=True)
            if digest(one) != digest(other)
        ]
    found += problems(*first)
    print("\n".join(found), end="\n" if found else "")
    for path in first:
        print(f"{digest(path)}  {path.name}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
