"""What a function gives back, as plain values; how values are compared, and named in words.

A check looks at the same values wherever the function ran, in the notebook's kernel or in a
sandbox: numbers, texts, arrays, and tuples, lists and dictionaries of them. A table, a sparse
matrix, a masked array or a matrix of numpy counts as the array that it holds; whatever else there
is becomes Opaque, by the name of its type.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass

import numpy as np

DEEPEST = 8  # containers within containers
NUMBERS = "biufc"  # kinds of numpy's numbers


@dataclass(frozen=True)
class Opaque:
    """Something that is no value: only the name of its type is known."""

    kind: str


def values(found: object, depth: int = 0) -> object:
    """A result as plain values; it never raises."""
    if depth > DEEPEST:
        return Opaque("deeply nested thing")
    try:
        return _values(found, depth)
    except Exception:
        return Opaque(type(found).__name__[:40])


def _values(found: object, depth: int) -> object:
    if found is None or isinstance(found, bool) or type(found) in (int, float, complex, str):
        return found
    if isinstance(found, str):
        return str.__str__(found)
    if isinstance(found, np.generic) and found.dtype.kind in NUMBERS:
        return found
    if isinstance(found, tuple | list | range):
        parts = [values(part, depth + 1) for part in found]
        return tuple(parts) if isinstance(found, tuple) else parts
    if isinstance(found, dict) and all(type(key) is str for key in found):
        return {key: values(part, depth + 1) for key, part in found.items()}
    if hasattr(found, "toarray"):  # sparse
        found = found.toarray()
    if hasattr(found, "__array__"):
        array = np.asarray(found)
        array = array.astype(float) if array.dtype.kind == "O" else array
        return array if array.dtype.kind in NUMBERS else Opaque("array that is not of numbers")
    if isinstance(found, int):
        return int(found)
    return float(found)  # fractions, decimals; TypeError for what is no number


def zeros_like(found: object) -> object:
    """The same kind of value, with every number 0: what an answer gives that knows nothing."""
    if isinstance(found, tuple | list):
        return type(found)(zeros_like(part) for part in found)
    if isinstance(found, dict):
        return {key: zeros_like(part) for key, part in found.items()}
    if isinstance(found, np.ndarray | np.generic):
        return np.zeros_like(found)[()] if isinstance(found, np.generic) else np.zeros_like(found)
    return type(found)(0) if isinstance(found, bool | int | float | complex) else found


def same(a: object, b: object, tol: float = 1e-6) -> bool:
    """Whether two arrays agree: |a - b| <= tol max(1, |b|) in the largest entry, shapes equal."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    size = max(1.0, np.abs(b).max(initial=0.0))
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= tol * size))


def unchanged(a: object, b: object) -> bool:
    """Whether two copies of a thing still hold the same numbers; looks into containers."""
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(unchanged, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(unchanged(a[key], b[key]) for key in a)
    if is_dataclass(a):
        return all(unchanged(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    return True


def real(value: object) -> bool:
    """Whether it is a real number or an array of them."""
    try:
        return np.asarray(value).dtype.kind in "fiu"
    except ValueError:  # rows of unequal length
        return False


def described(value: object) -> str:
    """What a value is, in words: never its numbers."""
    if isinstance(value, Opaque):
        return f"a {value.kind}"
    if isinstance(value, np.ndarray):
        complex_ = "complex " if value.dtype.kind == "c" else ""
        return f"one {complex_}array of shape {value.shape}"
    if isinstance(value, tuple | list):
        kinds = sorted({getattr(item, "kind", type(item).__name__) for item in value})
        return f"a {type(value).__name__} of {len(value)} ({', '.join(kinds)})"
    return "a function" if callable(value) else f"a {type(value).__name__}"


def listed(words: Iterable[object]) -> str:
    """With "and" between them."""
    return " and ".join(map(str, words))
