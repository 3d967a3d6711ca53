"""The text of a page: the extractor's, or lines of the whole page where those promise more.

An extractor looks for one article. Forums, shops and lists have none, and there it
returns a part, or the wrong one. So in the profile ``strict`` the page is rendered
whole, every line is judged, by its place in the markup, by what the extractor kept
around it, and by the line model; and the best choice of lines is the text, if it
promises clearly more than the extractor's.
"""

from __future__ import annotations

from dataclasses import replace

from archiver.document import Document, Finding
from archiver.page import identity
from archiver.settings import Profile
from archiver.text.extract import extract


def read_page(
    document: Document, *, url: str | None = None, profile: Profile = "standard"
) -> Document | Finding:
    """Take the main text and its metadata out of a decoded page.

    document: the page as decoded. Below ``strict`` this is ``text.extract.extract``;
    a Finding of it stays one. Returns: a document whose ``extractor`` names all
    that had a say. Raises: nothing. Cost: in ``strict`` half as much again.
    """
    outcome = extract(document, url=url)
    if isinstance(outcome, Finding) or profile != "strict":
        return outcome
    from archiver.page.lines import lines_of  # numpy and lxml are not for plain text

    text = lines_of(document.text, outcome.text)
    if text is None:
        return outcome
    return replace(outcome, text=text + "\n", extractor=f"{outcome.extractor}; {identity()}")
