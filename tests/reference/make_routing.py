"""Writes the frozen vectors of routing that pytest and cargo both read.

``python -m tests.reference.make_routing``. What it writes is committed, and never changes for a key that is there: a bucket that moved
would move customers from one variant to another. Counts and ranges are written by hand, and so is what GrowthBook publishes.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.hashing import KEYS, SALTS, bucket, key_text

SOURCE = (
    "growthbook: the vectors of the hash, version 2, in tests/cases.json of https://github.com/growthbook/growthbook-python at commit "
    "5aa8806cf13afb6b80c7b01c849cf473a18d3fc0 (MIT), their fractions of 1 as buckets of 10,000. The rest: tests/support/hashing.py."
)
GROWTHBOOK = [
    ("seed", "a", 505),
    ("seed", "b", 2696),
    ("foo", "ab", 2575),
    ("foo", "def", 2019),
    ("89123klj", "8952klfjas09ujkasdf", 1240),
    ("90850943850283058242805", "123", 7516),
    ("()**(%$##$%#$#", '___)((*":&', 128),
]
COMPOSITES = [["a", "b"], ["a|b", "c\\", "|"], ["", "", ""], ["\\|", "\\\\"], ["caf\u00e9", "\U0001f680"]]
COUNTS = [
    {"weights": [0.9, 0.1], "counts": [9000, 1000]},
    {"weights": [0.995, 0.005], "counts": [9950, 50]},
    {"weights": [0.9999, 0.0001], "counts": [9999, 1]},
    {"weights": [1 / 3, 1 / 3, 1 / 3], "counts": [3334, 3333, 3333]},
    {"weights": [0.00015, 0.99985], "counts": [2, 9998]},
    {"weights": [0.99985, 0.00015], "counts": [9999, 1]},
    {"weights": [0.33337, 0.33337, 0.33326], "counts": [3334, 3334, 3332]},
    {"weights": [0.29, 0.57, 0.14], "counts": [2900, 5700, 1400]},
]
ALLOCATIONS = [
    {"old": [[[0, 10000]]], "counts": [9000, 1000], "new": [[[0, 9000]], [[9000, 10000]]]},
    {"old": [[[0, 9000]], [[9000, 10000]]], "counts": [8000, 2000], "new": [[[0, 8000]], [[8000, 10000]]]},
    {"old": [[[0, 8000]], [[8000, 10000]]], "counts": [7000, 2000, 1000], "new": [[[0, 7000]], [[8000, 10000]], [[7000, 8000]]]},
    {"old": [[[0, 8000]], [[8000, 10000]]], "counts": [9000, 1000], "new": [[[0, 9000]], [[9000, 10000]]]},
    {
        "old": [[[0, 9000]], [[9000, 10000]]],
        "counts": [4000, 3000, 3000],
        "new": [[[0, 4000]], [[4000, 6000], [9000, 10000]], [[6000, 9000]]],
    },
    {
        "old": [[[0, 4000]], [[4000, 6000], [9000, 10000]], [[6000, 9000]]],
        "counts": [5000, 0, 5000],
        "new": [[[0, 5000]], [], [[5000, 10000]]],
    },
    {"old": [[[0, 5000]], [], [[5000, 10000]]], "counts": [10000, 0, 0], "new": [[[0, 10000]], [], []]},
]


def main() -> None:
    """Write ``routing.json`` beside this file."""
    texts = {name: key_text(key) for name, key in KEYS.items()}
    document = {
        "source": SOURCE,
        "growthbook": GROWTHBOOK,
        "keys": {name: {"text": text, "buckets": {salt: bucket(salt, text) for salt in SALTS}} for name, text in texts.items()},
        "composites": [
            {"parts": parts, "text": "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)} for parts in COMPOSITES
        ],
        "counts": COUNTS,
        "allocations": ALLOCATIONS,
    }
    Path(__file__).with_name("routing.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
