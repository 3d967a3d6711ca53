"""What ``archiver rules learn`` gains on a page of a site, and what it costs.

    python benchmarks/sites.py --data ../shared/eval [--min-pages N] [--folds DIR] [--rules-only]

Leave one out: a page of a site with several pages in the dev sets is cleaned
without and with the pack learned from the site's *other* pages, and compared
with its gold by word F1. Three ways to do harm are counted: gold words that the
pack takes from the page, from the page's gold fed as input, and (all packs
together) from the gold of sites that no pack was learned from.

It is measured on rules alone, and on the whole pipeline in the profiles that ask
the line model too. The network that ships has seen these very pages, so what is
left for a pack to do beside it looks too small: with ``--folds`` (the networks that
training writes, ``text-0.npz`` to ``worth-4.npz``) each page is cleaned beside one
that has not seen its site.
"""

from __future__ import annotations

import argparse
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from statistics import mean
from unittest.mock import patch

import pyarrow.parquet as pq

from archiver.clean import clean_with
from archiver.model import score
from archiver.model.network import NAMES, Network, shipped, unpack
from archiver.rules.hosts import host_of
from archiver.rules.load import builtin
from archiver.rules.match import Matcher
from archiver.rules.outcome import apply_rules
from archiver.rules.rule import Rule, Ruleset
from archiver.rules.site_pack import site_rules
from archiver.rules.sites import Page, Template, Thresholds, mine
from archiver.settings import Profile
from archiver.text.edits import apply
from archiver.text.repair import repair

FOLDS = 5
SETS = ("wcxb_dev", "multi_dev")
RENDERINGS = ("text_inscriptis", "text_resiliparse")
COLUMNS = ["file_id", "url", "main_content", *RENDERINGS]
PROFILE: Profile = "standard"
MODELLED: tuple[Profile, ...] = ("standard", "strict")
#: Which answer of the line model a profile asks for.
ASKED = {name: score.BOUNDS[name].answer for name in MODELLED}

#: As score.py counts: scripts written without blanks by character.
_CHARACTER = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f\u1000-\u109f"
_WORD = re.compile(rf"[{_CHARACTER}]|[^\W{_CHARACTER}]+")

Row = Mapping[str, str]
Bag = Counter[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One page left out: F1 without and with the pack, and gold words lost through it."""

    page: str
    data: str
    rendering: str
    without: float
    having: float
    lost: int
    kept: int
    gold_lost: int
    gold_words: int


def bag(text: str) -> Bag:
    """The words of a text, with their numbers."""
    return Counter(_WORD.findall(text.lower()))


@dataclass(frozen=True, slots=True)
class Way:
    """How pages are cleaned: by what profile, beside which networks (none: rules alone)."""

    name: str
    profile: Profile
    networks: tuple[Network, ...] = ()

    def network(self, host: str) -> Network | None:
        """The network for a host: the one that has not seen it, where there are several."""
        if not self.networks:
            return None
        site = ".".join(host.split(".")[-2:])  # as training/corpus.py does
        return self.networks[zlib.crc32(site.encode()) % len(self.networks)]


@dataclass(frozen=True, slots=True)
class Cleaner:
    """Cleaning with some rules, beside a network or without it."""

    matcher: Matcher
    profile: Profile
    network: Network | None

    def bag(self, text: str) -> Bag:
        """The words of a text when it is clean."""
        if self.network is not None:
            with patch.object(score, "shipped", return_value=self.network):
                return bag(clean_with(text, self.matcher, self.profile).text)
        repaired, _ = repair(text)
        return bag(apply(repaired, apply_rules(repaired, self.matcher)[0]))

    def also(self, rules: tuple[Rule, ...], host: str) -> Cleaner:
        """The same with further rules, on a host."""
        if not rules:
            return self
        matcher = Matcher(Ruleset(builtin().rules + rules), self.profile).at(host)
        return replace(self, matcher=matcher)


def f1(words: Bag, gold: Bag) -> float:
    """The word F1 of score.py."""
    if not gold or not words:
        return float(not gold and not words)
    return 2 * (words & gold).total() / (words.total() + gold.total())


def pages(folder: Path) -> Iterator[tuple[str, Row]]:
    """All pages of the sets with the host of each."""
    for name in SETS:
        path = folder / f"{name}.parquet"
        extra = ["host"] if "host" in pq.read_schema(path).names else []
        for row in pq.read_table(path, columns=COLUMNS + extra).to_pylist():
            found = {key: value or "" for key, value in row.items()} | {"set": name}
            yield found.get("host", "").removeprefix("www.") or host_of(found["url"]), found


def learned(
    host: str, rows: Sequence[Row], rendering: str, least: int
) -> tuple[Template, tuple[Rule, ...]]:
    """The template of some pages and its rules beside the built-in ones."""
    given = [Page(row["file_id"], repair(row[rendering])[0]) for row in rows]
    template = mine(host, given, Thresholds(min_pages=least), hosts=(host,))
    return template, site_rules(template, builtin()) if template.lines else ()


def leave_one_out(
    host: str, rows: Sequence[Row], rendering: str, least: int, ways: Sequence[Way]
) -> Iterator[tuple[Way, Outcome]]:
    """Each page of a site, cleaned in each way with what the others teach."""
    for number, row in enumerate(rows):
        _, rules = learned(host, [*rows[:number], *rows[number + 1 :]], rendering, least)
        gold = bag(row["main_content"])
        for way in ways:
            plain = Cleaner(_builtin(way.profile), way.profile, way.network(host))
            having = plain.also(rules, host)
            before = plain.bag(row[rendering])
            after = having.bag(row[rendering]) if rules else before
            outcome = Outcome(
                row["file_id"],
                row["set"],
                rendering,
                f1(before, gold),
                f1(after, gold),
                ((before & gold) - (after & gold)).total(),
                (before & gold).total(),
                *harm(row["main_content"], plain, having),
            )
            yield way, outcome


@lru_cache(maxsize=8)
def _builtin(profile: Profile) -> Matcher:
    return Matcher(builtin(), profile)


def harm(gold: str, plain: Cleaner, having: Cleaner) -> tuple[int, int]:
    """Words that a gold text loses through the packs, and words it has without them."""
    before = plain.bag(gold)
    if having == plain:
        return 0, before.total()
    return (before - having.bag(gold)).total(), before.total()


def tell(title: str, outcomes: Sequence[Outcome]) -> None:
    """One line of the table; none for no pages."""
    if not outcomes:
        return
    without, having = mean(o.without for o in outcomes), mean(o.having for o in outcomes)
    better = sum(o.having > o.without for o in outcomes)
    worse = sum(o.having < o.without for o in outcomes)
    lost = sum(o.lost for o in outcomes) / sum(o.kept for o in outcomes)
    gold = sum(o.gold_lost for o in outcomes) / sum(o.gold_words for o in outcomes)
    print(
        f"{title:<28}{len(outcomes):>6}{without:>9.4f}{having:>8.4f}{having - without:>+9.4f}"
        f"{better:>8}{worse:>7}{lost:>10.3%}{gold:>10.3%}"
    )


def main() -> None:
    """Measure, and print."""
    options = _options()
    least = options.min_pages
    sites: defaultdict[str, list[Row]] = defaultdict(list)
    for host, row in pages(options.data):
        sites[host].append(row)
    # A page is left out, and as many as a line must stand on are left.
    chosen = {host: rows for host, rows in sorted(sites.items()) if host and len(rows) > least}
    number = sum(map(len, chosen.values()))
    print(f"{len(chosen)} sites, {number} pages, lines on {least} pages or more")
    outcomes: defaultdict[str, list[Outcome]] = defaultdict(list)
    for host, rows in chosen.items():
        for rendering in RENDERINGS:
            for way, outcome in leave_one_out(host, rows, rendering, least, _ways(options)):
                outcomes[way.name].append(outcome)
    for name, found in outcomes.items():
        _table(name, found)
    others = {host: rows for host, rows in sites.items() if host not in chosen}
    _elsewhere(chosen, others, least)


def _options() -> argparse.Namespace:
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--data", type=Path, default=Path("../shared/eval"))
    words.add_argument("--min-pages", type=int, default=Thresholds().min_pages)
    words.add_argument("--rules-only", action="store_true", help="leave the line model out")
    words.add_argument("--folds", type=Path, help="a folder of text-0.npz to worth-4.npz")
    return words.parse_args()


def _ways(options: argparse.Namespace) -> list[Way]:
    ways = [Way("rules alone", PROFILE)]
    if options.rules_only:
        return ways
    ways += [Way(f"{name}, network as shipped", name, (shipped(ASKED[name]),)) for name in MODELLED]
    if options.folds:
        ways += [
            Way(f"{name}, network out of fold", name, _folds(options.folds, NAMES[ASKED[name]]))
            for name in MODELLED
        ]
    return ways


@lru_cache(maxsize=2)
def _folds(folder: Path, name: str) -> tuple[Network, ...]:
    return tuple(unpack((folder / f"{name}-{n}.npz").read_bytes()) for n in range(FOLDS))


def _table(name: str, outcomes: Sequence[Outcome]) -> None:
    print(
        f"\n{name:<28}{'pages':>6}{'without':>9}{'with':>8}{'gain':>9}{'better':>8}{'worse':>7}"
        f"{'lost':>10}{'in gold':>10}"
    )
    tell("all", outcomes)
    for data in SETS:
        tell(data, [o for o in outcomes if o.data == data])
    for rendering in RENDERINGS:
        tell(rendering, [o for o in outcomes if o.rendering == rendering])
    for outcome in sorted(outcomes, key=lambda o: o.having - o.without)[:10]:
        if outcome.having < outcome.without:
            loss = f"{outcome.lost} of {outcome.kept} gold words"
            change = f"{outcome.having - outcome.without:+.4f}"
            print(f"  {change}  {loss}  {outcome.rendering}  {outcome.page}")


def _elsewhere(
    chosen: Mapping[str, Sequence[Row]], others: Mapping[str, Sequence[Row]], least: int
) -> None:
    """All packs at once on the gold of other sites, as if they were bound to no host."""
    rules = {
        f"{rule.id}-{rendering}": rule
        for host, rows in chosen.items()
        for rendering in RENDERINGS
        for rule in learned(host, rows, rendering, least)[1]
    }
    plain = Cleaner(_builtin(PROFILE), PROFILE, None)
    having = plain.also(tuple(replace(rule, hosts=()) for rule in rules.values()), "")
    harms = [harm(row["main_content"], plain, having) for rows in others.values() for row in rows]
    print(
        f"\nall {len(rules)} rules, bound to no host, on the gold of {len(harms)} pages of other "
        f"sites: {sum(lost for lost, _ in harms)} of {sum(total for _, total in harms)} words "
        f"lost, {sum(lost > 0 for lost, _ in harms)} pages touched"
    )


if __name__ == "__main__":
    main()
