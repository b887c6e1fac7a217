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
# # 15 Sparse signals
#
# A drummer plays in an unknown room. A recording has 100 possible moments of a stroke and 100 possible delays of an echo, but he plays only five
# strokes, and only five walls answer. A transform turns what the microphone hears into products: one factor is a known mixture of the echoes, the other a
# known mixture of the strokes. The program of lesson 12 would ask for about 400 of these products to succeed every other time (lesson 14). You have 80, fewer than half as many
# as unknowns. Nobody tells you which five moments and which five delays. (Here both mixtures are Gaussian, as in
# the theorem.)
#
# **Afterwards you can** write BranchHull with the $\ell_1$ norm, decide by one linear program whether it finds the truth, with a proof
# if it does, and read the published map of successes (a phase plot) and its line beside exact counts.
# **Before**: [11](11_hull_geometry.ipynb), [14](14_how_many_measurements.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 30 minutes.

# %%
# %matplotlib inline
import numpy as np
from ipywidgets import IntSlider
from scipy.optimize import linprog
from scipy.stats import binom

from kit import branchhull
from kit.branchhull import BranchHull
from kit.course import draw
from kit.course.explorers import explorer
from kit.experiments import collect, provenance, recheck, success_rate, values
from kit.experiments.sparse import PUBLISHED, PUBLISHED_FIRST, published_line
from kit.experiments.theorems import LEDGER, examine, table
from kit.experiments.trials import PAPER

# %% [markdown]
# ## The question
#
# $h \in \mathbb R^K$ has $S_1$ nonzero entries and $m \in \mathbb R^N$ has $S_2$. Such vectors are called **sparse**, and the places of the nonzeros are the
# **support**. As in lesson 12, $w = B h$, $x = C m$, we measure $y = w \circ x$ and know $t = \operatorname{sign}(w)$; $s = \operatorname{sign}(y)$. Does a program that likes zeros do with fewer
# products?
#
# **Guess first.** (1) The program of lesson 12 on the 80 products: how many of the 100 entries of its $h$ are 0? (2) Let the room and the piece grow
# together: $S$ nonzeros in each, $K = N = 20\,S$. If $S$ doubles, by what factor does the needed number of products grow? (3) The authors counted
# successes of an iterative solver. Where exact counts differ from theirs, which are higher?
#
# ## By hand: a disc and a diamond
#
# Take $K = 1$, $N = 2$ as in lesson 11. With $z = h m$ a product says $n_\ell^\top z \ge |y_\ell|$ with $n_\ell = s_\ell b_\ell c_\ell$, a half-plane, and BranchHull takes the point that a growing disc
# touches first. Measure size by $|h| + \|m\|_1$ instead. The smallest such sum for a given $z$ is $2 \sqrt{\|z\|_1}$ (as in lesson 11, (3)), so now a growing *diamond*
# $\|z\|_1 \le r$ decides. Let the truth be sparse, on the first axis.


# %%
def touch(data, norm):
    """The point of the polygon with the smallest norm."""
    n, d = np.sign(data.y)[:, None] * data.B * data.C, np.abs(data.y)
    if norm == "l1":  # in the positive and the negative part of z
        answer = linprog(np.ones(4), A_ub=np.hstack([-n, n]), b_ub=-d)
        return n, d, answer.x[:2] - answer.x[2:]
    answer = branchhull.solve(BranchHull(data))
    return n, d, answer.h[0] * answer.m


def axis_data(rng, L):
    """Gaussian products of one voltage and a sparse m of two entries; and the true z."""
    B, C = np.abs(rng.standard_normal((L, 1))), rng.standard_normal((L, 2))
    truth = np.array([2.0, 0.0])
    return branchhull.Bilinear(B, C, B[:, 0] * (C @ truth), np.ones(L)), truth


data, truth = axis_data(np.random.default_rng(3), 1)
figure, axes = draw.figure(2, size=(4.2, 4.0))
for ax, norm, words in zip(axes, ("l2", "l1"), ("disc", "diamond"), strict=True):
    n, d, z = touch(data, norm)
    draw.plane(ax, 3, "z₁", "z₂", f"one product, a growing {words}")
    draw.half_planes(ax, n, d, label="allowed")
    draw.ball(ax, np.linalg.norm(z, 1 if norm == "l1" else 2), norm)
    draw.points(ax, truth, "truth", "truth")
    draw.points(ax, z, "answer", "answer")
    draw.legend(ax, "upper left")
    print(f"{words}: distance to the truth {np.linalg.norm(z - truth):.3f}")
draw.show(
    figure,
    "The allowed half-plane of one product. The disc touches it at the foot of the perpendicular, which is "
    "not the truth. The diamond touches it with a corner, and the corner is the sparse truth.",
)

# %% [markdown]
# *When is the corner the answer?* All lines go through the truth $z = (z_1, 0)$, $z_1 > 0$. As $n_\ell^\top z = |y_\ell| > 0$, the first entry of each $n_\ell$ is positive. Let $\tau_\ell$ be the second entry
# divided by the first. As in lesson 01 weights give a bound. Let $\lambda_\ell \ge 0$ make $\sum \lambda_\ell n_\ell$ a vector $(1, v)$ with $|v| \le 1$. Then each allowed $z'$ has
# $\|z'\|_1 \ge z'_1 + v z'_2 \ge \sum \lambda_\ell |y_\ell| = z_1$, so none is smaller than the truth, and if $|v| < 1$ no other is as small. The $v$ that can be reached are the averages $\sum \omega_\ell \tau_\ell$ with $\omega_\ell = \lambda_\ell n_{\ell 1} \ge 0$, $\sum \omega_\ell = 1$. One lies in $[-1, 1]$
# unless all $\tau_\ell > 1$ or all $\tau_\ell < -1$. If all $\tau_\ell > a > 1$, the small step $\epsilon\,(-a, 1)$ from the truth
# stays allowed, since $n_{\ell 1}(\tau_\ell - a) > 0$, and $\|z\|_1$ falls by $\epsilon (a - 1)$. The other case is its mirror image.
#
# For a Gaussian $c_\ell$, $P(\tau_\ell > 1) = \tfrac14$: the direction of $(c_{\ell 1}, c_{\ell 2})$, up to sign, is uniform, and this is a quarter of all. So
# $P(\text{success}) = 1 - 2 \cdot 4^{-L}$ for the diamond. For the disc lesson 11 has $1 - 2 \cdot 2^{-L}$.

# %%
print("L   disc, lesson 11   diamond: promised, measured in 300 trials")
for L in (1, 2, 3):
    hits = 0
    for seed in range(300):
        data, truth = axis_data(np.random.default_rng([L, seed]), L)
        hits += np.linalg.norm(touch(data, "l1")[2] - truth) < 1e-4
    diamond = 1 - 2 * 4.0**-L
    print(f"{L} {1 - 2.0 ** (1 - L):13.1%} {diamond:20.1%} {hits / 300:10.1%}")
    assert abs(hits / 300 - diamond) < 0.09

# %% [markdown]
# ## The program
#
# $$\min_{h, m}\ \|h\|_1 + \|m\|_1 \quad \text{subject to} \quad s_\ell w_\ell x_\ell \ge |y_\ell|, \quad t_\ell w_\ell \ge 0, \qquad w = B h,\ x = C m. \tag{1}$$
#
# As for the $\ell_2$ norm, $(c\,h, m/c)$ has the same products, so the smallest point has $\|h\|_1 = \|m\|_1$: an answer is compared with the truth balanced in this norm, $(\tilde h, \tilde m)$.
#
# ## From scratch: is the truth the answer?
#
# Let $\tilde w = B \tilde h$, $\tilde x = C \tilde m$, and $a_\ell = s_\ell (\tilde x_\ell b_\ell\,;\ \tilde w_\ell c_\ell)$ be the gradients of the active products, the rows of $A$, as in lesson 14. From here on
# $z = (\tilde h, \tilde m)$, and no reading is 0. **The balanced truth is an optimum of (1) if and only if**
#
# $$\text{there are } \lambda \ge 0 \text{ with} \qquad (A^\top \lambda)_j = \operatorname{sign} z_j \ \text{ on the support of } z, \qquad |(A^\top \lambda)_j| \le 1 \ \text{ off it.} \tag{2}$$
#
# For $\ell_2$ the right-hand side was one vector, $K + N$ equations. Here only $S_1 + S_2$ equations are left, and the rest is a box. Ask for more
# than yes or no: **the largest $\theta$ such that some $\lambda \ge 0$ has $(A^\top \lambda)_j = \theta \operatorname{sign} z_j$ on the support and $|(A^\top \lambda)_j| \le 1$ off it**. The truth is an optimum if and only if $\theta \ge 1$:
# divide $\lambda$ by $\theta$; and with (2) $\theta = 1$ is possible. (There may be no largest $\theta$, so the code looks no further than 1,000.)


# %% tags=["from-scratch"]
def room(data, h, m):
    """The largest theta, and its weights, by one linear program; (h, m) is the balanced truth."""
    s = np.sign(data.y)[:, None]
    A = s * np.hstack([(data.C @ m)[:, None] * data.B, (data.B @ h)[:, None] * data.C])
    z = np.concatenate([h, m])
    on, L = z != 0, len(A)
    box = np.hstack([A[:, ~on].T, np.zeros((np.sum(~on), 1))])  # unknowns: lambda, then theta
    signs = np.hstack([A[:, on].T, -np.sign(z[on])[:, None]])
    answer = linprog(
        -np.eye(L + 1)[L],
        A_ub=np.vstack([box, -box]),
        b_ub=np.ones(2 * len(box)),
        A_eq=signs,
        b_eq=np.zeros(len(signs)),
        bounds=[(0, None)] * L + [(0, 1000)],
    )
    return answer.x[L], answer.x[:L]


# %% [markdown]
# *Check* against the definition, which is to solve (1) and compare with the truth, and against the kit's `branchhull.verdict`, whose margin is $1 - 1/\theta$.

# %% tags=["compared"]
print(" L   theta > 1   solver finds the truth   both   theta, margin by the kit ≈ apart")
for L in (20, 28, 36):
    mine, solved, apart, margins = [], [], [], []
    for seed in range(12):
        rng = np.random.default_rng([15, L, seed])
        data, truth = branchhull.gaussian(rng, L, 60, 60, sparsity=(3, 3))
        h, m = branchhull.balance(truth.h, truth.m, "l1")
        theta, weights = room(data, h, m)
        answer = branchhull.solve(BranchHull(data, "l1"))
        mine.append(theta > 1)
        margins.append(abs(theta - 1))
        solved.append(branchhull.recovery_error(answer.h, answer.m, truth, "l1") < 1e-4)
        margin = branchhull.verdict(data, truth, "l1").margin
        apart.append(abs(theta - 1 / (1 - margin)))
        assert abs(weights @ np.abs(data.y) - theta * np.sum(np.abs(h))) < 1e-6  # (2) along h
    both = sum(np.logical_and(mine, solved))
    print(f"{L} {sum(mine):7d} of 12 {sum(solved):18d} of 12 {both:6d}", end="")
    print(f"   ≈ {max(apart):.0e}; theta is {min(margins):.3f} or more away from 1")
    assert mine == solved and max(apart) < 1e-6

# %% [markdown]
# The kit also handles $y_\ell = 0$ and data that contradict the truth, and reports whether the truth is proved to be the *only* optimum
# ([verdict.py](../kit/branchhull/data/verdict.py): $\theta > 1$ and a rank suffice, with the proof). The solver of the linear program has a tolerance of $10^{-7}$, far below the printed distances of $\theta$ from 1.
#
# ## Why it is right
#
# *(2) is enough.* Let $(h', m')$ be any feasible point, $z'$ both together, $w'$, $x'$ its factors.
#
# 1. By the signs, $s_\ell \tilde x_\ell w'_\ell = |\tilde x_\ell w'_\ell|$ and $s_\ell \tilde w_\ell x'_\ell = |\tilde w_\ell x'_\ell|$, so $a_\ell^\top z' = |\tilde x_\ell w'_\ell| + |\tilde w_\ell x'_\ell|$.
# 2. The means inequality and feasibility give $a_\ell^\top z' \ge 2\sqrt{|\tilde w_\ell \tilde x_\ell|\,|w'_\ell x'_\ell|} \ge 2 |y_\ell|$.
# 3. By (2), $\|z'\|_1 \ge (A^\top \lambda)^\top z' = \sum \lambda_\ell\, a_\ell^\top z' \ge 2 \sum \lambda_\ell |y_\ell|$, since $|(A^\top\lambda)_j| \le 1$ everywhere.
# 4. For $z$ itself all are equalities: $(A^\top \lambda)^\top z = \|z\|_1$ and $a_\ell^\top z = 2 |y_\ell|$. So $\|z'\|_1 \ge \|z\|_1$. $\square$
#
# *It is needed.* The program is convex and $c\,z$ with $c > 1$ is an interior point. The signs are no active constraints at the truth, as $\tilde w_\ell \ne 0$. So an optimum has multipliers (Karush, Kuhn, Tucker): a subgradient of
# $\|z\|_1$, which is $\operatorname{sign} z_j$ on the support and anything in $[-1, 1]$ off it, is a nonnegative combination of the gradients.
#
# Now the drummer, with 80 products. The last line compares the truth's value, $2\|\tilde h\|_1$, with the bound of step 3; the program's weights are divided by $\theta$, so that (2) holds:

# %%
data, truth = branchhull.gaussian(np.random.default_rng(1), L=80, K=100, N=100, sparsity=(5, 5))
h, m = branchhull.balance(truth.h, truth.m, "l1")
theta, weights = room(data, h, m)
for objective in ("l2", "l1"):
    answer = branchhull.solve(BranchHull(data, objective))
    error = branchhull.recovery_error(answer.h, answer.m, truth, objective)
    zeros = np.sum(np.abs(answer.h) < 1e-6 * np.abs(answer.h).max())
    print(f"{objective}: error ≈ {error:.1e}; entries of h that are 0: {zeros} of 100")
    assert (error < 1e-6 and zeros == 95) if objective == "l1" else (error > 0.5 and zeros == 0)
print(f"theta = {theta:.3f}; 2 |h|_1 = {2 * np.abs(h).sum():.6f}", end=", ")
print(f"proved at least {2 * (weights / theta) @ np.abs(data.y):.6f}")
assert theta > 1

# %% [markdown]
# ## Promised and measured
#
# **Theorem** (arXiv 1809.08359). Let $B$, $C$ be Gaussian and independent of $h$, $m$, without noise, with right signs, and let
# $\|h\|_1/\|h\|_2$ and $\|m\|_1/\|m\|_2$ be equal up to a constant factor. For each $\delta > 0$ there is a $C_\delta$ such that, if $L \ge C_\delta\, (S_1 + S_2) \log^2(K + N)$, the balanced truth is the only optimum with probability at least
# $1 - e^{-c L \delta^2}$. The constants are not given. The authors' poster draws the line $0.25\,(S_1 + S_2) \log^2(K + N)$.
#
# Their experiment: $K = N = 20 S$, $S$ entries $\pm 1$ in each, ten runs of a solver a cell. Beside it ten trials a cell of our own, each decided by the linear
# program.

# %%
rows = collect(PAPER["l1-grid"], "results")
S, L = np.array(values(rows, "S")), np.array(values(rows, "L"))
exact = 10 * success_rate(rows, of="recovered", by=("L", "S"))
theirs_L = np.array(sorted(PUBLISHED))
theirs = np.array([PUBLISHED[length] for length in theirs_L])[:, S - 1]
figure, axes = draw.figure(2, size=(4.6, 4.0))
for ax, y, counts, title in zip(
    axes, (L, theirs_L), (exact, theirs), ("decided by theta", "published"), strict=True
):
    draw.label(ax, "nonzeros S in each, K = N = 20 S", "products L", title)
    draw.count_map(ax, counts, S, y, 10)
    line = published_line(S)
    draw.curve(ax, S[line < 140], line[line < 140], "second", "0.25 (S₁+S₂) log²(K+N)")
    ax.set_ylim(2, 142)
draw.legend(axes[0], "lower right")
draw.show(
    figure,
    "Recoveries of ten, dark is none and bright is all. Left each of 35 lengths, decided by linear programs; "
    "right eleven of the lengths that were published. The dashed line is the poster's.",
)
ours = exact[np.searchsorted(L, theirs_L)]
higher, lower = int(np.sum(ours > theirs + 0.5)), int(np.sum(ours < theirs - 0.5))
chance = binom.cdf(lower, higher + lower, 0.5)
print(
    f"of {theirs.size} published cells (eleven lengths) the exact count is higher in {higher}, lower in {lower}"
)
print(f"{higher + lower} fair coins show so few tails with a chance of {chance:.0e}")
assert higher > 10 * lower

# %% [markdown]
# The instances differ, but chance hardly puts so many differences on one side. We have not run their solver, and do not know the reason.
#
# For each $S$ take the first $L$ with five of ten:

# %%
first = L[np.argmax(exact >= 5, axis=0)]
sure = L[np.argmax(exact >= 9, axis=0)]
assert (exact.max(axis=0) >= 9).all()
grown = np.mean(first / S)
constant = first / (2 * S * np.log(40 * S) ** 2)
figure, ax = draw.figure(size=(5.4, 3.6), beside=3.1)
draw.curve(ax, S, published_line(S), "bound", "poster, 0.25 (S₁+S₂) log²(K+N)")
draw.curve(ax, S, 2 * (40 * S - 2), "rival", "lesson 14, l2: one half at 2 (K+N−2)")
draw.curve(ax, S, grown * S, "first", f"{grown:.1f} S")
ax.plot(S[:14], PUBLISHED_FIRST, **draw.mark("wrong"), label="published, five of ten")
draw.points(ax, np.stack([S, first], axis=1), "answer", "exact, five of ten")
draw.label(ax, "nonzeros S in each, K = N = 20 S", "products L")
ax.set_ylim(0, 220)
draw.legend(ax, "beside")
draw.show(
    figure,
    "The first length with five recoveries of ten is nearly proportional to S. The poster's line grows faster, "
    "and the line of lesson 14 leaves the picture before S = 3.",
)
print("S    ", *(f"{k:4d}" for k in S))
print("exact", *(f"{k:4d}" for k in first))
print(
    f"L / S: mean {grown:.1f}; nine of ten need at most {np.max(sure[2:] / S[2:]):.1f} from S = 3 on"
)
print(f"L / ((S1+S2) log²(K+N)): {constant[0]:.2f} at S = 1, {constant[-1]:.2f} at S = 15")
share = [np.mean(exact[np.searchsorted(L, 12 * k), k - 1]) / 10 for k in range(3, 12)]
print(f"at L = 12 S, S = 3 to 11: {min(share):.0%} to {max(share):.0%} of ten")
assert constant[0] > 2 * constant[-1] and min(share) >= 0.9

# %% [markdown]
# With 5 % nonzeros **one half is reached at about nine products per nonzero of $h$**; nine of ten at no more than eleven from $S = 3$ on. The theorem is a sufficient condition, and its
# $\log^2$ does not show along these sizes. For $S = 1$ the drawn line is *low*: on it the last code cell finds a share of 0.35 (the row without $S \ge 3$).
#
# **The rival** knows $S_1$ and $S_2$: *hard thresholding*. Start at the signs as in lesson 14, then in turn improve $h$ with $m$ fixed and $m$ with $h$ fixed:
# a gradient step, keep the $S$ largest entries, least squares on them.


# %%
def thresholded(M, y, v, S):
    """Five times: a gradient step for y = M v, the S largest entries, least squares on them."""
    for _ in range(5):
        v = v + M.T @ (y - M @ v) / np.mean(np.sum(M**2, axis=0))
        keep = np.argsort(-np.abs(v))[:S]
        v = np.zeros_like(v)
        v[keep] = np.linalg.lstsq(M[:, keep], y)[0]
    return v


def rival(data, S):
    """In turn for h and m, forty times, from the signs."""
    root = np.sqrt(np.abs(data.y))
    h = data.B.T @ (data.signs * root)
    m = data.C.T @ (np.sign(data.y) * data.signs * root)
    h, m = (np.where(np.abs(v) >= np.sort(np.abs(v))[-S], v, 0) for v in (h, m))
    for _ in range(40):
        h = thresholded((data.C @ m)[:, None] * data.B, data.y, h, S)
        m = thresholded((data.B @ h)[:, None] * data.C, data.y, m, S)
    return h, m


print(" L   l1 program   hard thresholding, S known   (20 instances, K = N = 60, S = 3)")
for length in (20, 28, 36, 44):
    hits = np.zeros(2, int)
    for seed in range(20):
        rng = np.random.default_rng([15, length, seed])
        data, truth = branchhull.gaussian(rng, length, 60, 60, sparsity=(3, 3))
        Z, true = np.outer(*rival(data, 3)), np.outer(truth.h, truth.m)
        close = np.linalg.norm(Z - true) < 1e-4 * np.linalg.norm(true)
        hits += branchhull.recovers(data, truth, "l1"), close
    print(f"{length} {hits[0]:7d} {hits[1]:17d}")
    assert hits[0] >= hits[1]

# %% [markdown]
# Here the convex program does better, and does not need to know $S$. Other thresholding methods were not tried. Gauss-Newton, the winner of lesson 14, knows
# nothing of zeros, and with fewer than $K + N - 1 = 119$ products here infinitely many pairs fit, even up to scale.
#
# ## Explore
#
# $K = N = 30$. Lower $L$ until the answer breaks, and watch $\theta$ pass 1. Then keep $S_1 + S_2 = 6$ and make the two unequal, (1, 5) against (3, 3): the theorem asks that their
# ratios of norms be comparable.


# %%
def sparse(L, S1, S2, seed):
    """The truth beside the answers of both programs."""
    sizes = {"sparsity": (S1, S2), "values": "signs"}
    data, truth = branchhull.gaussian(np.random.default_rng([5, seed]), L, 30, 30, **sizes)
    figure, axes = draw.figure(2, size=(4.4, 3.2))
    facts = {}
    for ax, norm, words in zip(axes, ("l1", "l2"), ("diamond", "disc"), strict=True):
        answer = branchhull.solve(BranchHull(data, norm), tol=1e-6)
        found = np.concatenate([answer.h, answer.m])
        true = np.concatenate(branchhull.balance(truth.h, truth.m, norm))
        draw.label(ax, "entry of h, then of m", "", f"{norm}, the {words}")
        draw.points(ax, np.stack([np.flatnonzero(true), true[true != 0]], axis=1), "truth", "truth")
        draw.stem(ax, found, "answer", "answer")
        draw.legend(ax, "lower left")
        facts[f"error of {norm}"] = f"{np.linalg.norm(found - true) / np.linalg.norm(true):.3f}"
    h, m = branchhull.balance(truth.h, truth.m, "l1")
    return figure, {"theta": f"{room(data, h, m)[0]:.2f}", **facts}


explorer(
    sparse,
    L=IntSlider(30, min=10, max=100, description="products L"),
    S1=IntSlider(3, min=1, max=9, description="nonzeros of h"),
    S2=IntSlider(3, min=1, max=9, description="nonzeros of m"),
    seed=IntSlider(0, min=0, max=9, description="instance"),
)

# %% tags=["hide-input"]
for entry in provenance(PAPER["l1-grid"], "results"):
    print(entry["sweep"], "version", entry["version"], "seed", entry["seed"], entry["trial"])
stale = recheck(PAPER["l1-grid"], rows, np.random.default_rng(), of="margin")
print(f"stale among three stored cells decided again: {len(stale)}")
assert not stale
solved = collect(PAPER["l1-solved"], "results")
agree = sum((row["error"] < 1e-4) == row["recovered"] for row in solved)
print(f"of {len(solved)} stored instances verdict and solver agree in {agree}")
assert agree == len(solved)
for name in ("Weak duality, l1", "Optimality, l1", "The published line"):
    print(table(examine(LEDGER[name], np.random.default_rng(0))), end="\n\n")

# %% [markdown]
# The folded cell decides some stored rows again, and measures three statements of the ledger.
#
# ## Take away
#
# * A ball with corners and edges at the sparse points can touch there. That turns all but $S_1 + S_2$ of the optimality equations into a box.
# * One linear program decides whether the truth is an optimum, and if it is, its weights prove it.
# * With 5 % nonzeros the border is near nine products per nonzero of $h$ (8 to 9.5 at the fifteen sizes, with lengths in steps of 4).
#
# **The guesses.** (1) None; the $\ell_1$ answer has 95. (2) By about two: the measured border is nearly proportional to $S$. (3) The exact ones, in 30 of the 31 cells that differ.
#
# **Break it yourself.** Copy a column of $C$ that carries a nonzero of $m$ and append it. Why is the truth still an optimum, and no longer the only one? What does
# `verdict` say?
#
# **Exercise**: the one of the next lesson, [16_slack](../exercises/16_slack.ipynb).
#
# ## Sources
#
# * Program, theorem, poster line and phase plot: A. Aghasi, A. Ahmed, P. Hand, B. Joshi, *A convex program for bilinear inversion of sparse vectors*, NeurIPS 2018,
#   arXiv 1809.08359; the published counts are those of their code's data files.
# * The law of the diamond, the linear program and its proof are derived here; uniqueness in `kit.branchhull.data.verdict`, the trials in `kit.experiments.sparse`.
