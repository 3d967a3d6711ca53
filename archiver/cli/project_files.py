"""The files of a new project, as ``archiver init`` lays them out. Pure."""

from __future__ import annotations

#: Names that ``archiver ingest`` and ``archiver rules new`` take by the settings below.
SEEDS, RULES, ARCHIVE = "seeds", "my-rules", "output/archive"

_SETTINGS = f"""\
# Settings of this folder. An option of the command line beats them, and so does the
# environment: ARCHIVER_PROFILE=strict. `archiver doctor` tells what is wrong with them.

archive = "{ARCHIVE}"
sources = ["{SEEDS}"]

# How much goes: safe (rules that are sure), standard (and the line model), strict.
profile = "standard"

# Rules of your own; `archiver rules new` makes one from an example line.
rules = "{RULES}"

# Keep out what seeds/INDEX.md does not list.
# require_index = true

# What the archive says of itself, in bag-info.txt and croissant.json.
# organization = "Harbour Library"
# contact_email = "archive@harbour.example"
# description = "News of the harbour since 1998"
"""

_PACK = """\
schema = "archiver-rules/1"

# Rules of your own. `archiver rules new` adds to them; `archiver rules check my-rules` holds each
# to its own examples, and `archiver rules test my-rules` shows what they change. This is one:
#
# [[rule]]
# id = "newsletter.harbour-times"
# action = "drop"
# literals = ["Get the Harbour Times in your inbox every morning."]
# why = "The Harbour Times invites to its newsletter inside every article."
# seen = "harbour.example, May 2026"
# removes = ["Get the Harbour Times in your inbox every morning."]
# keeps = ["Get the Harbour Times in your inbox every morning: so the advertisement of 1998."]
"""

_IGNORED = """\
# The archive is kept elsewhere: it is written by `archiver ingest`, and may grow large.
output/
"""

_README = f"""\
# An archive

`{SEEDS}/` holds texts as received, and `{SEEDS}/INDEX.md` says where they are from. `archiver
ingest` cleans them into `{ARCHIVE}/`; every removal is recorded there and can be undone.

```sh
archiver index update {SEEDS}   # take the digests of new files; then say where they are from
archiver ingest                # clean what is new
archiver validate              # prove that every byte is still right
archiver rules new             # make a rule from a line that should go
archiver doctor                # tell what is wrong here, if anything
```

- `archiver.toml`: the settings
- `{RULES}/`: rules of our own
- `units/`: a timer that validates the archive on this machine, to be installed
- `.github/workflows/archiver.yml`: the same on GitHub, for every change
"""

#: The example stands in the front matter, where the table's reader sees a remark.
_INDEX_HEAD = """\
---
schema: archiver-index/1
# What is true of every row may stand here once:
# source: Harbour Times
# license: CC-BY-4.0
# language: en
#
# A row for seeds/frozen.txt. What is not known stays empty: never guess.
# | frozen.txt | frozen | | https://harbour.example/frozen | Harbour frozen | Harbour Times | 2026-01-31 | | en | | | |
---
"""  # noqa: E501 -- a row of a table is one line

_COLUMNS = (
    "file", "id", "sha256", "url", "title", "source", "date", "fetched_at", "language", "license",
    "encoding", "note",
)  # fmt: skip

_WORKFLOW = """\
# Checks the sources and their index, archives them, and validates the archive.
# Written by `archiver init`.
name: archiver
on:
  push: {}
  pull_request: {}
  workflow_dispatch: {}
permissions:
  contents: read
jobs:
  archive:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    steps:
      - uses: actions/checkout@v5
        with: {lfs: true, persist-credentials: false}
      - uses: actions/setup-python@v6
        with: {python-version: "3.13"}
      - run: python -m pip install archiver-toolkit==@VERSION@
      - run: archiver rules check @RULES@
      - run: archiver index check @SEEDS@
      - name: Archive what is there
        shell: bash
        run: |
          # Status 3: done, and some documents are in quarantine, each with its reason.
          archiver ingest || [ $? = 3 ]
      - run: archiver validate
      - uses: actions/upload-artifact@v4
        with: {name: archive, path: @ARCHIVE@}
"""


def project_files(version: str, *, workflow: bool) -> dict[str, str]:
    """Paths below the project's folder, with slashes, and what each file says.

    version: of archiver, which the workflow installs.
    """
    row = f"| {' | '.join(_COLUMNS)} |\n|{'---|' * len(_COLUMNS)}\n"
    files = {
        ".gitignore": _IGNORED,
        "README.md": _README,
        "archiver.toml": _SETTINGS,
        f"{RULES}/own.toml": _PACK,
        f"{SEEDS}/INDEX.md": f"{_INDEX_HEAD}\n{row}",
    }
    if workflow:
        text = _WORKFLOW
        places = {"VERSION": version, "RULES": RULES, "SEEDS": SEEDS, "ARCHIVE": ARCHIVE}
        for name, value in places.items():
            text = text.replace(f"@{name}@", value)
        files[".github/workflows/archiver.yml"] = text
    return files
