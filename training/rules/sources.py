"""The packages that packs are generated from: fetched by npm, at pinned versions.

Nothing of them is kept in the repository but the short strings in the packs.
"""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

#: Package, version, licence; npm checks the integrity of each archive.
PACKAGES = {
    "video.js": ("8.24.1", "Apache-2.0"),
    "shaka-player": ("5.2.12", "Apache-2.0"),
    "mediaelement": ("7.1.0", "MIT"),
    "bitmovin-player-ui": ("4.17.0", "MIT"),
    "media-chrome": ("4.19.4", "MIT"),
    "shariff": ("3.3.0", "MIT"),
    "klaro": ("0.7.22", "BSD-3-Clause"),
    "tarteaucitronjs": ("1.34.0", "MIT"),
    "material-icons": ("1.13.14", "Apache-2.0"),
    "@material-symbols/metadata": ("0.47.5", "Apache-2.0"),
}

_PAIR = re.compile(
    r"""^\s*(?:(["'])(?P<key>.+?)\1|(?P<word>\w+))\s*:\s*(["'])(?P<value>.*?)\4,?\s*$"""
)

#: Languages of the made-up kind: tests of layout, and Tolkien's.
_NO_LANGUAGE = {"ar-XB", "en-XA", "sjn"}


def fetch(name: str, folder: Path) -> Path:
    """The unpacked package, in a folder of its own below the one given."""
    version, _ = PACKAGES[name]
    target = folder / re.sub(r"\W+", "-", f"{name}-{version}").strip("-")
    if not target.is_dir():
        command = [
            "npm",
            "pack",
            "--silent",
            f"{name}@{version}",
            "--pack-destination",
            str(folder),
        ]
        packed = subprocess.run(command, check=True, capture_output=True, text=True)
        with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
            archive.extractall(target, filter="data")
    return target / "package"


def strings(name: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Every (key, text) of a package's translations, in no particular order."""
    root = fetch(name, folder)
    match name:
        case "video.js":
            yield from _json(root / "dist" / "lang")
        case "shaka-player":
            yield from _json(root / "ui" / "locales")
        case "bitmovin-player-ui":
            yield from _json(root / "src" / "ts" / "localization" / "languages")
        case "mediaelement":
            yield from _lines(root / "build" / "lang", "*.js")
        case "media-chrome":
            yield from _lines(root / "dist" / "lang", "*.js")
        case "tarteaucitronjs":
            yield from _lines(root / "lang", "*.js", without=".min.")
        case "shariff":
            yield from _lines(root / "src" / "js" / "services", "*.js")
        case "klaro":
            yield from _yaml(root / "src" / "translations")


def icons(folder: Path) -> set[str]:
    """The names of all Material icons and symbols."""
    found: set[str] = set()
    symbols = fetch("@material-symbols/metadata", folder) / "versions.json"
    found |= set(json.loads(symbols.read_text(encoding="utf-8")))
    data = fetch("material-icons", folder) / "_data" / "versions.json"
    found |= set(json.loads(data.read_text(encoding="utf-8")))
    return found


def _json(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.glob("*.json")):
        if path.stem not in _NO_LANGUAGE:
            table = json.loads(path.read_text(encoding="utf-8"))
            yield from ((key, text) for key, text in table.items() if isinstance(text, str))


def _lines(folder: Path, names: str, without: str = "\0") -> Iterator[tuple[str, str]]:
    for path in sorted(folder.glob(names)):
        if without in path.name:
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            if found := _PAIR.match(line):
                yield found["key"] or found["word"], found["value"].replace("\\'", "'")


def _yaml(folder: Path) -> Iterator[tuple[str, str]]:
    """The single-line values; no YAML parser is needed for those."""
    for path in sorted(folder.glob("*.yml")):
        for line in path.read_text(encoding="utf-8").splitlines():
            key, colon, value = line.strip().partition(":")
            if colon and value.strip():
                yield key, value.strip().strip("'\"")
