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
# # 24 How many samples
#
# Somebody sells a detector with a hundred inputs and one neuron inside. It is said that only five inputs are wired, and you want to know which. You cannot open it. But you can feed it
# samples $x$ and read its answers $\max(w^\top x, 0)$, one a minute. If it answers, you learn a number; if it is silent, almost nothing. After how many minutes does Net-Trim give
# you the wiring?
#
# **Afterwards you can** see recovery as a cone that a random subspace misses, compute the dimension of the cone, predict the number of samples without fitting anything, and compare it with
# the theorem's $(11 s + 7)\,\mu \log N$.
# **Before**: [14](14_how_many_measurements.ipynb), [21](21_one_neuron.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 30 minutes.

# %%
# %matplotlib inline
import numpy as np
from ipywidgets import SelectionSlider
from scipy.optimize import linprog, nnls
from scipy.stats import norm

from kit import nettrim
from kit.course import draw
from kit.course.explorers import explorer
from kit.experiments import collect, provenance, recheck, resolve, success_rate, values
from kit.experiments.neurons import dual_size, l1_cone, neuron, neuron_chance
from kit.experiments.theorems import LEDGER, examine, table
from kit.experiments.trials import NEURONS, PAPER

# %% [markdown]
# ## The question
#
# $w \in \mathbb R^N$ has $s$ nonzeros, on its support $\Gamma$. The entries of the samples $X \in \mathbb R^{N \times P}$ are independent and standard normal ("Gaussian"). A sample is **active**, $p \in \Omega$, if $w^\top x_p > 0$, else **silent**. The program at $\epsilon = 0$:
#
# $$\min_u \|u\|_1 \quad \text{s.t.} \quad u^\top x_p = w^\top x_p \;\; (p \in \Omega), \qquad u^\top x_p \le 0 \;\; (p \notin \Omega) . \tag{1}$$
#
# $w$ is **recovered** if it is the only solution. (A $w$ without zeros comes back with probability 1 as soon as $N$ samples are active, and then nothing is pruned. The question is whether Net-Trim finds a sparse $w$ where there is one.)
#
# **Guess first.** (1) $N = 100$, $s = 5$: how many of 20 detectors are recovered from $P = 20$, 40, 80 samples? (2) How much do the silent samples help? (3) The theorem, with $\mu = 2$, asks for 572 samples. How many times too
# many is that: 2, 10, 100?
#
# ## By hand: a quarter of the plane, and a square
#
# Leave the silent samples aside for a moment. An active sample says $x_p^\top d = 0$ for $d = u - w$. So $w$ is recovered if and only if none of the $d \ne 0$ with these equations lies in the **cone of descent** $D$ of directions in which the norm does not rise.
#
# *$N = 2$, $w = (1, 0)$.* $D$ is $d_1 + |d_2| \le 0$, a quarter of the plane. No equation: not recovered. Two equations leave only $d = 0$: recovered. One equation leaves a line through 0 of random direction; with its two ends it meets
# the quarter with probability $\tfrac12$.
#
# *$N = 3$, $w = (1, 0, 0)$.* $D$ is $d_1 + |d_2| + |d_3| \le 0$. Cut it at $d_1 = -1$: a square. An equation cuts this plane in the line $x_2 d_2 + x_3 d_3 = x_1$, two equations in a point. **Recovered: the line, or the point, misses the square.**

# %%
rng = np.random.default_rng(16)
figure, (left, right) = draw.figure(2, size=(4.4, 4.2))
draw.plane(left, 2, "d₁", "d₂", "N = 2: the cone, and lines")
draw.polygon(left, [[0, 0], [-3, 3], [-3, -3]], "data", "cone of descent")
draw.plane(right, 2.4, "d₂", "d₃", "N = 3: cut at d₁ = -1")
draw.polygon(right, [[1, 0], [0, 1], [-1, 0], [0, -1]], "data", "cone of descent")
for ax, count in ((left, 6), (right, 7)):
    seen = set()
    for x in rng.standard_normal((count, 3)):
        flat = x[:2] if ax is left else x[1:]
        level = 0.0 if ax is left else x[0]
        hit = abs(flat[0]) <= abs(flat[1]) if ax is left else abs(level) <= np.abs(flat).max()
        look, words = ("wrong", "hits") if hit else ("truth", "misses")
        draw.border(ax, flat, level, look, "" if hit in seen else words)
        seen.add(hit)
    draw.legend(ax, "upper right")
draw.show(
    figure,
    "One random equation. Left: a line through 0 hits the quarter of the plane or misses it. Right: the "
    "cone in three dimensions, cut at d1 = -1, is a square, and an equation is a line in the cut.",
)
lines = rng.standard_normal((100_000, 3))
quarter = np.mean(np.abs(lines[:, 0]) > np.abs(lines[:, 1]))
square = np.mean(np.abs(lines[:, 0]) > np.abs(lines[:, 1:]).max(axis=1))
print(f"one equation, 100,000 draws: recovered {quarter:.3f} for N = 2, {square:.3f} for N = 3")
assert abs(quarter - 1 / 2) < 0.01 and abs(square - 1 / 3) < 0.01

# %% [markdown]
# The second number is $\tfrac13$: the line misses if $|x_1|$ is the largest of $|x_1|, |x_2|, |x_3|$, and each is with the same chance.
#
# ## From scratch: is $w$ the answer?
#
# $w$ is optimal in (1) if and only if there are multipliers (Karush, Kuhn, Tucker; all constraints are linear). An inequality that holds strictly at $w$ has the multiplier 0, and a silent sample has $w^\top x_p < 0$ strictly, with probability 1. **So all silent samples have the multiplier 0**:
#
# $$w \text{ is optimal} \iff \text{ there is } \nu \in \mathbb R^{\Omega} \text{ with } X_{\Gamma\Omega}\, \nu = \operatorname{sign}(w_\Gamma), \quad \|X_{\Gamma^c\Omega}\, \nu\|_\infty \le 1 . \tag{2}$$
#
# It is the only solution if the maximum is below 1 and $X_{\Gamma\Omega}$ has rank $s$. (This is the papers' Proposition 2. With Gaussian samples the rank is there with probability 1 where $\nu$ exists, and a maximum of exactly 1 has probability 0: *recovered* means below 1.) **The least possible maximum is a linear program.**


# %% tags=["from-scratch"]
def least_maximum(X, w):
    """The least max |X v| off the support, with X v = sign(w) on it; inf if there is no such v."""
    A, on = X[:, w @ X > 0], w != 0
    k, rows = A.shape[1], np.ones((np.sum(~on), 1))
    off = np.block([[A[~on], -rows], [-A[~on], -rows]])  # +-X v <= tau
    equal = np.hstack([A[on], np.zeros((np.sum(on), 1))])
    bounds = [(None, None)] * k + [(0, None)]
    cost = np.append(np.zeros(k), 1)
    answer = linprog(cost, off, np.zeros(len(off)), equal, np.sign(w[on]), bounds)
    return answer.fun if answer.status == 0 else np.inf


# %% [markdown]
# *Check* against the definition, which is to solve (1) and look, and against the kit's `dual_size`:

# %% tags=["compared"]
print(" P   recovered, by the maximum   by solving   both")
for P in (20, 40, 80):
    mine, solved = [], []
    for seed in range(20):
        X, w = neuron(np.random.default_rng([P, seed]), P, 100, 5)
        y = np.maximum(w @ X, 0)
        answer = nettrim.solve(nettrim.NetTrim(X, y[None], 1e-9 * np.linalg.norm(y)), "exact")
        solved.append(np.linalg.norm(answer.W[:, 0] - w) < 1e-4 * np.linalg.norm(w))
        value = least_maximum(X, w)
        mine.append(value < 1)
        if seed < 8:
            kits = dual_size(X, w)
            assert value == kits or abs(value - kits) < 1e-6 * kits
    print(
        f"{P:2d} {sum(mine):20d} of 20 {sum(solved):9d} of 20 {np.sum(np.logical_and(mine, solved)):6d}"
    )
    assert mine == solved

# %% [markdown]
# **What do silent samples do?** Solve (1) with all samples, and without the silent ones:

# %%
print(" P   silent   least maximum   |u - w| / |w|: all samples   active ones alone")
for P in (36, 60):
    X, w = neuron(np.random.default_rng(3), P, 100, 5)
    active, missed = w @ X > 0, []
    for samples in (X, X[:, active]):
        y = np.maximum(w @ samples, 0)
        answer = nettrim.solve(nettrim.NetTrim(samples, y[None], 1e-9 * np.linalg.norm(y)), "exact")
        missed.append(np.linalg.norm(answer.W[:, 0] - w) / np.linalg.norm(w))
    value = dual_size(X, w)
    print(
        f"{P:2d} {np.sum(~active):8d} {value:15.3f}                   ≈ {missed[0]:7.1e}           ≈ {missed[1]:7.1e}"
    )
    assert (max(missed) < 1e-6) == (min(missed) < 1e-6) == (value < 1)

# %% [markdown]
# For the recovery of $w$ nothing, as (2) says. Where $w$ is not recovered they may change which wrong answer comes out. They also keep a *pruned* neuron silent (lesson 20).
#
# ## Half of the samples, as if Gaussian
#
# *How many are active?* Each with probability $\tfrac12$, independently: $|\Omega| \sim \operatorname{Bin}(P, \tfrac12)$.
#
# *What are they like?* An active $x$ is Gaussian under the condition $w^\top x > 0$.
# An equation $x^\top u = x^\top w$ may be multiplied by $-1$; give each a fair random sign.
# The law of $x$ is symmetric, so $\pm x$ is a mixture of both halves of it with equal weights: the Gaussian law itself.
# And the number of active samples says nothing about them. Hence, exactly, for Gaussian samples and without noise,
#
# $$\Pr(\text{recovered from } P \text{ samples}) = \sum_k \Pr\bigl(\operatorname{Bin}(P, \tfrac12) = k\bigr)\; f(k), \tag{3}$$
#
# where $f(k)$ is the chance that $D$ is missed by the directions $d \ne 0$ that satisfy $k$ Gaussian equations. $\square$ **For Gaussian samples, the ReLU halves the number of equations, on average.**
#
# ## From scratch: the dimension of the cone
#
# If $D$ were a subspace of dimension $\delta$, $k$ random equations would leave 0 alone in it as soon as $k \ge \delta$. For a subspace and a standard normal $g$, $\delta = \mathbb E \|\operatorname{proj}_D g\|^2$. For a cone this
# number is its **statistical dimension**.
#
# The polar cone of $D$ holds all $v$ with $v^\top d \le 0$ for each $d$ in $D$. By Moreau $g$ is the sum of its projections onto $D$ and onto the polar cone, so $\|\operatorname{proj}_D g\|$ is the distance of $g$ to the polar cone.
# This polar cone consists of the multiples $\tau z$, $\tau \ge 0$, of the subgradients $z$ of the norm at $w$: $z_i = \operatorname{sign}(w_i)$ on $\Gamma$, $|z_i| \le 1$ off it. As $g$ is symmetric,
#
# $$\delta(N, s) = \mathbb E \min_{\tau \ge 0} \Bigl[ \sum_{i \le s} (g_i - \tau)^2 + \sum_{i > s} (|g_i| - \tau)_+^2 \Bigr] . \tag{4}$$
#
# **The bracket is convex in $\tau$, and its minimum is where $\tau$ is the mean of the numbers that count**: the $g_i$ on the support, and those $|g_i|$ off it that are above $\tau$. It is at 0 if for $\tau = 0$ this mean is negative.


# %% tags=["from-scratch"]
def projections(g, s):
    """The minimum in (4) for each row of g (draws, N)."""
    on, off = g[:, :s], np.abs(g[:, s:])
    tau = np.zeros((len(g), 1))
    for _ in range(40):  # the derivative, over the number that count: a Newton step
        above = off > tau
        total = on.sum(axis=1) + (off * above).sum(axis=1)
        tau = np.maximum(total / (s + above.sum(axis=1)), 0)[:, None]
    return ((on - tau) ** 2).sum(axis=1) + (np.maximum(off - tau, 0) ** 2).sum(axis=1)


# %% [markdown]
# *Check* against the definition for a small cone: the multiples of subgradients are the cone of the $2^{N-s}$ sign vectors that agree with $w$, and nonnegative least squares measures the distance to it. And against the kit's `l1_cone`, and the quarter by hand, $\delta(2, 1) = 1$:

# %% tags=["compared"]
rng = np.random.default_rng(0)
g = rng.standard_normal((200, 5))
patterns = np.array([[1, 1, a, b, c] for a in (1, -1) for b in (1, -1) for c in (1, -1)], float)
searched = np.array([nnls(patterns.T, row)[1] ** 2 for row in g])
print(
    f"5 inputs, 2 wired, 200 draws: largest difference ≈ {np.abs(projections(g, 2) - searched).max():.0e}"
)
assert np.abs(projections(g, 2) - searched).max() < 1e-9
print(f"{'N':>4} {'s':>3}   delta, ours   by the kit")
for N, s in ((2, 1), (100, 5), (200, 10)):
    mine, kits = projections(rng.standard_normal((4000, N)), s).mean(), l1_cone(N, s)[0]
    print(f"{N:4d} {s:3d}       ≈ {mine:.2g}          ≈ {kits:.2g}")
    assert abs(mine / kits - 1) < (0.08 if N == 2 else 0.02)
assert abs(l1_cone(2, 1)[0] - 1) < 0.03

# %% [markdown]
# Three facts are cited, not proved here. $f(k)$ rises from 0 to 1 around $k = \delta$ (Amelunxen, Lotz, McCoy, Tropp). For the width $\sigma$ of the rise, $\sigma^2$ is the variance of the bracket's minimum in (4) less $2\delta$ (McCoy, Tropp). Where $\sigma$ is large, the rise has nearly the shape of the normal distribution function $\Phi$: $f(k) \approx \Phi((k - \delta)/\sigma)$ (Goldstein, Nourdin, Peccati). In (3) this puts one half at
# $P \approx 2\,\delta(N, s)$. $\delta$ and $\sigma$ are computed from 20,000 draws, and nothing is fitted.
#
# ## Predicted and measured
#
# A stored sweep has eight pairs $(N, s)$, twelve values of $P$, 60 neurons each.

# %%
law = PAPER["neuron-law"]
rows = collect(law, "results")
figure, axes = draw.figure(4, 2, size=(2.7, 2.4))
z, off, half = [], [], {}
for ax, (N, s) in zip(axes, NEURONS, strict=True):
    mine = [row for row in rows if (row["N"], row["s"]) == (N, s)]
    P = np.array(values(mine, "P"))
    share = success_rate(mine, of="dual", below=1, by=("P",))
    predicted = neuron_chance(P, N, s)
    draw.promised(ax, P, predicted, "predicted")
    draw.measured(ax, P, share, 60)
    draw.label(ax, "samples P", "recovered", f"N = {N}, s = {s}")
    off.append(share - predicted)
    z.append(off[-1] / np.sqrt(np.maximum(predicted * (1 - predicted), 1 / 60) / 60))
    half[N, s] = np.interp(0.5, np.maximum.accumulate(share), P)
draw.legend(axes[0], "lower right")
draw.show(
    figure,
    "Share of 60 neurons recovered, with 95 percent intervals, and the prediction (3).",
)
z, off = np.concatenate(z), np.concatenate(off)
print(
    f"{z.size} shares: mean difference {off.mean():.3f}, largest {np.abs(z).max():.1f} standard deviations (of p (1 - p) at least 1/60)"
)
assert abs(off.mean()) < 0.02 and np.abs(z).max() < 4.5

# %% [markdown]
# **The theorem beside it.** Theorem 3 of the first paper: $P = (11 s + 7)\,\mu \log N$ Gaussian samples give $w$ with probability at least $1 - N^{1 - \mu}$, $\mu > 1$. The second paper has the order $s \log(N/s)$. For the chance one half and, say, $s \le N/2$, the approximation $P \approx 2 \delta$ gives this order too, as $\delta \le 2 s \log(N/s) + \tfrac54 s$ (Chandrasekaran and others).

# %%
print(
    "  N   s   half measured   2 delta   over s log(N/s)   Theorem 3, mu = 2, over half   over (3) at its chance"
)
for (N, s), count in half.items():
    delta, order = l1_cone(N, s)[0], s * np.log(N / s)
    asked = np.ceil((11 * s + 7) * 2 * np.log(N))
    P = np.arange(2, 6 * int(delta))
    sure = P[np.argmax(neuron_chance(P, N, s) >= 1 - 1 / N)]  # what (3) asks for the same chance
    print(
        f"{N:3d} {s:3d} {count:15.1f} {2 * delta:9.1f} {2 * delta / order:17.2f} {asked / count:30.0f}"
        f" {asked / sure:24.1f}"
    )
    assert delta <= 2 * order + 1.25 * s and asked > 10 * count

# %% [markdown]
# The theorem holds, and is far from sharp: for its own chance, $1 - 1/N$, it asks for 7 to 15 times what (3) does. Its proof builds one $\nu$ by least squares and adds up bounds on the chance of each way in which it may fail; (2) may choose the best $\nu$.
#
# ## Where it fails, and who does better
#
# *Samples that are not symmetric.* Shift each along $w$: another share $r$ is active. Does the law hold with $r$ for $\tfrac12$, one half at $P = \delta / r$?

# %%
N, s = 60, 4
delta = l1_cone(N, s)[0]
found = {}
print("  shift   active   P = delta / share   mean (x'w)^2 / |w|^2   recovered of 40")
for shift in (-1.5, 0.0, 1.0, 3.0):
    share = norm.cdf(shift)
    P = round(float(delta / share))
    squares, found[shift] = [], 0
    for seed in range(40):
        X, w = neuron(np.random.default_rng([seed, 5]), P, N, s)
        u = w / np.linalg.norm(w)
        X = X + shift * u[:, None]
        squares.append(np.mean((u @ X)[u @ X > 0] ** 2))
        found[shift] += dual_size(X, w) < 1
    print(f"{shift:7.1f} {share:8.2f} {P:12d} {np.mean(squares):22.2f} {found[shift]:18d}")
assert found[-1.5] < found[0.0] < found[3.0]

# %% [markdown]
# Without a shift it does. With random signs the active samples are still Gaussian across $w$, but with a shift their mean square along $w$ is not 1; without one it is 1, measured 0.92. In these rows more are recovered where it is larger, fewer where it is smaller.
#
# *Rivals*, all on the same neurons ($N = 40$, $s = 5$), with the active samples as equations. (By (2), Net-Trim needs no more.) Least squares knows of no sparsity. Weighting each $|u_j|$ anew by $1 / (|u_j| + 0.1)$ and solving again, three times, is no convex program, and recovers more in the first three rows:


# %%
def weighted(A, b, cost):
    """min sum cost |u| s.t. A'u = b."""
    N = len(A)
    answer = linprog(np.tile(cost, 2), A_eq=np.hstack([A.T, -A.T]), b_eq=b)
    return answer.x[:N] - answer.x[N:]


print(" P   least squares   Net-Trim   weighted anew   of 40, N = 40, s = 5")
totals = np.zeros(3, int)
for P in (20, 28, 36, 90):
    hits = np.zeros(3, int)
    for seed in range(40):
        X, w = neuron(np.random.default_rng([seed, P]), P, 40, 5)
        A = X[:, w @ X > 0]
        plain = again = weighted(A, A.T @ w, np.ones(40))
        for _ in range(3):
            again = weighted(A, A.T @ w, 1 / (np.abs(again) + 0.1))
        for k, u in enumerate((np.linalg.lstsq(A.T, A.T @ w)[0], plain, again)):
            hits[k] += np.linalg.norm(u - w) < 1e-4 * np.linalg.norm(w)
    print(f"{P:2d} {hits[0]:15d} {hits[1]:10d} {hits[2]:15d}")
    totals += hits
assert totals[0] < totals[1] < totals[2]

# %% [markdown]
# ## Explore
#
# The map over $P$ and $s$; dark is none of 20, bright is all. Choose a cell: its 20 neurons are decided again. For $N = 40$, $s = 16$ find the $P$ at which half are recovered, and compare it with $2 N - 1$,
# where least squares recovers one half.

# %%
grid = collect(PAPER["neuron-map"], "results")
MAPS = {}
for N in values(grid, "N"):
    mine = [row for row in grid if row["N"] == N]
    S, P = values(mine, "s"), values(mine, "P")
    counts = 20 * success_rate(mine, of="dual", below=1, by=("s", "P"))
    every = np.arange(2, max(P) + 60)
    line = np.array([every[np.argmax(neuron_chance(every, N, s) >= 0.5)] for s in S])
    MAPS[N] = S, P, counts, line


def solve_cell(N, s, P):
    """The map with one cell framed, whose neurons are decided again."""
    S, samples, counts, line = MAPS[N]
    if s not in S or P not in samples:
        raise ValueError(f"for N = {N} the map has s up to {max(S)} and P up to {max(samples)}")
    figure, ax = draw.figure(size=(6.0, 4.2))
    place = np.arange(len(S))
    draw.label(ax, "samples P", "nonzeros s", f"N = {N} inputs")
    draw.count_map(ax, counts, samples, place, 20)
    draw.curve(
        ax, line[line <= max(samples)], place[line <= max(samples)], "second", "one half, predicted"
    )
    draw.cell(ax, samples, place, (P, S.index(s)))
    ax.set_yticks(place, [str(k) for k in S])
    draw.legend(ax, "lower right")
    row = next(row for row in grid if (row["N"], row["s"], row["P"]) == (N, s, P))
    again = resolve(PAPER["neuron-map"], row)
    return figure, {
        "predicted": f"{float(neuron_chance(P, N, s)):.0%}",
        "recovered, decided again": f"{sum(one['dual'] < 1 for one in again)} of 20",
        "active samples, mean": f"{np.mean([one['active'] for one in again]):.1f}",
        "Theorem 3 asks, mu = 2": int(np.ceil((11 * s + 7) * 2 * np.log(N))),
    }


explorer(
    solve_cell,
    N=SelectionSlider(options=values(grid, "N"), value=40, description="inputs N"),
    s=SelectionSlider(options=values(grid, "s"), value=4, description="nonzeros s"),
    P=SelectionSlider(options=values(grid, "P"), value=32, description="samples P"),
)

# %% tags=["hide-input"]
for entry in provenance(law, "results"):
    print(
        f"{entry['sweep']} version {entry['version']}, seed {entry['seed']}, {entry['jobs']} jobs"
    )
stale = recheck(law, rows, np.random.default_rng(), of="dual", jobs=2)
print(f"stale among rows decided again: {len(stale)}")
names = ("Proposition 2", "Theorem 3", "A neuron is l1 with a binomial number of equations")
print(table([f for name in names for f in examine(LEDGER[name], np.random.default_rng(0))]))

# %% [markdown]
# The folded cell decides some stored rows again, and measures the theorems inside and outside of their hypotheses.
#
# ## Break it yourself
#
# A bias is one more weight, on a row of ones. Make the last input one: `X[-1] = 1; w[-1] = 0.5` in the first comparison. What does it do to the argument with random signs?
#
# ## Take away
#
# * $w$ is recovered if a random subspace misses the cone of descent; a linear program decides it.
# * Only active samples are equations. For Gaussian samples that is half of them on average, and recovery has the chance one half at $P \approx 2\,\delta(N, s)$.
# * The cone's dimension is an average that a few lines compute. The theorem's count is here 7 to 15 times the predicted number for its own chance.
#
# **The guesses.** (1) None, 5, and all 20. (2) Not at all. (3) It is about 14 times the number at which half are recovered.
#
# **Exercise**: [24_sample_size](../exercises/24_sample_size.ipynb), the promised number and a certificate. **Next**: [25 Pruning today](25_pruning_today.ipynb).
#
# ## Sources
#
# * Proposition 2, Theorem 3: A. Aghasi, A. Abdi, N. Nguyen, J. Romberg, *Net-Trim*, arXiv 1611.05162, supplement 4.4, 4.5. $s \log(N/s)$: arXiv 1806.06457.
# * Statistical dimension: D. Amelunxen, M. Lotz, M. B. McCoy, J. A. Tropp, arXiv 1303.6672; its variance: McCoy, Tropp, arXiv 1308.5265; the normal shape: L. Goldstein, I. Nourdin, G. Peccati, arXiv 1411.6265; the bound on $\delta$: Chandrasekaran and others, arXiv 1012.0621. Weighting anew: E. Candès, M. Wakin, S. Boyd, arXiv 0711.1612.
# * (3) is derived here.
