"""What CI tries of a long list: some by name. `python3 run.py test --all` tries every one."""

from collections.abc import Iterable

import pytest


def sampled(items: Iterable, kept: set[str], name=str) -> list:
    """The items; those whose name begins with none of `kept` carry the mark `every`."""
    items = list(items)
    names = [name(item) for item in items]
    assert all(any(one.startswith(start) for one in names) for start in kept), kept
    return [
        item if one.startswith(tuple(kept)) else pytest.param(item, marks=pytest.mark.every)
        for item, one in zip(items, names, strict=True)
    ]
