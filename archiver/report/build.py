"""The page: one file that needs nothing else, written piece by piece.

A policy in its head (Content-Security-Policy) lets one script and one style run, known by
their digests, and nothing be fetched; scripts may not write markup (trusted types). All
data are base64 of gzipped JSON in script elements that no browser runs.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING

from archiver.digest import sha256_text
from archiver.errors import InputError
from archiver.report import charts
from archiver.report.corpus import SHOWN, Corpus
from archiver.report.family import family_of, mark_of, style_of
from archiver.report.payload import document, dumped, listing, packed, packets
from archiver.report.ranked import Tally, chosen, ranked
from archiver.report.trial import Trial
from archiver.rules.rule import FAMILIES, Ruleset

if TYPE_CHECKING:
    from jinja2 import Template

#: What the page says made it; files that do not say so are not written over.
GENERATOR = "archiver report"

#: Characters of text that a page holds, unless it is told otherwise: some 25 MB of page.
ROOM = 64_000_000

#: A longer text is not held: a browser would take seconds to lay it out.
LONGEST = 2_000_000

#: Rules listed in the overview.
MOST_RULES = 300

_SCRIPTS = ("base", "data", "pack", "decided", "list", "lines", "pane", "why", "start")

#: Stands in the template's output where the data go; hostile text cannot hold it, since
#: there every ``<`` is escaped.
_HERE = "<!--data-->"

KEYS = (
    ("/", "search"),
    ("j k", "next, previous document"),
    ("n p", "next, previous change in the document"),
    ("↑ ↓", "from line to line, once a line has the focus"),
    ("w", "mark the line as wrongly removed"),
    ("m", "mark the line as missed"),
    ("u", "take the mark back"),
    ("1 2 3 4", "everything, only changes, after, before"),
    ("d", "the decisions"),
    ("t", "light, dark or the system's theme"),
    ("Esc", "back to the list"),
    ("?", "this help"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """What was written: documents, those whose text is in the page, edits."""

    documents: int
    held: int
    edits: int


def require_jinja() -> None:
    """Raises: InputError where the extra ``report`` is not installed."""
    try:
        import jinja2  # noqa: F401
    except ImportError as error:
        raise InputError(
            "a report needs Jinja2, which is not installed",
            hint="Run `pip install 'archiver-toolkit[report]'`; `archiver review` works without.",
        ) from error


class Page:
    """A report on a corpus: counted when it is made, written piece by piece."""

    def __init__(self, corpus: Corpus, known: Ruleset, *, room: int = ROOM) -> None:
        """known: the rules that decisions must hold beside. room: characters of text held.

        Raises: DamageError. Cost: reads all documents once, and those held once more.
        """
        self.corpus, self.known = corpus, known
        self.listed, self.tally = ranked(corpus)
        self.places = {item.id: place for place, item in enumerate(self.listed)}
        self.held = {item.id for item in chosen(self.listed, room, LONGEST)}
        steps = corpus.steps()
        rules = {*self.tally.rules, *(rule for step in steps for rule in step.dropped)}
        self.rules = sorted(rules)
        self.families = sorted({family_of(rule) for rule in rules})
        self.columns = charts.columns(steps, self.families)
        self.reasons = dict.fromkeys(rules, "") | corpus.reasons(self.tally.rulesets)

    def report(self) -> Report:
        """What the page holds."""
        return Report(len(self.listed), len(self.held), self.tally.edits)

    def pieces(self, made: datetime, tool: str) -> Iterator[str]:
        """The page's text in order. made: the moment it bears. tool: name and version.

        Raises: DamageError where a document's edits do not fit its text. Memory: a
        packet, a part, and the list.
        """
        head, tail = self._frame(made, tool)
        yield head
        where: list[list[int]] = []
        for places, text in packets(self._documents()):
            yield f'<script type="application/octet-stream" id="p{len(where)}">{text}</script>\n'
            where.append(places)
        text = packed(dumped(self._index(where)))
        yield f'<script type="application/octet-stream" id="index">{text}</script>'
        yield tail

    def _documents(self) -> Iterator[tuple[int, dict[str, object]]]:
        trial = Trial(self.known)
        numbers = {rule: place for place, rule in enumerate(self.rules)}
        for row in self.corpus.rows(SHOWN) if self.held else ():
            if row["id"] in self.held:
                yield self.places[row["id"]], document(row, numbers, trial)

    def _index(self, where: Sequence[Sequence[int]]) -> dict[str, object]:
        about = self.corpus.about()
        listed = listing(self.listed, self.families)
        return {
            "name": about.get("head") or sha256_text(dumped(listed)),
            "archive": self.corpus.name if self.corpus.is_archive else "",
            "held": len(self.held),
            "families": [{"name": name, "mark": mark_of(name)} for name in self.families],
            "rules": [
                {"id": rule, "why": self.reasons[rule], "family": self._family(rule)}
                for rule in self.rules
            ],
            "packets": where,
            "list": listed,
        }

    def _family(self, rule: str) -> int:
        return self.families.index(family_of(rule))

    def _frame(self, made: datetime, tool: str) -> tuple[str, str]:
        """The page before and behind its data."""
        from markupsafe import Markup

        style = _resource("page.css") + style_of(self.families)
        script = "(() => {\n" + "\n".join(_resource(f"{name}.js") for name in _SCRIPTS) + "})();\n"
        about = "".join(f", {name} {value}" for name, value in self.corpus.about().items())
        text = _template().render(
            policy=_policy(script, style),
            generator=GENERATOR,
            name=self.corpus.name,
            style=Markup(style),  # noqa: S704 -- ours
            script=Markup(script),  # noqa: S704 -- ours
            data=Markup(_HERE),  # noqa: S704 -- ours
            made=f"Made by {tool} on {made.astimezone(UTC):%Y-%m-%d %H:%M UTC}{about}.",
            total=len(self.listed),
            held=len(self.held),
            known_families=sorted(FAMILIES.items()),
            keys=KEYS,
            families=[{"name": name, "mark": mark_of(name)} for name in self.families],
            width=charts.WIDTH,
            height=charts.HEIGHT,
            tiles=self._tiles(self.tally),
            columns=self.columns,
            family_chars=charts.family_bars(self.tally.characters, self.families),
            shares=charts.share_bars(self.tally.shares),
            sources=charts.bars(self.tally.sources),
            languages=charts.bars(self.tally.languages),
            rules=[
                {
                    "id": rule,
                    "edits": edits,
                    "documents": self.tally.documents[rule],
                    "why": self.reasons[rule],
                    "family": self._family(rule),
                }
                for rule, edits in self.tally.rules.most_common(MOST_RULES)
            ],
        )
        head, _, tail = text.partition(_HERE)
        return head, tail

    def _tiles(self, tally: Tally) -> list[tuple[str, str]]:
        share = 100 * tally.gone / tally.chars if tally.chars else 0.0
        about = self.corpus.about()
        versions = about["head"].partition(":")[0] if "head" in about else ""
        tiles = [
            ("Documents", f"{len(self.listed):,}"),
            ("Version", versions),
            ("Sources", f"{len(tally.sources.keys() - {''}):,}"),
            ("Languages", f"{len(tally.languages.keys() - {''}):,}"),
            ("Characters", f"{tally.chars:,}"),
            ("Removed", f"{share:.1f} %"),
            ("Edits", f"{tally.edits:,}"),
            ("In quarantine", about.get("quarantined", "")),
        ]
        return [(label, value) for label, value in tiles if value]


def _policy(script: str, style: str) -> str:
    """Nothing from anywhere but the one script and the one style, known by their digests."""
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
        "trusted-types 'none'"
    )


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _resource(name: str) -> str:
    return (files(__package__) / "page" / name).read_text(encoding="utf-8")


def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    world = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    return world.from_string(_resource("page.html.jinja"))
