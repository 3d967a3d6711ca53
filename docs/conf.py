"""Settings of the documentation site; ``python docs/build.py`` makes it."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

import archiver

project = "archiver"
author = "The archiver authors"
release = archiver.__version__
version = release
language = "en-GB"

extensions = ["myst_parser"]
root_doc = "index"
exclude_patterns = ["_build"]
nitpicky = True
smartquotes = False  # "--json" and straight quotes are what is typed

myst_heading_anchors = 6  # the anchors that the host of the repository makes too
myst_enable_extensions = ["attrs_block", "deflist"]

html_theme = "furo"
html_title = f"archiver {release}"
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None  # the same sources give the same site
html_static_path = ["site"]
html_css_files = ["pictures.css"]
pygments_style = "a11y-light"
pygments_dark_style = "a11y-dark"

#: Pages of the repository that the site shows too -> where.
OUTSIDE = {
    "CHANGELOG": "project/changes",
    "CONTRIBUTING": "project/contributing",
    "SECURITY": "project/security",
}
ROOT = Path(__file__).parents[1]


def lead_inside(_app: Sphinx, doctree: nodes.document) -> None:
    """Links to pages beside ``docs/``: to their page of the site, or to a name as text.

    In the repository such links lead to the files; the site holds only ``docs/``.
    """
    for link in list(doctree.findall(addnodes.pending_xref)):
        target = Path(link.get("reftarget", ""))
        if link.get("refdomain") != "doc" or not target.is_absolute():
            continue
        if page := OUTSIDE.get(target.relative_to(ROOT).as_posix()):
            link["reftarget"] = page
        elif target.with_suffix(".md").is_file():
            link.replace_self(nodes.inline("", "", *link.children))


def setup(app: Sphinx) -> dict[str, bool]:
    """What Sphinx calls."""
    app.connect("doctree-read", lead_inside)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
