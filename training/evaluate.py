"""What a network does to pages it has not seen, in words: F1, harm, and by group."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from statistics import mean

from by_hand import Labelled
from corpus import RENDERINGS, Page
from labels import BOILERPLATE, CONTENT, words

from archiver.model.network import Network
from archiver.model.score import decide
from archiver.settings import Profile

#: The profiles that ask the model.
PROFILES: tuple[Profile, ...] = ("standard", "strict")

#: Groups of fewer pages are not printed.
SMALLEST = 10


@dataclass(frozen=True, slots=True)
class Result:
    """One document after cleaning: its word F1, or for gold the share of words lost."""

    page: Page
    kind: str
    profile: str
    figure: float
    dropped: int


def judge(pages: Iterable[Page], network: Network, profile: Profile) -> list[Result]:
    """Every rendering of every page, and its gold, under a profile."""
    return [
        _judge(page, kind, network, profile) for page in pages for kind in (*RENDERINGS, "gold")
    ]


def _judge(page: Page, kind: str, network: Network, profile: Profile) -> Result:
    lines = page.lines[kind]
    bags = [words(line) for line in lines]
    gold = Counter(words(page.gold))
    gone = decide(lines, profile, network)
    kept = Counter(word for number, bag in enumerate(bags) if number not in gone for word in bag)
    figure = word_f1(kept, gold)
    if kind == "gold":
        figure = 1 - kept.total() / gold.total() if gold else 0.0
    return Result(page, kind, profile, figure, len(gone))


def word_f1(kept: Counter[str], gold: Counter[str]) -> float:
    """Overlap of two bags of words; two empty ones agree."""
    if not kept or not gold:
        return float(not kept and not gold)
    return 2 * (kept & gold).total() / (kept.total() + gold.total())


def report(results: Sequence[Result]) -> str:
    """The tables."""
    lines = []
    for profile in PROFILES:
        for name in sorted({result.page.set for result in results}):
            own = [r for r in results if r.profile == profile and r.page.set == name]
            lines += [f"\n{profile} {name}", *_pages(own), *_harm(own)]
    strict = [r for r in results if r.profile == "strict" and r.kind == "inscriptis"]
    lines.append("\nworst ten (strict, inscriptis, pages with gold)")
    worst = sorted((r for r in strict if r.page.gold.strip()), key=lambda r: r.figure)[:10]
    lines += [f"  {r.page.set} {r.page.name} {r.page.page_type} {r.figure:.3f}" for r in worst]
    return "\n".join(lines)


def _pages(results: Sequence[Result]) -> list[str]:
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        if result.kind != "gold":
            groups["all"].append(result)
            groups[f"type {result.page.page_type}"].append(result)
            groups[f"language {result.page.language}"].append(result)
    table = [f"  {'':<24}{'pages':>6}{'mean':>8}" + "".join(f"{kind:>13}" for kind in RENDERINGS)]
    for group, own in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        if len(own) >= SMALLEST * len(RENDERINGS):
            by_kind = [mean(r.figure for r in own if r.kind == kind) for kind in RENDERINGS]
            table.append(
                f"  {group:<24}{len(own) // len(RENDERINGS):>6}{mean(by_kind):>8.4f}"
                + "".join(f"{figure:>13.4f}" for figure in by_kind)
            )
    return table


def _harm(results: Sequence[Result]) -> list[str]:
    gold = [r for r in results if r.kind == "gold" and r.page.gold.strip()]
    lost = [r.figure for r in gold]
    untouched = mean(not r.dropped for r in gold)
    half = sum(figure > 0.5 for figure in lost)
    figures = f"words lost {mean(lost):.3%}, untouched {untouched:.3f}, over half lost {half}"
    return [f"  gold in: {figures}"]


@dataclass(frozen=True, slots=True)
class Debris:
    """What became of a document labelled by hand, in lines and words."""

    profile: str
    found: int
    of: int
    lost: int
    content: int


def sift(documents: Iterable[Labelled], network: Network, profile: Profile) -> list[Debris]:
    """What is found and lost in documents labelled by hand, under a profile."""
    return [
        _sift(document, profile, decide(document.lines, profile, network)) for document in documents
    ]


def _sift(document: Labelled, profile: str, gone: Container[int]) -> Debris:
    sizes = [len(words(line)) for line in document.lines]
    labelled = list(enumerate(zip(sizes, document.labels.tolist(), strict=True)))
    drops = [at for at, (size, label) in labelled if size and label == BOILERPLATE]
    keeps = [(at, size) for at, (size, label) in labelled if label == CONTENT]
    return Debris(
        profile,
        found=sum(at in gone for at in drops),
        of=len(drops),
        lost=sum(size for at, size in keeps if at in gone),
        content=sum(size for _, size in keeps),
    )


def debris(found: Sequence[Debris]) -> str:
    """Debris found in documents labelled by hand, and content lost."""
    lines = ["\ndocuments labelled by hand (debris_dev), the model alone"]
    for profile in PROFILES:
        own = [document for document in found if document.profile == profile]
        held = [document for document in own if document.content]
        share = sum(document.found for document in own) / sum(document.of for document in own)
        whole = mean(document.lost == 0 for document in held)
        lost = mean(document.lost / document.content for document in held)
        lines.append(
            f"  {profile}: debris lines found {share:.3f}, documents with no content lost "
            f"{whole:.3f}, content words lost {lost:.3%}"
        )
    return "\n".join(lines)
