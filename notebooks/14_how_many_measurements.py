# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 14 How many measurements
#
# An instrument gives you products $y_\ell = (b_\ell^\top h)(c_\ell^\top m)$, one a minute, and you know the sign of each first factor. You look for 20 numbers, ten in $h$ and
# ten in $m$. With too few products BranchHull may answer with another point than the
# truth; with too many you have paid for nothing. How many minutes do you book?
#
# **Afterwards you can** decide by a certificate whether the truth is the answer, derive the exact law
# $P(\text{success}) = P(\operatorname{Bin}(L-1, \tfrac12) \ge K + N - 2)$, say where it fails, and name a method that does with fewer products. ($\operatorname{Bin}(n, \tfrac12)$ is the number of heads when $n$ fair coins are tossed.)
# **Before**: [11](11_hull_geometry.ipynb), [12](12_branchhull.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 30 minutes.

# %%
# %matplotlib inline
from itertools import product
from math import comb

import numpy as np
from ipywidgets import SelectionSlider
from scipy.optimize import nnls

from kit import branchhull
from kit.branchhull import Bilinear, Truth
from kit.course import draw
from kit.course.explorers import explorer
from kit.experiments import collect, provenance, recheck, resolve, success_rate, values
from kit.experiments.bilinear import EXACT, l2_residual, wendel
from kit.experiments.theorems import LEDGER, examine, table
from kit.experiments.trials import PAPER

# %% [markdown]
# ## The question
#
# The entries of $B$, $C$, $h$ and $m$ are independent and normal with mean 0, with one variance for each of the four ("Gaussian"), there is no noise, and the signs are right.
# **Success** means that the truth, balanced as in lesson 11, is the optimum of BranchHull.
#
# **Guess first.** (1) $K = N = 10$. Of 30 products, how often does BranchHull succeed? Of 44? (2) Which is easier, $K = N = 30$ or $K = 10$, $N = 50$?
# (3) Six arrows start at a point of the plane, no two of them on one line. Each may be flipped, which makes 64 patterns of signs. In how many of them do all six arrows lie in one half-plane?
#
# ## By hand: three arrows, six patterns
#
# Success will depend on arrows that may be flipped. Take three arrows $g_1, g_2, g_3$ in the plane, no two of them on one line. In a pattern $\varepsilon \in \{\pm1\}^3$ all of
# $\varepsilon_\ell g_\ell$ lie in the open half-plane of a direction $v$ if $\varepsilon_\ell\, g_\ell^\top v > 0$ for all $\ell$. So $v$ decides the pattern: $\varepsilon_\ell = \operatorname{sign}(g_\ell^\top v)$.
# Turn $v$ once around. The pattern changes when $v$ crosses one of the three lines $g_\ell^\top v = 0$, six times in all. So there are six sectors. Any two of them lie on different sides of some line, so each has its own pattern.
# The other $8 - 6 = 2$ patterns have no half-plane.


# %%
def draw_sectors(ax, g, title):
    """Arrows, the lines at right angles to them, and in each sector the signs of g'v."""
    draw.label(ax, "", "", title)
    ax.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal")
    patterns = set()
    cuts = np.sort(np.arctan2(g[:, 1], g[:, 0]) + np.pi / 2)
    cuts = np.sort(np.mod(np.append(cuts, cuts + np.pi), 2 * np.pi))
    ends = np.append(cuts[1:], cuts[0] + 2 * np.pi)
    for k, (start, end) in enumerate(zip(cuts, ends, strict=True)):
        arc = np.linspace(start, end, 20)
        edge = 1.2 * np.stack([np.cos(arc), np.sin(arc)], axis=1)
        draw.polygon(ax, np.vstack([[0, 0], edge]), "data" if k % 2 else "rival")
        v = np.array([np.cos(arc.mean()), np.sin(arc.mean())])
        signs = "".join("+" if s > 0 else "−" for s in g @ v)
        patterns.add(signs)
        ax.text(*(1.38 * v), signs, ha="center", va="center", fontsize=7)
    for arrow in g:
        draw.arrow(ax, [0, 0], 0.9 * arrow / np.linalg.norm(arrow), "first")
    ax.set_axis_off()
    return len(patterns)


arrows = np.random.default_rng(1).standard_normal((6, 2))
figure, axes = draw.figure(2, size=(4.6, 4.4), bare=True)
for ax, count in zip(axes, (3, 6), strict=True):
    found = draw_sectors(ax, arrows[:count], f"{count} arrows, {2 * count} sectors")
    assert found == 2 * count
draw.show(
    figure,
    "Arrows, and the sectors into which the lines at right angles to them cut the plane. At each sector "
    "stand the signs (minus: turn the arrow round) that bring all arrows into the half-plane of any of its "
    "directions: six patterns of eight, "
    "twelve of sixty-four.",
)

# %% [markdown]
# ## From scratch: is the truth the answer?
#
# Let $(\tilde h, \tilde m)$ be the balanced truth, $\tilde w = B\tilde h$, $\tilde x = C \tilde m$. There each product constraint is active,
# $s_\ell \tilde w_\ell \tilde x_\ell = |y_\ell|$ with $s_\ell = \operatorname{sign} y_\ell$, and no sign constraint is, as $\tilde w_\ell \ne 0$. The $\ell$-th product has the gradient
#
# $$a_\ell = s_\ell \begin{pmatrix} \tilde x_\ell\, b_\ell \\ \tilde w_\ell\, c_\ell \end{pmatrix} \in \mathbb R^{K+N} .$$
#
# The feasible set is convex and has interior points, such as $c\,(\tilde h, \tilde m)$ with $c > 1$. So (Karush, Kuhn, Tucker) the truth is optimal if and only if
# the gradient of the objective is a nonnegative combination of these,
#
# $$\text{there are } \lambda_\ell \ge 0 \text{ with } \quad \sum_\ell \lambda_\ell\, a_\ell = \begin{pmatrix}\tilde h \\ \tilde m\end{pmatrix} . \tag{1}$$
#
# (The gradient is twice the right-hand side; the 2 is absorbed in $\lambda$. That (1) is enough: the segment from the truth to a feasible point is feasible, so in its direction no active product falls, nor does, by (1), the convex objective.) And then it is the one optimum, since the objective is strictly convex. **Success is membership in a cone, and
# nonnegative least squares measures the distance to a cone**:


# %% tags=["from-scratch"]
def distance_to_cone(data, h, m):
    """Distance of (h, m) to the cone of the gradients a_l, relative; and the weights."""
    s = np.sign(data.y)[:, None]
    A = s * np.hstack([(data.C @ m)[:, None] * data.B, (data.B @ h)[:, None] * data.C])
    target = np.concatenate([h, m])
    weights, distance = nnls(A.T, target)
    return distance / np.linalg.norm(target), weights


# %% [markdown]
# *Check* against the definition, which is to solve the program and compare, and against the kit's `l2_residual`, which scales the rows first:

# %% tags=["compared"]
print(" L   in the cone   solver finds the truth   both   distances ≈ least, largest")
for L in (30, 36, 44):
    mine, solved, distances = [], [], []
    for seed in range(20):
        data, truth = branchhull.gaussian(np.random.default_rng([L, seed]), L, 10, 10)
        h, m = branchhull.balance(truth.h, truth.m)
        distance, weights = distance_to_cone(data, h, m)
        answer = branchhull.solve(branchhull.BranchHull(data))
        mine.append(distance < 1e-9)
        solved.append(branchhull.recovery_error(answer.h, answer.m, truth) < 1e-4)
        distances.append(distance)
        assert mine[-1] == (l2_residual(data, truth) < EXACT)
        if mine[-1]:  # (1) along h says this
            assert abs(weights @ np.abs(data.y) - h @ h) < 1e-9 * (h @ h)
    print(
        f"{L:2d} {sum(mine):9d} of 20 {sum(solved):18d} of 20 {sum(np.logical_and(mine, solved)):6d}",
        end="",
    )
    print(f"   ≈ {min(distances):.0e}, ≈ {max(distances):.0e}")
    assert mine == solved

# %% [markdown]
# Both verdicts need a threshold, here $10^{-9}$ and $10^{-4}$. For the cone it hardly matters, as 14,400 stored instances of six
# sizes show:

# %%
rows = collect(PAPER["l2-law"], "results")
distance = np.array([row["residual"] for row in rows])
inside = distance < EXACT
logs = np.log10(np.maximum(distance, 1e-17))
figure, ax = draw.figure(size=(6.6, 3.0))
bins = np.arange(-17.5, 0.6, 0.25)
draw.histogram(ax, logs[inside], bins, "first", "the truth is optimal")
draw.histogram(ax, logs[~inside], bins, "second", "it is not")
ax.set_yscale("log")
draw.label(ax, "log10 of the distance to the cone", "instances")
draw.legend(ax, "upper center")
draw.show(
    figure,
    "Distances to the cone: one heap is rounding, the other is visible, nothing lies between.",
)
print(f"{inside.sum()} of {len(rows)} are in the cone")
print(f"between {distance[inside].max():.0e} and {distance[~inside].min():.0e} lies no distance")
assert distance[~inside].min() > 1e8 * distance[inside].max()

# %% [markdown]
# ## The law
#
# *Along the truth and across.* Split each row into its part along the truth and the rest,
# $b_\ell = \frac{\tilde w_\ell}{\|\tilde h\|^2}\, \tilde h + b_\ell^\perp$ and $c_\ell = \frac{\tilde x_\ell}{\|\tilde m\|^2}\, \tilde m + c_\ell^\perp$. Along $\tilde h$, (1) says
# $\sum \lambda_\ell s_\ell \tilde x_\ell \tilde w_\ell = \sum \lambda_\ell |y_\ell| = \|\tilde h\|^2$; along $\tilde m$ the same, with the equal number $\|\tilde m\|^2$. As $|y_\ell| > 0$, this fixes the scale of $\lambda$ and nothing else. What remains is
#
# $$\sum_\ell \lambda_\ell\, g_\ell = 0, \qquad g_\ell = s_\ell \begin{pmatrix} \tilde x_\ell\, b_\ell^\perp \\ \tilde w_\ell\, c_\ell^\perp \end{pmatrix}, \qquad \text{in dimension } D = (K-1) + (N-1) = K + N - 2 ,$$
#
# with $\lambda \ge 0$ not all zero. **The program succeeds if and only if $0$ is in the convex hull of the $g_\ell$.**
#
# *Fair coins.* A Gaussian row has independent parts along and across a fixed direction, and the part across has the same law as its negative. So
# $(b_\ell^\perp, c_\ell^\perp)$ may be flipped by a fair coin, whatever $\tilde w_\ell$ and $\tilde x_\ell$ are, and each $g_\ell$ with it: nothing changes in law.
#
# *Counting* (Wendel 1962). Fix the $g_\ell$ in general position (any $D$ or fewer of them are independent), as they are with probability 1. $0$ is outside the hull of the $\varepsilon_\ell g_\ell$ if and only if they all lie in an open half-space,
# $\varepsilon_\ell\, g_\ell^\top v > 0$. So those patterns are the regions into which the $L$ hyperplanes $g_\ell^\top v = 0$ cut $\mathbb R^D$. Call their number $R(L, D)$.
#
# A new hyperplane is itself cut by the old ones into $R(L-1, D-1)$ pieces (inside it the old normals, projected along $g_L$, are in general position again). Regions are convex, so a region holds at most one piece, and each piece cuts its region in two:
#
# $$R(L, D) = R(L-1, D) + R(L-1, D-1), \qquad R(1, D) = R(L, 1) = 2 .$$
#
# *Claim*: $R(L, D) = 2 \sum_{k < D} \binom{L-1}{k}$. For $L = 1$ and for $D = 1$ the sum is 1. If the claim holds for $L - 1$, then
#
# $$R(L, D) = 2 \sum_{k < D} \binom{L-2}{k} + 2 \sum_{k < D} \binom{L-2}{k-1} = 2 \sum_{k < D} \binom{L-1}{k}$$
#
# by Pascal's rule $\binom{L-2}{k} + \binom{L-2}{k-1} = \binom{L-1}{k}$. So it holds for all $L$. $\square$
#
# The number does not depend on the vectors. Of $2^L$ equally likely patterns, $R(L, D)$ fail:
#
# $$P(\text{failure}) = 2^{-(L-1)} \sum_{k < D} \binom{L-1}{k} = P\bigl(\operatorname{Bin}(L-1, \tfrac12) \le D - 1\bigr), \qquad
#   \boxed{P(\text{success}) = P\bigl(\operatorname{Bin}(L-1, \tfrac12) \ge K + N - 2\bigr)}$$
#
# for Gaussian $B$, $C$ independent of $h$, $m$, without noise, with right signs. The same count by brute force, over all patterns:

# %%
for count, D in ((6, 2), (9, 3)):
    g, outside = np.random.default_rng(2).standard_normal((count, D)), 0
    for signs in product((1.0, -1.0), repeat=count):
        flipped = np.vstack([(np.array(signs)[:, None] * g).T, np.ones(count)])
        outside += nnls(flipped, np.append(np.zeros(D), 1.0))[1] > 1e-9  # 0 is no average of them
    counted = 2 * sum(comb(count - 1, k) for k in range(D))
    print(
        f"{count} vectors in dimension {D}: {outside} of {2**count} leave 0 outside, counted {counted}"
    )
    assert outside == counted

# %% [markdown]
# ## Promised and measured
#
# The law depends on $L$ and on $K + N$ alone, and is one half at $L = 2(K + N - 2)$, since $\operatorname{Bin}(2n - 1, \tfrac12) \ge n$ is as likely as not.

# %%
figure, axes = draw.figure(3, 2, size=(3.3, 2.5))
z = []
sizes = ((5, 5), (10, 5), (10, 10), (20, 20), (10, 50), (50, 50))
for ax, (K, N) in zip(axes, sizes, strict=True):
    mine = [row for row in rows if (row["K"], row["N"]) == (K, N)]
    L = np.array(values(mine, "L"))
    share = success_rate(mine, of="residual", below=EXACT, by=("L",))
    promised = wendel(L, K, N)
    draw.promised(ax, L, promised)
    draw.measured(ax, L, share, 200)
    draw.label(ax, "products L", "share", f"K = {K}, N = {N}")
    z.append((share - promised) / np.sqrt(np.maximum(promised * (1 - promised), 1 / 200) / 200))
draw.legend(axes[0], "lower right")
draw.show(
    figure,
    "Six sizes. The line is the law, the points are shares of 200 instances with 95 percent intervals.",
)
z = np.concatenate(z)
print(
    f"{z.size} shares: largest deviation {np.abs(z).max():.1f} standard deviations, mean square {np.mean(z**2):.2f}"
)
assert np.abs(z).max() < 4 and 0.6 < np.mean(z**2) < 1.5

# %% [markdown]
# Hoeffding's inequality for the binomial tail gives
# $P(\text{failure}) \le \exp\bigl(-\tfrac{(L - 2(K+N) + 5)^2}{2(L-1)}\bigr)$ for $L - 1 \ge 2(K+N-3)$. So for a given small chance of failure a surplus of a few times $\sqrt L$ is enough:

# %%
for L in (30, 44):
    print(f"K = N = 10, L = {L}: success is promised with {wendel(L, 10, 10):.0%}")
for K in (5, 10, 20, 80):
    L = np.arange(2 * K, 12 * K)
    half, sure = 4 * K - 4, int(L[np.argmax(wendel(L, K, K) >= 0.99)])
    surplus = (sure - half) / np.sqrt(sure)
    print(
        f"K = N = {K:2d}: one half at L = {half:3d}, 99 % at L = {sure:3d}, {surplus:.1f} sqrt(L) more"
    )

# %% [markdown]
# **Where it fails.** $K = N = 5$, $L = 16$, where the law says one half. The first two lines keep all hypotheses, the second with an unusual $h$. The last two break that $B$ is Gaussian. 400 instances each; $\pm$ is one standard deviation of such a share, estimated from the share itself:

# %%
rng = np.random.default_rng(0)
shares = {}
for name in ("Gaussian", "h with one nonzero", "random signs as B", "positive B and h"):
    hits = 0
    for _ in range(400):
        B, C = rng.standard_normal((2, 16, 5))
        h, m = rng.standard_normal((2, 5))
        h = np.eye(5)[0] if "nonzero" in name else h
        B = np.sign(B) if "signs" in name else B
        B, h = (np.abs(B), np.abs(h)) if "positive" in name else (B, h)
        w, x = B @ h, C @ m
        hits += l2_residual(Bilinear(B, C, w * x, np.sign(w)), Truth(h, m)) < EXACT
    shares[name] = hits / 400
    p = hits / 400
    print(
        f"{name:20} promised {wendel(16, 5, 5):.2f}, measured {p:.3f} +- {np.sqrt(p * (1 - p) / 400):.3f}"
    )
assert all(abs(shares[k] - 0.5) < 0.1 for k in ("Gaussian", "h with one nonzero"))
assert shares["random signs as B"] < 0.42 and shares["positive B and h"] < 0.1

# %% [markdown]
# The law asks of $h$ and $m$ only that they are not 0 and that $B$, $C$ are independent of them. Rows of random signs are symmetric about 0 and still break it: with a Gaussian $h$ the number $\tilde w_\ell$ gives the whole row away, so its part across is no fair coin.
#
# ## The rivals
#
# Other methods on the same instances, $K = N = 10$. The descents make the misfit of the products small, by alternating least squares, by gradient or by Gauss-Newton steps. Lifting and the descents from a spectral start use the signs only to choose between $(h, m)$ and $(-h, -m)$. *In the cone* asks no solver: its error is the distance to the cone. A descent has one start: *spectral* (also in the rows *alternating* and *gradient*), the leading singular vectors of $\sum_\ell y_\ell\, b_\ell c_\ell^\top$, or
# *signs*, $h = \sum_\ell t_\ell \sqrt{|y_\ell|}\, b_\ell$ and $m = \sum_\ell s_\ell t_\ell \sqrt{|y_\ell|}\, c_\ell$, with the known signs $t_\ell$ of $b_\ell^\top h$.

# %%
rivals = collect(PAPER["l2-rivals"], "results")
lengths = [20, 24, 28, 32, 36, 40, 44, 52, 60]
print("share of 50 with an error below 1e-4, and the share of answers with a certificate")
print(f"{'L':>23}" + "".join(f"{L:6d}" for L in lengths) + "   certified")
proved = {}
for method in values(rivals, "method"):
    mine = [row for row in rivals if row["method"] == method]
    rate = dict(zip(values(mine, "L"), success_rate(mine, by=("L",)), strict=True))
    proved[method] = np.mean([row["proved"] for row in mine])
    name = {"certificate": "in the cone", "gauss-newton": "gauss-newton, spectral"}.get(
        method, method
    )
    print(f"{name:>23}" + "".join(f"{rate[L]:6.2f}" for L in lengths), end="")
    print(f"{proved[method]:11.2f}" if method not in ("lifting", "certificate") else f"{'-':>11}")
assert proved["branchhull"] > 0.99 and proved["gauss-newton, signs"] == 0

# %% [markdown]
# **Here Gauss-Newton from the signs does with fewer products than the convex program**, nearly with as many as there are unknowns (20, and 19 besides the scale). This is no contradiction. The law is about the
# *smallest* point of the hulls; few products may determine the truth, and the hulls still hold a smaller point. (The certificate of lifting, in
# [lesson 10](10_bilinear_lifting.ipynb), was not stored.)
#
# A descent that ends with all products reproduced has proved that its misfit cannot be smaller. If it ends with a misfit, this may be a local minimum, and nothing is proved. BranchHull's certificate says that its answer is the smallest
# point of the hulls. Neither says by itself that the answer is the truth. For BranchHull and Gaussian data the law says how often it is; for the descents we have only the table.
#
# ## Explore
#
# Two maps of 20 instances a cell: the convex program, decided by the cone, and Gauss-Newton from the signs, decided by its error; dark is none,
# bright is all. Choose a cell; its 20 instances are made and decided again.
# Find the $L$ at which Gauss-Newton fails for $K = 20$, and compare it with the 40 unknowns.

# %%
grid = collect(PAPER["l2-map"], "results")
K_axis, L_axis = values(grid, "K"), values(grid, "L")
convex = 20 * success_rate(grid, of="residual", below=EXACT, by=("K", "L"))
newton = 20 * success_rate(grid, of="newton", by=("K", "L"))


def solve_cell(K, L):
    """Both maps with one cell framed, whose instances are decided again."""
    figure, axes = draw.figure(2, size=(4.4, 3.6))
    for ax, counts, title in zip(
        axes, (convex, newton), ("BranchHull", "Gauss-Newton, signs"), strict=True
    ):
        draw.label(ax, "products L", "K = N", title)
        draw.count_map(ax, counts, L_axis, K_axis, 20)
        draw.curve(ax, [4 * k - 4 for k in K_axis], K_axis, "second", "one half, by the law")
        draw.cell(ax, L_axis, K_axis, (L, K))
    draw.legend(axes[0], "upper left")
    stored = next(row for row in grid if (row["K"], row["L"]) == (K, L))
    again = resolve(PAPER["l2-map"], stored)
    return figure, {
        "the law promises": f"{wendel(L, K, K):.0%}",
        "BranchHull, decided again": f"{sum(row['residual'] < EXACT for row in again)} of 20",
        "Gauss-Newton, solved again": f"{sum(row['newton'] < 1e-4 for row in again)} of 20",
    }


explorer(
    solve_cell,
    K=SelectionSlider(options=K_axis, value=10, description="K = N"),
    L=SelectionSlider(options=L_axis, value=36, description="L"),
)

# %% tags=["hide-input"]
law = PAPER["l2-law"]
for entry in provenance(law, "results"):
    print(
        f"{entry['sweep']} version {entry['version']}, seed {entry['seed']}, {entry['jobs']} jobs of 20 instances"
    )
print(
    f"stale among three rows decided again: {len(recheck(law, rows, np.random.default_rng(), of='residual'))}"
)
print(table(examine(LEDGER["Hoeffding's tail"], np.random.default_rng(0))))

# %% [markdown]
# The folded cell decides three stored rows again, and measures Hoeffding's bound.
#
# ## Take away
#
# * Success is membership in a cone, and nonnegative least squares decides it.
# * The question becomes whether 0 is in the hull of $L$ symmetric vectors in $K + N - 2$ dimensions, and that has an exact answer.
# * In our trials Gauss-Newton from the signs needed fewer products; the convex program needs no start and comes with a law.
#
# **The guesses.** (1) 13 % and 89 %; for 99 % book 53 minutes. (2) Both are equally hard: the law knows $K + N$ only. (3) In twelve.
#
# **Break it yourself.** Put `noise=0.01` into `branchhull.gaussian` in the first comparison, and take its asserts out. Is the truth still in the cone? Is it still feasible?
#
# **Exercise**: [14_phase_transition](../exercises/14_phase_transition.ipynb).
#
# ## Sources
#
# * "$L \gg 2(K+N)$": A. Aghasi, A. Ahmed, P. Hand, B. Joshi, arXiv 1702.04342, abstract.
# * J. G. Wendel, *A problem in geometric probability*, Mathematica Scandinavica 11, 1962. Spectral start: Li, Ling, Strohmer, Wei, arXiv 1606.04933.
# * The law for BranchHull is derived for this kit. The sweeps are `kit.experiments.trials`; the descents `kit.branchhull.rivals`.
