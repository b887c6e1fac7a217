"""The best multiples of the rows of a Net-Trim dual, with one ball for the layer."""

import numpy as np

from kit.results import Array


def rescale(a: Array, b: Array, cap: Array, epsilon: float) -> Array:
    """s (M,) for max over 0 <= s <= cap of a's - epsilon |b o s|_2; a, b, cap, epsilon >= 0.

    At the best s, with length L = |b o s|, s_m = min(cap_m, a_m L / (epsilon b_m^2)): the entries
    with the smallest knee epsilon b_m^2 cap_m / a_m are at their cap. If those are the first k,

        L^2 = sum_{m <= k} (b_m cap_m)^2 + (L / epsilon)^2 sum_{m > k} (a_m / b_m)^2,

    which is solved for L at every k; the right k is the first whose L is below the next knee. s is
    0 where nothing is gained, or all would be gained (cap = inf: that is for rays to say). Derived.
    """
    s = np.zeros_like(a)
    finite = np.isfinite(cap)
    free = (a > 0) & finite & (epsilon * b == 0)  # linear in s_m: at its cap
    s[free] = cap[free]
    some = np.flatnonzero((a > 0) & (cap > 0) & (epsilon * b > 0))
    if some.size == 0:
        return s
    unit_a, unit_cap = a[some].max(), cap[some].min()
    if not np.isfinite(unit_cap):
        return s
    a, slope, cap = a[some] / unit_a, b[some] * (epsilon / unit_a), cap[some] / unit_cap
    share = (a / slope) ** 2
    if share.sum() <= 1:  # a's <= |a / slope| |slope o s|
        return s
    knee = slope * slope * cap / a
    order = np.argsort(knee)
    rest = np.append(np.cumsum(share[order][:0:-1])[::-1], 0)  # no difference: shares may be 1e30
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        length = np.sqrt(np.cumsum((slope * cap)[order] ** 2) / np.maximum(1 - rest, 0))
    fits = (rest < 1) & (length <= np.append(knee[order][1:], np.inf))
    L = length[np.argmax(fits)] if fits.any() else np.inf
    if np.isfinite(L):
        s[some] = np.minimum(cap, a * L / slope**2) * unit_cap * (1 - 4 * np.finfo(float).eps)
    return s
