"""The map of the repository: INDEX.md, from what each file says of itself."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]

#: What the map of the repository says of a file or folder that does not say it itself.
SAID = {
    ".ci/": "what must hold before a change is taken",
    ".ci/run": "every check, from a fresh clone, in one command",
    ".gitattributes": "seeds and cases are kept byte for byte",
    ".gitignore": "what a run, a build or a test leaves",
    "CHANGELOG.md": "changes that a user sees, newest first",
    "CONTRIBUTING.md": "set up, checks, house rules, release",
    "INDEX.md": "this map",
    "LICENSE": "Apache-2.0",
    "NOTICE": "what the licence covers, and what it does not",
    "README.md": "what it is, the first commands, a tour, guarantees and limits",
    "SECURITY.md": "how to report a weakness, what is held to be hostile",
    "archiver.toml": "the settings of this checkout",
    "archiver/": "the package; upper floors first in `pyproject.toml`, under `importlinter`",
    "archiver/archive/": "the archive on disk: schema, parts, log, bag, reading, validation",
    "archiver/cli/": "the command line, one file a command; the only floor that knows the screen",
    "archiver/cli/schedules/": "units of systemd, cron, Kubernetes and GitHub that validate",
    "archiver/cli/schedules/templates/": "the units, with places for values",
    "archiver/ingest/": "one run of the main job, told as events",
    "archiver/model/": "the learned line classifier: features, weights, scoring",
    "training/windows.jsonl": "stretches of pages read line by line, a label a line",
    "archiver/model/text.npz": "the line model's weights for what a text is, from `training/`",
    "archiver/model/worth.npz": "the line model's weights for what an archive keeps",
    "archiver/page/": "a web page as lines, and the choice among them",
    "archiver/page/trees.npz": "the trees that choose; `training/` makes them",
    "archiver/py.typed": "tells type checkers that the package is typed",
    "archiver/readers/": "sources from files, provenance from `INDEX.md`",
    "archiver/report/page/": "the page: a template, a style sheet, and its scripts in parts",
    "archiver/rules/": "rules as data: the model, loading, matching",
    "archiver/rules/builtin/": "the rule packs that ship, one file a family",
    "archiver/text/": "pure work on text: decode, extract, repair, lines",
    "archiver/text/language.npz": "byte n-grams and what they say of languages, from `training/`",
    "benchmarks/": "what it costs, measured",
    "benchmarks/adapters/": "other programs, each run by the Python of its own environment",
    "benchmarks/floors.json": "figures of quality that may only rise, and digests of the sets",
    "docs/": "tutorial, how-to, reference, explanation",
    ".github/": "tests on Linux, macOS and Windows with each Python; forms for issues",
    ".dockerignore": "only what the package is built from goes into the image",
    ".pre-commit-config.yaml": "checks before each commit, by programs of the set-up",
    "CITATION.cff": "how to cite it",
    "Dockerfile": "an image that runs the command, not as root",
    "docs/finding_causes.toml": "what brings each finding about, for the reference",
    "docs/pictures/": "pictures drawn here, legible in light and dark, each with its words",
    "docs/reference/rules/": "the rules that ship, a page a family",
    "docs/project/": "pages of the repository that the site shows too",
    "docs/project/changes.md": "takes in `CHANGELOG.md`",
    "docs/project/contributing.md": "takes in `CONTRIBUTING.md`",
    "docs/project/security.md": "takes in `SECURITY.md`",
    "docs/site/": "what the documentation site needs beside its pages",
    "docs/site/pictures.css": "how the site shows pictures",
    "packaging/": "how releases are built and tried",
    "packaging/man/": "man pages of every command, a part of the wheel",
    "tests/packaging/": "wheel, sdist, man pages: what is in them, and the same twice",
    "docs/explanation/": "why it is made this way, and its limits",
    "docs/explanation/benchmarks-speed.svg": "the costs of that page as bars",
    "docs/how-to/": "one task a page",
    "docs/ops/": "what a monitoring system reads",
    "docs/ops/archiver-dashboard.json": "a dashboard for Grafana; its names are held by a test",
    "docs/ops/archiver-alerts.yml": "alert rules for Prometheus; `promtool` tests them",
    "docs/reference/": "every command, column, code and word",
    "docs/tutorial/": "a first archive, step by step",
    "output/": "where `archiver ingest` writes; nothing in it is kept",
    "output/README.md": "says so",
    "pyproject.toml": "the package, its dependencies, and the settings of every check",
    "requirements.lock": "the exact versions, with digests, that the checks run with",
    "schemas/": "the schema of a record, versioned, generated from the code",
    "seeds/": "four scraped pages as received, byte for byte, and their index",
    "seeds/INDEX.md": "provenance of the seeds; what `archiver ingest` reads beside them",
    "training/": "how the line model and the generated rule packs are made",
    "training/rules/": "rule packs from the strings of players, share bars and consent tools",
    "training/rules/digests.json": "digests of the generated packs",
    "docs/licenses/": "licences of what the rule packs were generated from",
    "tests/": "the tests; the folders say which kind",
    "tests/cases/": "cases as data: raw text, clean text, rules",
    "tests/crash/": "killed, torn, full: what a commit survives",
    "tests/damage/": "one way of breaking an archive for each finding",
    "tests/docs/": "every command documented, every example run, every page up to date",
    "tests/golden/": "outputs compared with files",
    "tests/interop/": "other programs read what was written",
    "tests/laws/": "properties that hold for any input",
    "tests/support/": "what several tests share",
    "tests/unit/": "mirrors `archiver/`, one file a module",
}
#: Folders that are not opened: what their files hold is said by the folder and their names.
CLOSED = frozenset(
    {".github/", "archiver/cli/schedules/templates/", "archiver/rules/builtin/", "docs/pictures/"}
    | {"archiver/report/page/"}
    | {"docs/site/", "packaging/man/", "schemas/", "seeds/"}
)
#: Not part of the repository: environments, builds, caches, what editors leave.
FOREIGN = re.compile(
    r"\.(?!ci/|dockerignore|github/|gitattributes|gitignore|pre-commit-config)"
    r"|build/|dist/|tour/|.*__pycache__/|.*\.egg-info/|.*\.pyc"
)


def tree(folder: Path = ROOT) -> list[str]:
    """Every file and folder (with a slash) of the repository, sorted; of output/ its README."""
    found: list[str] = []
    for entry in sorted(folder.iterdir(), key=lambda path: path.name):
        name = entry.relative_to(ROOT).as_posix() + ("/" if entry.is_dir() else "")
        if FOREIGN.match(name) or (folder == ROOT / "output" and name != "output/README.md"):
            continue
        below = tree(entry) if entry.is_dir() else []
        if below or not entry.is_dir():
            found += [name, *below]
    return found


def says(name: str) -> str:
    """What a file says of itself: the first line of its docstring, title or heading."""
    if name in SAID:
        return SAID[name]
    path = ROOT / name
    if name.endswith("/"):
        path = path / "__init__.py"  # a package says itself what it is
    told, text = "", path.read_text(encoding="utf-8") if path.is_file() else ""
    if path.suffix == ".py":
        told = ast.get_docstring(ast.parse(text)) or ""
    elif path.suffix == ".md":
        told = re.sub(r"\A(?:<!--.*-->\s*)?# ", "", text)
    if not told:
        raise SystemExit(f"docs/repository_map.py: SAID does not say what {name} is")
    return told.splitlines()[0].rstrip(".")


def is_shown(name: str) -> bool:
    """Tests are shown by folder, closed folders without what is in them."""
    if name.startswith("tests/") and name.rstrip("/").count("/") > 1:
        return False
    folder, _, file = name.rpartition("/")
    if file == "__init__.py" and f"{folder}/" not in SAID:
        return False  # the folder's line says it
    return name in SAID or not any(name != shut and name.startswith(shut) for shut in CLOSED)


def index() -> str:
    """INDEX.md."""
    lines = [
        "# Map of the repository",
        "",
        "A line for each file or folder; tests by folder. Written by `docs/generate.py`; a test",
        "compares it with the tree.",
        "",
    ]
    names = {*tree(), "INDEX.md"}  # also before it is written for the first time
    for name in sorted(filter(is_shown, names), key=lambda name: name.rstrip("/").split("/")):
        depth = name.rstrip("/").count("/")
        short = name.rstrip("/").rsplit("/", 1)[-1] + ("/" if name.endswith("/") else "")
        lines.append(f"{'  ' * depth}- [`{short}`]({name}): {says(name)}")
    return "\n".join(lines) + "\n"
