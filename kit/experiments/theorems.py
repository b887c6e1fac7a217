"""The ledger: statements that the lessons use, measured inside their hypotheses and outside.

    python -m kit.experiments.theorems            prints all of it; words of names print a part

To add one, write its measurement under @theorem (ledger.py) in one of the files below.
"""

import sys

import numpy as np

from kit.experiments import basic_theorems, bilinear_theorems, nettrim_theorems, sparse_theorems
from kit.experiments.ledger import Theorem, examine, table

LEDGER: dict[str, Theorem] = {
    entry.name: entry
    for part in (basic_theorems, bilinear_theorems, sparse_theorems, nettrim_theorems)
    for entry in vars(part).values()
    if isinstance(entry, Theorem)
}


def main(words: list[str]) -> str:
    """The table of all theorems whose names hold one of the words; of all, without words."""
    names = [n for n in LEDGER if not words or any(word.lower() in n.lower() for word in words)]
    return table(f for name in names for f in examine(LEDGER[name], np.random.default_rng(0)))


if __name__ == "__main__":
    print(main(sys.argv[1:]))
