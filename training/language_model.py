"""Make ``archiver/text/language.npz`` from the model of py3langid: fewer features, same classes.

    python training/language_model.py [--out FILE] [--features N]

Needs py3langid 0.4.0 (BSD-3-Clause), which was trained by its authors on 139 languages.
Its model has 100,053 features, byte n-grams, and weighs 28 MB in memory. Kept are those
that tell most of the language: the mutual information of feature and language, all
languages alike, as the model itself has it. Weights are rounded to 8 bits. What this
costs stands in docs/explanation/language.md; ``benchmarks/language.py`` measures it.
"""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path

import numpy as np

from archiver.text.language import KEY_LENGTH_BIT, LENGTHS, slots_of

OUT = Path(__file__).parents[1] / "archiver" / "text" / "language.npz"
SOURCE = "0.4.0"
#: 12,500 lose 4 in 100 of lines of 20 to 50 characters, 50,000 gain 1; of texts of 200
#: characters both are as right as all are.
FEATURES = 25_000
LONGEST = max(LENGTHS)


def main() -> None:
    """Choose, round, write."""
    parser = argparse.ArgumentParser(description="The language model, from py3langid's.")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--features", type=int, default=FEATURES)
    given = parser.parse_args()
    if version("py3langid") != SOURCE:
        raise SystemExit(f"py3langid {SOURCE} is needed, not {version('py3langid')}")
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE)
    grams = n_grams(model)
    keys, rows = chosen(grams, np.asarray(model.nb_ptc, dtype=np.float32), given.features)
    weights = np.asarray(model.nb_ptc, dtype=np.float32)[rows]
    low, high = float(weights.min()), float(weights.max())
    step = (high - low) / 255
    # Languages lead: what one language says of all features packs best.
    levels = np.round((weights - low) / step).astype(np.uint8).T
    np.savez_compressed(
        given.out,
        keys=keys,
        levels=np.ascontiguousarray(levels),
        step=np.float32(step),
        prior=np.asarray(model.nb_pc, dtype=np.float32),
        languages=np.array(model.nb_classes),
    )
    print(f"{given.out}: {len(keys):,} features, {given.out.stat().st_size:,} bytes")


def n_grams(model: object) -> list[tuple[bytes, int]]:
    """(n-gram, feature) of the automaton: each state is the n-gram that leads to it."""
    moves, rows, output = model.tk_nextmove, model.tk_row, model.tk_output
    names = {0: b""}
    waiting = [0]
    for state in waiting:
        base = rows[state] << 8
        for byte in range(256):
            after = moves[base + byte]
            if after not in names:
                names[after] = names[state] + bytes([byte])
                waiting.append(after)
    # Hardly any is longer than those the detector looks for; a longer one falls to its end.
    return sorted(
        (name, output[state])
        for state, name in names.items()
        if output[state] >= 0 and len(name) <= LONGEST
    )


def chosen(
    grams: list[tuple[bytes, int]], weights: np.ndarray, most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Keys, sorted, and their rows of the weights: the most telling, one to a slot."""
    share = np.exp(weights)
    told = (share * (weights - np.log(share.mean(axis=1))[:, None])).mean(axis=1)
    keys = np.array([key_of(gram) for gram, _ in grams], dtype=np.uint64)
    rows = np.array([row for _, row in grams])
    order = np.argsort(-told[rows], kind="stable")
    slots = slots_of(keys)
    taken, kept = set[int](), []
    for at in order.tolist():
        if len(kept) == most:
            break
        if int(slots[at]) not in taken:
            taken.add(int(slots[at]))
            kept.append(at)
    best = np.array(sorted(kept, key=lambda at: int(keys[at])))
    return keys[best], rows[best]


def key_of(gram: bytes) -> int:
    """An n-gram as the detector sees it: its bytes and its length in one number."""
    return int.from_bytes(gram, "big") | len(gram) << KEY_LENGTH_BIT


if __name__ == "__main__":
    main()
