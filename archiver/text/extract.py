"""The text of an HTML page, and what the page says about itself.

By trafilatura, which is loaded here only: its import costs more than the rest of
the program.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from archiver.document import Document, Finding, Provenance
from archiver.findings import finding
from archiver.text.markup import harmless, html_language, too_much

#: Code points of a title, an author, a site's name; more is not one.
MAX_VALUE = 2_000

#: How dates are looked for: as stated in markup, not guessed from the prose; and with
#: a fixed last day, since the library's own is today and would change the result.
_DATES = {"original_date": True, "extensive_search": False, "max_date": "2100-01-01"}

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_URL = re.compile(r"https?://[^\s\x00-\x20\x7f]+", re.IGNORECASE)

_FILLABLE = ("url", "title", "source", "license", "language", "date")


def extract(document: Document, *, url: str | None = None) -> Document | Finding:
    """Take the main text and its metadata out of a decoded page.

    Paragraphs, headings, list items and table rows become lines; comments are left
    out. What the page says of itself is in ``extracted``.
    url: where the page is from, if known; it helps with relative addresses.
    Returns: a Document, or a Finding E209 when the page holds no text that could
    be found, is too large, or cannot be worked on. Raises: nothing.
    Cost: some 100 ms a page, bounded by ``markup.MAX_ELEMENTS``.
    """
    problem = too_much(document.text)
    if problem is not None:
        return finding("E209", f"the page {problem}")
    page = harmless(document.text)
    found, version = _by_trafilatura(page, url)
    if isinstance(found, str):
        return finding("E209", f"the page cannot be worked on: {found}")
    text = (found.text or "").strip("\n") if found is not None else ""
    if not text.strip():
        return finding("E209", "the page holds no text that could be extracted")
    return replace(
        document,
        text=text + "\n",
        newline="\n",
        extractor=f"trafilatura {version}",
        extracted=_provenance(found, html_language(page), url),
    )


def merge_extracted(given: Provenance, extracted: Provenance) -> Provenance:
    """Fill what is unknown with what the page says, and mark it as extracted.

    What is given is never changed. ``metadata["extracted"]`` lists the names that
    were filled, sorted, with commas between. Merging twice changes nothing more.
    """
    merged = given.filled(extracted)
    filled = {name for name in _FILLABLE if getattr(given, name) != getattr(merged, name)}
    filled |= merged.metadata.keys() - given.metadata.keys() - {"date_as_written"}
    if not filled:
        return given
    before = {name for name in merged.metadata.get("extracted", "").split(",") if name}
    told = {**merged.metadata, "extracted": ",".join(sorted(filled | before))}
    return replace(merged, metadata=dict(sorted(told.items())))


def _by_trafilatura(page: str, url: str | None) -> tuple[Any, str]:
    """Trafilatura's document, None or an error's words; and its version.

    It is a large library fed with hostile pages: whatever it raises concerns this
    page alone, so that every exception is caught, and told.
    """
    import trafilatura

    for name in ("trafilatura", "htmldate", "courlan", "justext"):
        _silence(logging.getLogger(name))
    try:
        found = trafilatura.bare_extraction(
            page,
            url=url,
            with_metadata=True,
            include_comments=False,
            include_tables=True,
            date_extraction_params=dict(_DATES),
        )
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}", trafilatura.__version__
    return found, trafilatura.__version__


def _provenance(found: Any, language: str | None, url: str | None) -> Provenance:  # noqa: ANN401
    """What the page says about itself, each value a clean single line or None."""
    metadata: dict[str, str] = {}
    if author := _line(found.author):
        metadata["author"] = author
    date = _date(found.date)
    if date is not None:
        metadata["date_as_written"] = str(found.date)
    address = _line(found.url)
    is_own = address is not None and address != url and _URL.fullmatch(address)
    return Provenance(
        url=address if is_own else None,
        title=_line(found.title),
        source=_line(found.sitename),
        language=language,
        date=date,
        metadata=metadata,
    )


def _line(value: str | None) -> str | None:
    if not value:
        return None
    line = _CONTROLS.sub(" ", value).strip()
    return line if line and len(line) <= MAX_VALUE else None


def _date(value: str | None) -> datetime | None:
    try:
        return datetime.strptime(value or "", "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def _silence(logger: logging.Logger) -> None:
    """Keep a library's log off the terminal of programs that set up no logging."""
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
