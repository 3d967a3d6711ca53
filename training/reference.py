"""What torch computes on invented lines, for the tests of the numpy network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from corpus import NO_PAGE, Example
from labels import UNKNOWN
from torch_network import TorchNetwork, batch_of

from archiver.model.features import features
from archiver.model.network import Network

_TEXT = """\
The council of Ardenholt voted on Tuesday to rebuild the old stone bridge over the Lenn, which \
has been closed since the flood of last spring.
Work is to begin in May, the mayor said, and should take no longer than two years if the winter \
is mild and the quarry can deliver the stone in time.
Residents had asked for a second lane for bicycles. The council refused, since the bridge would \
then have to be widened by more than a metre on either side.
The old bridge was built by masons from the valley; their marks can still be seen on the arches, \
and the new stones will be cut by hand to match them."""
_PARAGRAPHS = _TEXT.split("\n")
_MENU = ["Home", "News", "Sport", "Culture", "Weather", "Log in", "Subscribe", "Search"]
_SHARE = ["Share on Facebook", "Share on Twitter", "Copy link", "Print this page"]
_FOOT = [
    "Most read", "Related articles", "Sign up for our newsletter", "Privacy policy",
    "Terms of use", "Cookie settings", "Contact us", "About us", "Follow us",
    "© 2024 Ardenholt Herald. All rights reserved.",
]  # fmt: skip

DOCUMENTS = {
    "article": ["Ardenholt to rebuild its bridge", "", *_PARAGRAPHS],
    "page": [
        "Skip to content", *(f"  * {item}" for item in _MENU), "",
        "Ardenholt to rebuild its bridge", "By Mara Lind", "12 March 2024", "",
        *_SHARE, "", *_PARAGRAPHS, "", *(f"  * {item}" for item in _FOOT),
    ],
    "mixed scripts": ["Главная", "Новости", "河上的旧桥将重建。", "  ", "رئيسية", "\ud800 😀"],
    "one line": ["Share"],
}  # fmt: skip


def write(path: Path, network: Network) -> None:
    """Run the documents through torch with the network's weights, and keep the answers."""
    torch_network = TorchNetwork().eval()
    torch_network.load_state_dict(
        strict=False,  # the page type is asked in training only
        state_dict={
            name: torch.from_numpy(
                array.copy() if array.ndim == 1 or name == "emb.weight" else array.T.copy()
            )
            for name, array in network.arrays.items()
        },
    )
    cases = []
    for label, lines in DOCUMENTS.items():
        seen = features(lines)
        unknown = np.full(len(seen.index), UNKNOWN, np.int8)
        with torch.no_grad():
            example = Example(NO_PAGE, label, seen, unknown, unknown, unknown)
            answers, gate, _ = torch_network(batch_of([example]))
        cases.append(
            {
                "label": label,
                "lines": lines,
                "answers": [[round(value, 4) for value in line] for line in answers.tolist()],
                "gate": round(float(gate[0]), 4),
            }
        )
    path.write_text(json.dumps(cases, indent=1) + "\n", encoding="utf-8")
