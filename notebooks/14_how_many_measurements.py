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
# **The question.** BranchHull has $K + N$ unknowns. It recovers them from $L$ products when $L$ is
# large, and not when $L$ is small. Where is the border, how sharp is it, and can its place be derived
# rather than fitted?
#
# **After this lesson** you can derive the exact law
# $P(\text{success}) = P(\operatorname{Bin}(L-1, \tfrac12) \ge K + N - 2)$, decide success by a
# certificate that has no threshold, check thousands of stored trials, and say what a method without a
# proof can do below the border.
#
# **Before**: [12 BranchHull](12_branchhull.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 35 minutes.

# %%
# %matplotlib inline
from functools import partial
from math import comb

import numpy as np
from ipywidgets import SelectionSlider
from scipy.optimize import nnls

from kit import branchhull
from kit.course.explorers import explorer
from kit.course.figures import counts as figures
from kit.course.figures.style import caption
from kit.experiments import collect, provenance, recheck, run, success_rate, values
from kit.experiments.bilinear import EXACT, l2_residual, wendel
from kit.experiments.theorems import LEDGER, examine, table
from kit.experiments.trials import LAPTOP, PAPER

# %% [markdown]
# ## Nouns
#
# * A **trial**: draw $B$, $C$, $h$, $m$ Gaussian (entries independent and standard normal), and ask
#   whether the program gives back the truth.
# * A `Sweep`: a trial, a grid of sizes, a number of trials. An experiment is data, and one runner does
#   all of them.
# * A **row**: what one trial measured. Rows keep numbers; whether a number counts as success is decided
#   when they are drawn.
#
# ## Test bed: one trial
#
# **Guess first.** $K = N = 10$: twenty unknowns. Of $L = 30$ products, how often will the program
# recover them? Of $L = 44$?

# %%
for L in (30, 44):
    errors = []
    for seed in range(20):
        data, truth = branchhull.gaussian(np.random.default_rng([L, seed]), L, 10, 10)
        answer = branchhull.solve(branchhull.BranchHull(data))
        errors.append(branchhull.recovery_error(answer.h, answer.m, truth))
    print(f"L = {L}: {np.sum(np.array(errors) < 1e-4)} of 20 errors are below 1e-4")

# %% [markdown]
# This is the naive method, and it has two faults. It needs a solver, whose accuracy is mixed into the
# answer. And it needs a threshold: why $10^{-4}$? Both can be avoided.
#
# ## When is the truth the optimum?
#
# Write $(\tilde h, \tilde m)$ for the balanced truth (lesson 11: $\|\tilde h\| = \|\tilde m\|$), and
# $\tilde w = B \tilde h$, $\tilde x = C \tilde m$. There, *every* product constraint is active,
# $s_\ell \tilde w_\ell \tilde x_\ell = |y_\ell|$, and no sign constraint is, as $\tilde w_\ell \ne 0$. The
# gradient of the $\ell$-th product is
#
# $$a_\ell = s_\ell \begin{pmatrix} \tilde x_\ell\, b_\ell \\ \tilde w_\ell\, c_\ell \end{pmatrix} \in \mathbb R^{K+N} .$$
#
# The feasible set is convex, and it has interior points ($c\,(\tilde h, \tilde m)$ with $c > 1$ is one),
# so $(\tilde h, \tilde m)$ is optimal exactly when minus the gradient of the objective is a nonnegative
# combination of the outward normals $-a_\ell$, that is:
#
# $$\text{there are } \lambda_\ell \ge 0 \text{ with } \quad \sum_\ell \lambda_\ell\, a_\ell = \begin{pmatrix}\tilde h \\ \tilde m\end{pmatrix} . \tag{1}$$
#
# (The factor 2 of the gradient is absorbed in $\lambda$.) It is then the *only* optimum: the objective
# is strictly convex. So success is a question about a cone, and nonnegative least squares answers it:
#
# $$\text{residual} = \min_{\lambda \ge 0} \bigl\| A^\top \lambda - z \bigr\| / \|z\|, \qquad z = (\tilde h, \tilde m) .$$

# %%
data, truth = branchhull.gaussian(np.random.default_rng(1), L=44, K=10, N=10)
h, m = branchhull.balance(truth.h, truth.m)
s = np.sign(data.y)[:, None]
A = s * np.hstack([(data.C @ m)[:, None] * data.B, (data.B @ h)[:, None] * data.C])
z = np.concatenate([h, m])
weights, left = nnls(A.T, z)
print(f"{np.count_nonzero(weights)} of 44 weights are positive")
print(f"residual below 1e-14: {left / np.linalg.norm(z) < 1e-14}")
assert weights.min() >= 0 and abs(weights @ np.abs(data.y) - h @ h) < 1e-12 * (h @ h)

# %% [markdown]
# (The last line checks what (1) says along $\tilde h$: $\sum_\ell \lambda_\ell |y_\ell| = \|\tilde h\|^2$.)
# `l2_residual` does this after scaling the rows; the solver agrees with it every time:

# %%
agree = 0
for seed in range(40):
    data, truth = branchhull.gaussian(np.random.default_rng(seed), L=36, K=10, N=10)
    answer = branchhull.solve(branchhull.BranchHull(data))
    error = branchhull.recovery_error(answer.h, answer.m, truth)
    agree += (l2_residual(data, truth) < EXACT) == (error < 1e-4)
print(f"certificate and solver agree in {agree} of 40 trials")
assert agree == 40

# %% [markdown]
# (Where is the threshold? `EXACT` is 1e-9, and any number in the gap of the next picture would do.)
#
# ## Certificates decide without a threshold
#
# `results/` holds the rows of a sweep over six sizes, twelve values of $L$ and 200 trials each. Each
# row is one residual.
#
# **Guess first.** Draw all the residuals in one histogram. How many will lie between $10^{-14}$ and
# $10^{-6}$, where a threshold would be a matter of opinion?

# %%
law = PAPER["l2-law"]
rows = collect(law, "results")
for entry in provenance(law, "results"):
    print(entry["sweep"], "version", entry["version"], "seed", entry["seed"], entry["trial"])
    print(f"{entry['jobs']} jobs of 20 instances each")

# %%
figure, facts = figures.verdicts([row["residual"] for row in rows])
figure

# %%
print(
    caption(
        "{instances} instances; between those that are rounding and the others, more than "
        "{orders} powers of ten are empty.",
        {**facts, "orders": int(facts["powers of ten between"] / 5) * 5},
    )
)
assert facts["powers of ten between"] > 8

# %% [markdown]
# Are the stored rows what the code gives today? A trial's random stream is made from its name, so any
# trial can be done again. Three random ones:

# %%
stale = recheck(law, rows, np.random.default_rng(), of="residual")
print("altered or stale:", stale)
assert not stale

# %% [markdown]
# ## The law
#
# Now derive how likely (1) is. Split each row into its part along the truth and the rest:
#
# $$b_\ell = \frac{\tilde w_\ell}{\|\tilde h\|^2}\, \tilde h + b_\ell^\perp, \qquad c_\ell = \frac{\tilde x_\ell}{\|\tilde m\|^2}\, \tilde m + c_\ell^\perp .$$
#
# *Along the truth.* (1) says $\sum \lambda_\ell s_\ell \tilde x_\ell \tilde w_\ell = \|\tilde h\|^2$, that is
# $\sum \lambda_\ell |y_\ell| = \|\tilde h\|^2$; and the same number for $\tilde m$. One condition, and since
# $|y_\ell| > 0$ it only fixes the scale of $\lambda$.
#
# *Across.* What remains is
#
# $$\sum_\ell \lambda_\ell\, g_\ell = 0, \qquad g_\ell = s_\ell \begin{pmatrix} \tilde x_\ell\, b_\ell^\perp \\ \tilde w_\ell\, c_\ell^\perp \end{pmatrix} \in \mathbb R^{d}, \qquad d = (K-1) + (N-1) = K + N - 2 ,$$
#
# with $\lambda \ge 0$ not all zero. So: **the program succeeds iff $0$ is in the convex hull of the $L$
# vectors $g_\ell$.**
#
# *Symmetry.* $B$ and $C$ are Gaussian and independent of $h$ and $m$, so $(b_\ell^\perp, c_\ell^\perp)$ is
# independent of $(\tilde w_\ell, \tilde x_\ell)$ and has the same law as its negative. Hence so has $g_\ell$,
# whatever the others do: we may flip the sign of each $g_\ell$ by a fair coin and change nothing.
#
# *Counting* (Wendel 1962). Fix $g_1, \dots, g_L$ in general position, as they are with probability 1. Of the $2^L$ sign patterns
# $\varepsilon$, how many leave $0$ *outside* the hull of the $\varepsilon_\ell g_\ell$? Outside means: some
# $\delta$ has $\varepsilon_\ell\, g_\ell^\top \delta > 0$ for all $\ell$. So each such pattern is one of the
# regions into which the $L$ hyperplanes $g_\ell^\top \delta = 0$ cut $\mathbb R^d$. Let $R(L, d)$ be their
# number. A new hyperplane is itself cut by the old ones into $R(L-1, d-1)$ pieces, and each piece cuts one
# region in two (Pascal's rule then gives the sum, by induction over $L$):
#
# $$R(L, d) = R(L-1, d) + R(L-1, d-1), \quad R(1, d) = R(L, 1) = 2 \quad\Longrightarrow\quad R(L, d) = 2 \sum_{k < d} \binom{L-1}{k} .$$
#
# The number does not depend on the vectors! Divide by $2^L$:
#
# $$P(\text{failure}) = 2^{-(L-1)} \sum_{k < d} \binom{L-1}{k} = P\bigl(\operatorname{Bin}(L-1, \tfrac12) \le d - 1\bigr), \qquad
#   \boxed{P(\text{success}) = P\bigl(\operatorname{Bin}(L-1, \tfrac12) \ge K + N - 2\bigr)}$$
#
# In the plane, $d = 2$, the count is $R(L, 2) = 2 L$. **Guess first**: of the 64 sign patterns of six
# arrows, how many leave all arrows in a half-plane?

# %%
figure, facts = figures.half_plane(count=6, seed=1)
figure

# %%
print(
    caption(
        "Of {sign patterns} sign patterns, {of which leave 0 outside} leave 0 outside; Wendel's "
        "count says {Wendel's count}.",
        facts,
    )
)
assert facts["of which leave 0 outside"] == facts["Wendel's count"]

# %% [markdown]
# In three dimensions, by brute force over all patterns of nine vectors:

# %%
g = np.random.default_rng(2).standard_normal((9, 3))
outside = 0
for bits in range(2**9):
    signs = 1 - 2.0 * np.array([bits >> k & 1 for k in range(9)])
    # 0 = sum lam g, sum lam = 1 has a solution lam >= 0?
    _, left = nnls(np.vstack([(signs[:, None] * g).T, np.ones(9)]), np.array([0, 0, 0, 1.0]))
    outside += left > 1e-9
print(f"{outside} of 512 leave 0 outside; 2 (1 + 8 + 28) = {2 * sum(comb(8, k) for k in range(3))}")
assert outside == 2 * sum(comb(8, k) for k in range(3))

# %% [markdown]
# ## Measured beside promised
#
# The law has no constant to fit. It puts 50 percent at $L = 2(K + N - 2)$, depends on $K + N$ only, and
# not at all on $h$, $m$, or the size of a row. The abstract of the paper says $L \gg 2(K + N)$ suffices,
# with "a precise upper bound on the coefficient"; this is the whole curve.
#
# **Guess first.** Which is easier, $K = N = 30$ or $K = 10$, $N = 50$?

# %%
curves = {}
for K, N in ((5, 5), (10, 5), (10, 10), (20, 20), (10, 50), (50, 50)):
    mine = [row for row in rows if (row["K"], row["N"]) == (K, N)]
    L = np.array(values(mine, "L"))
    measured = success_rate(mine, of="residual", below=EXACT, by=("L",))
    curves[f"K = {K}, N = {N}"] = (L, measured, wendel(L, K, N), 200)
figure, facts = figures.panels(curves, "measurements L")
figure

# %%
print(
    caption(
        "{points} points; the largest deviation is {largest deviation:.1f} standard deviations, and "
        "their mean square {mean square:.2f} (1 is chance alone).",
        facts,
    )
)
assert facts["largest deviation"] < 4 and 0.6 < facts["mean square"] < 1.5

# %% [markdown]
# The sweep itself is one line. With the rows in place it has nothing to do; on an empty folder it takes
# seconds, shows a bar, and can be killed and resumed: every row is on disk as it comes.

# %% tags=["nbval-skip", "skip-execution"]
run(LAPTOP["l2-law"], "results")  # or PAPER["l2-law"]; replace(..., seed=1) for fresh trials

# %% [markdown]
# How many measurements make failure rare? Hoeffding's inequality for the binomial tail gives
# $P(\text{failure}) \le \exp\bigl(-\tfrac{(L - 2(K+N) + 5)^2}{2(L-1)}\bigr)$ for $L - 1 \ge 2(K+N-3)$: some
# $\sqrt{L}$ more than the border, not a multiple of it.

# %%
for K in (5, 20, 80):
    L = np.arange(2 * K, 12 * K)
    needed = L[np.argmax(wendel(L, K, K) >= 0.99)]
    more = needed - (4 * K - 4)
    print(
        f"K = N = {K:2d}: 50 % at L = {4 * K - 4:3d}, 99 % at L = {needed:3d}, "
        f"{more:2d} more = {more / np.sqrt(needed):.1f} sqrt(L)"
    )

# %% [markdown]
# ## What a threshold would have said
#
# The rows of another sweep hold, for $K = N = 10$, the certificate's verdict and the errors of several
# methods *on the same instances*. Near the border a failed answer can look almost right: here are the
# smallest errors of BranchHull's solver where the certificate says that the truth is not optimal.

# %%
rivals = collect(PAPER["l2-rivals"], "results")
by = {(r["method"], r["L"], r["trial"]): r["error"] for r in rivals}
failed = [key for key in by if key[0] == "certificate" and by[key] > EXACT]
errors = np.sort([by["branchhull", L, trial] for _, L, trial in failed])
print(f"{errors.size} instances fail; smallest errors {errors[:4].round(4)}")
for below in (1e-1, 1e-2, 1e-4):
    print(f"threshold {below:7.0e}: {np.sum(errors < below):3d} failures would count as successes")
assert np.all(errors > 1e-4)

# %% [markdown]
# ## The other methods on the same instances

# %%
print("share with error < 1e-4, 50 instances each; K = N = 10, 20 unknowns")
lengths = [20, 24, 28, 32, 36, 40, 44, 52, 60]
print(f"{'L':>22}" + "".join(f"{L:6d}" for L in lengths))
for method in values(rivals, "method"):
    mine = [r for r in rivals if r["method"] == method]
    rate = dict(zip(values(mine, "L"), success_rate(mine, by=("L",)), strict=True))
    print(f"{method:>22}" + "".join(f"{rate[L]:6.2f}" for L in lengths))

# %% [markdown]
# Lifting, without signs, needs more (lesson 10). But the descents of lesson 12, one start each, find
# the truth *below* the border of the convex program. Gauss-Newton on the residuals, begun at the signs
# (one bit for each product), does so nearly as soon as there are more equations than unknowns.
#
# This is no contradiction. The law says when the truth is the *smallest point of the hulls*; that is
# more than being the only point with the right products. Below the border BranchHull still returns a
# certified optimum, which is then not the truth; Gauss-Newton returns the truth more often, and a point
# that proves nothing when it fails:

# %%
proved = {
    m: np.mean([r["proved"] for r in rivals if r["method"] == m]) for m in values(rivals, "method")
}
print(
    f"share of answers with a proof of optimality: branchhull {proved['branchhull']:.2f}, "
    f"gauss-newton {proved['gauss-newton, signs']:.2f}"
)
assert proved["branchhull"] > 0.99 and proved["gauss-newton, signs"] == 0

# %% [markdown]
# ## Explore
#
# Two maps over $L$ and $K = N$: the convex program, decided by certificate, and Gauss-Newton from the
# signs, decided by its error. Choose a cell: its 20 instances are solved again while you watch.
#
# Things to try: walk along the dashed line, where one half is promised. Find the $L$ at which
# Gauss-Newton fails for $K = 20$, and compare with the 40 unknowns.

# %%
grid = collect(PAPER["l2-map"], "results")
explorer(
    partial(figures.l2_cell, grid),
    K=SelectionSlider(options=values(grid, "K"), value=10, description="K = N"),
    L=SelectionSlider(options=values(grid, "L"), value=36, description="L"),
)

# %% [markdown]
# ## Break it yourself
#
# The derivation used symmetry, right signs, and exact products. The kit's ledger of theorems measures a
# statement inside its hypotheses and again with each one broken, it alone:

# %%
print(table(examine(LEDGER["Law of success"], np.random.default_rng(0))))

# %% [markdown]
# Try more: replace $B$ by rows that are symmetric but not Gaussian, such as random signs. Which step
# of the derivation survives? (The across part of $b_\ell$ is then no longer independent of
# $\tilde w_\ell$, but is each $g_\ell$ still symmetric?) Try $h$ with one nonzero entry.
#
# ## Take away
#
# * Success is membership in a cone; a certificate decides it without solver and without threshold.
# * $0$ in the hull of $L$ symmetric vectors in $K + N - 2$ dimensions: one half at $L = 2(K + N - 2)$, and
#   99 percent some $2.3 \sqrt L$ later.
# * Local descent goes below the line, Gauss-Newton from the signs furthest, and proves nothing.
# * Rows keep numbers; any of them can be done again.
#
# **Exercise**: [14_phase_transition](../exercises/14_phase_transition.ipynb), about reading the law and an
# experiment.
#
# ## Sources
#
# * "$L \gg 2(K+N)$": A. Aghasi, A. Ahmed, P. Hand, B. Joshi, arXiv 1702.04342, abstract.
# * J. G. Wendel, *A problem in geometric probability*, Mathematica Scandinavica 11, 1962; the regions of
#   hyperplanes through the origin: L. Schläfli, 19th century, and T. Cover, 1965.
# * The law for BranchHull is derived for this kit; the sweeps are `kit.experiments.trials`.
