"""Proximal maps and projections that both papers use: each one argmin, one line of mathematics."""

import numpy as np

from kit.results import Array


def soft_threshold(v: Array, level: float | Array) -> Array:
    """argmin over u of level |u|_1 + |u - v|^2 / 2 = sign(v) max(|v| - level, 0), any shape."""
    return v - np.clip(v, -level, level)


def shrink_singular_values(Z: Array, level: float) -> Array:
    """argmin over X of level |X|_* + |X - Z|_F^2 / 2: soft threshold on the singular values."""
    U, s, Vt = np.linalg.svd(Z, full_matrices=False)
    return (U * soft_threshold(s, level)) @ Vt
