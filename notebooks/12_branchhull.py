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
# # 12 BranchHull
#
# A ring modulator multiplies two sounds: $y = w x$. You have a recording of
# the product. A cheap detector beside it noted at each sample whether $w$ was above or below zero. You know which
# tones each of the two sounds is made of. You do not know how loud they are, nor their phases. A stranger sends you two
# sounds and two lists of weights, and claims that no smaller pair (in the sum of the squares of all amplitudes) explains your recording. You want such a pair, and a way to check the claim without trusting the stranger.
#
# **Afterwards you can** write BranchHull in six lines, prove by a certificate how good any answer is, and say what the proof is about
# and what it is not about.
# **Before**: [11 Hull geometry](11_hull_geometry.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 30 minutes.

# %%
# %matplotlib inline
import cvxpy as cp
import numpy as np
from ipywidgets import FloatSlider, IntSlider
from scipy.optimize import least_squares

from kit import branchhull
from kit.course import draw
from kit.course.explorers import explorer
from kit.experiments.theorems import LEDGER, examine, table


# %%
def waves(tones, at):
    """Columns cos and sin of each tone, at the times."""
    turns = 2 * np.pi * np.outer(at, tones)
    return np.hstack([np.cos(turns), np.sin(turns)])


def modulator(L, seed, noise=0.0):
    """L random samples of the product of two tones with two tones, the truth, and the times."""
    rng = np.random.default_rng(seed)
    at = np.sort(rng.random(L))
    B, C = waves([3, 5], at), waves([2, 7], at)
    h, m = rng.standard_normal((2, 4))
    w, x = B @ h, C @ m
    y = w * x * (1 + noise * rng.standard_normal(L))
    return branchhull.Bilinear(B, C, y, np.sign(w)), branchhull.Truth(h, m), at


data, truth, at = modulator(L=30, seed=5)
figure, ax = draw.figure(size=(7.0, 2.8))
for sign, look in ((1, "first"), (-1, "second")):
    draw.points(ax, np.stack([at, data.y], axis=1)[data.signs == sign], look)
draw.label(ax, "time", "product y", "all that you have")
draw.legend(ax, "upper center", {"first": "w above zero", "second": "w below zero"})
draw.show(
    figure, "Thirty samples of the product. Colour and mark show the sign of the first sound."
)

# %% [markdown]
# ## The question
#
# $w = B h$ and $x = C m$ with known $B \in \mathbb R^{L \times K}$, $C \in \mathbb R^{L \times N}$. Here $K = N = 4$: two tones have two cosines and two sines.
# Given are the products $y_\ell = w_\ell x_\ell$ and the signs $t_\ell = \operatorname{sign}(w_\ell)$.
# Lesson 11 turned the signs away, with $s = \operatorname{sign}(y)$:
#
# $$\tilde B = \operatorname{diag}(t)\, B, \quad \tilde C = \operatorname{diag}(s \circ t)\, C, \quad d = |y|, \qquad p = \tilde B h, \quad q = \tilde C m ,$$
#
# and replaced each branch $p_\ell q_\ell = d_\ell$ by its hull. **BranchHull** asks for the smallest point of all hulls together:
#
# $$\min_{h,\, m}\; \|h\|^2 + \|m\|^2 \quad \text{subject to} \quad p_\ell\, q_\ell \ge d_\ell, \quad p_\ell \ge 0, \; q_\ell \ge 0, \qquad \ell = 1, \dots, L .$$
#
# **Guess first.** (1) Eight unknown numbers, thirty products. Is the smallest point of the hulls the pair of sounds that was played?
# (2) To check that a stranger's answer is the smallest, how much of the search for it must you repeat: all, a part, nothing?
# (3) If each product is wrong by about 5 percent, is the answer wrong by more or by less?
#
# ## By hand: two products, two unknowns
#
# Take $K = N = 1$. Two readings, 2 and 3, ask for $h \cdot m \ge 2$ and $2 h \cdot m \ge 3$, with $h, m > 0$. The first constraint implies the second.
#
# *A value.* $h = m = \sqrt2$ is allowed and costs $2 + 2 = 4$.
#
# *A bound.* For any allowed pair $h^2 + m^2 \ge 2 h m \ge 2 \cdot 2 = 4$.
#
# The two numbers agree, so 4 is the optimum, and nobody has to ask how the point was found. That is a **certificate**. For more unknowns it
# will be the same: a point that is repaired until it is allowed, and an inequality that each allowed point obeys.

# %%
figure, ax = draw.figure()
draw.plane(ax, 2, "h", "m", "two hulls, one disc", centre=(1.6, 1.6))
draw.hull(ax, 2.0, label="h m ≥ 2")
draw.branch(ax, 2.0)
draw.branch(ax, 1.5, look="rival", label="h m = 3/2")
draw.ball(ax, 2.0, label="|h|² + |m|² = 4")
draw.points(ax, [np.sqrt(2), np.sqrt(2)], "answer", "smallest point")
draw.legend(ax, "upper right")
draw.show(figure, "The disc of radius 2 touches the smaller hull in one point, the answer.")

# %% [markdown]
# ## From scratch: the program
#
# A general solver for convex programs knows the cone of all $(v_0, v)$ with $\|v\| \le v_0$. Since $4 p q = (p + q)^2 - (p - q)^2$,
#
# $$p q \ge d, \; p, q \ge 0 \quad\Longleftrightarrow\quad \bigl\|\bigl(p - q,\; 2\sqrt d\bigr)\bigr\| \le p + q .$$
#
# (From the right to the left: squaring gives $p q \ge d \ge 0$, and then $p + q \ge 0$ excludes that one of them is negative.) **Minimise the sum of squares; each row is in its cone.** The
# solver also returns its multipliers, which the certificate will use. For each row they are $(v_0, v_1, v_2)$ with $v_0 (p + q) + v_1 (p - q) = \alpha p + \beta q$ for $\alpha = v_0 + v_1$ and $\beta = v_0 - v_1$, both nonnegative as the multipliers are in the same cone.


# %% tags=["from-scratch"]
def smallest(Bt, Ct, d):
    """h and m of the smallest point of all hulls, and the multipliers al, be of p and q."""
    h, m = cp.Variable(Bt.shape[1]), cp.Variable(Ct.shape[1])
    p, q = Bt @ h, Ct @ m
    cone = cp.SOC(p + q, cp.vstack([p - q, 2 * np.sqrt(d)]))
    cp.Problem(cp.Minimize(cp.sum_squares(h) + cp.sum_squares(m)), [cone]).solve(cp.CLARABEL)
    v0, (v1, _) = cone.dual_value
    return h.value, m.value, v0.ravel() + v1, v0.ravel() - v1


# %% [markdown]
# *Check* against the case by hand, for random $K = N = 1$. There the smallest point costs $2 \max_\ell d_\ell / (\tilde b_\ell \tilde c_\ell)$. Then the two sounds.

# %% tags=["compared"]
rng = np.random.default_rng(0)
worst = 0
for _ in range(20):
    b, c, sizes = rng.uniform(0.2, 2, (3, 6, 1))
    h, m, _, _ = smallest(b, c, sizes[:, 0])
    by_hand = 2 * np.max(sizes / (b * c))
    worst = max(worst, abs(h @ h + m @ m - by_hand) / by_hand, abs(h @ h - m @ m) / by_hand)
print(f"20 programs: differ from the value by hand by at most ≈ {worst:.0e}")
assert worst < 1e-4
Bt, Ct, d = branchhull.canonical(data)  # B and C with the signs turned away, and |y|
h, m, al, be = smallest(Bt, Ct, d)
error = branchhull.recovery_error(h, m, truth)
print(f"two sounds: distance to the balanced truth, relative ≈ {error:.1e}")
assert error < 1e-4

# %%
fine = np.linspace(0, 1, 400)
figure, axes = draw.figure(2, size=(4.2, 2.8), beside=1.2)
true_h, true_m = branchhull.balance(truth.h, truth.m)
for ax, tones, true, found, name in (
    (axes[0], [3, 5], true_h, h, "w = B h"),
    (axes[1], [2, 7], true_m, m, "x = C m"),
):
    draw.curve(ax, fine, waves(tones, fine) @ true, "truth", "truth")
    draw.points(ax, np.stack([at, waves(tones, at) @ found], axis=1), "answer", "answer")
    draw.label(ax, "time", "", name)
draw.legend(axes[1], "beside")
draw.show(
    figure,
    "The two sounds that were played, balanced, and those that the program found from their "
    "products and the signs of the first.",
)

# %% [markdown]
# We gave no start point. $h$ and $m$ come out with equal norms, as lesson 11 proved, so they are compared with the *balanced* truth.
#
# ## From scratch: the certificate
#
# Take **any** numbers $\alpha_\ell, \beta_\ell \ge 0$, and write $F = \|h\|$, $G = \|m\|$, $S = \sum_\ell \sqrt{\alpha_\ell \beta_\ell d_\ell}$. For each allowed $(h, m)$
#
# $$\begin{aligned}
# 2 S &\le \textstyle\sum_\ell (\alpha_\ell p_\ell + \beta_\ell q_\ell) && \text{the tangents of the hulls, (1) of lesson 11,}\\
# &= (\tilde B^\top \alpha)^\top h + (\tilde C^\top \beta)^\top m && \text{since } p = \tilde B h, \; q = \tilde C m,\\
# &\le \|\tilde B^\top\alpha\|\, F + \|\tilde C^\top \beta\|\, G && \text{Cauchy and Schwarz.}
# \end{aligned}$$
#
# Replace $(\alpha, \beta)$ by $(c\,\alpha, \beta / c)$. $S$ stays the same. On the right stands $c\,\|\tilde B^\top\alpha\| F + \|\tilde C^\top \beta\| G / c$, whose
# smallest value over $c > 0$ is $2 \sqrt{\|\tilde B^\top\alpha\| F \cdot \|\tilde C^\top \beta\| G}$. So $S^2 \le \|\tilde B^\top\alpha\|\, \|\tilde C^\top \beta\|\, F G$, and with $F^2 + G^2 \ge 2 F G$
#
# $$\boxed{\; \|h\|^2 + \|m\|^2 \;\ge\; \frac{2 S^2}{\|\tilde B^\top\alpha\|\, \|\tilde C^\top\beta\|} \;} \qquad \text{for each allowed } (h, m) \text{ and all } \alpha, \beta \ge 0 . \tag{1}$$
#
# (If the denominator is 0, (1) says nothing where $S = 0$, and where $S > 0$ no allowed point exists.) The pairs that explain the recording are allowed, so (1) is a bound for these as well. *The value.* If $p, q > 0$, multiply $h$ and $m$ until the worst row is in its hull: the products must grow by
# $r = \max_\ell d_\ell / (p_\ell q_\ell)$. Among all $(a h, b m)$ with $a b = r$ the balanced one is cheapest and costs $2 r F G$. $\square$


# %% tags=["from-scratch"]
def certificate(Bt, Ct, d, h, m, al, be):
    """lower <= optimum <= upper, from any point and any nonnegative weights."""
    total = np.sqrt(al * be * d).sum()
    lower = 2 * total**2 / np.linalg.norm(Bt.T @ al) / np.linalg.norm(Ct.T @ be)
    p, q = Bt @ h, Ct @ m
    r = np.max(d / (p * q)) if min(p.min(), q.min()) > 0 else np.inf
    return lower, 2 * r * np.linalg.norm(h) * np.linalg.norm(m)


# %% [markdown]
# *Check*: by the case by hand, then beside the kit. `solve` finds the point by a method of its own, and `certify` computes the same two
# bounds with rounding taken care of.

# %% tags=["compared"]
one = np.array([[1.0], [2.0]]), np.ones((2, 1)), np.array([2.0, 3.0])
side = np.array([1.0])
low, high = certificate(*one, side, side, np.array([1.0, 0.0]), np.array([1.0, 0.0]))
print(f"by hand       {low:.4f} <= optimum <= {high:.4f}")
assert np.isclose(low, 4) and np.isclose(high, 4)
problem = branchhull.BranchHull(data)
answer = branchhull.solve(problem)
kits = answer.report.certificate
lower, upper = certificate(Bt, Ct, d, h, m, al, be)
print(f"from scratch  {lower:.4f} <= optimum <= {upper:.4f}")
print(f"by the kit    {kits.lower:.4f} <= optimum <= {kits.upper:.4f}")
assert upper - lower < 1e-5 * upper and abs(kits.upper - upper) < 1e-5 * upper
weights = rng.random((2, 30))  # weights, but not good ones; and a point, but not a good one
mine = certificate(Bt, Ct, d, true_h + 0.05, true_m, *weights)
theirs = branchhull.certify(problem, true_h + 0.05, true_m, weights)
print(f"poor ones     {mine[0]:.4f} <= optimum <= {mine[1]:.4f}")
assert np.allclose(mine, (theirs.lower, theirs.upper), rtol=1e-9)
assert mine[0] < lower and certificate(Bt, Ct, d, -h, m, al, be)[1] == np.inf

# %% [markdown]
# Poor weights give a poor bound, but by (1) not a wrong one.
#
# ## When do the two numbers meet?
#
# Suppose that $(h, m)$ is allowed, and that in each row, for some $\lambda_\ell \ge 0$,
#
# $$(\alpha_\ell, \beta_\ell) = \lambda_\ell\, (q_\ell, p_\ell), \qquad \lambda_\ell\, (p_\ell q_\ell - d_\ell) = 0, \qquad\text{and}\qquad
#   \tilde B^\top\alpha = 2 h, \quad \tilde C^\top\beta = 2 m . \tag{2}$$
#
# Then $\sqrt{\alpha_\ell\beta_\ell d_\ell} = \lambda_\ell\, p_\ell q_\ell = \alpha_\ell p_\ell = \beta_\ell q_\ell$ in each row.
# Summed, $S = \alpha^\top \tilde B h = 2 F^2$, and also $S = \beta^\top \tilde C m = 2 G^2$. So $F = G$.
# The bound is $2 (2 F^2)^2 / (2F \cdot 2G) = 2 F^2$, and the value is $F^2 + G^2 = 2 F^2$. They meet. $\square$
#
# (2) are the optimality conditions: the gradient of $\|h\|^2 + \|m\|^2$ is a nonnegative combination of the gradients $(q_\ell \tilde b_\ell, p_\ell \tilde c_\ell)$ of the products that are active.
# If no reading is 0 and some point is allowed, a larger multiple of it has $p_\ell q_\ell > d_\ell > 0$ in all rows, and then the optimum fulfils them (Karush, Kuhn, Tucker).

# %%
p, q = Bt @ h, Ct @ m
active = p * q < d * (1 + 1e-4)
residual = np.linalg.norm(np.concatenate([Bt.T @ al - 2 * h, Ct.T @ be - 2 * m]))
print(f"{active.sum()} of 30 products are active")
print(f"largest difference of alpha p and beta q ≈ {np.abs(al * p - be * q).max():.0e}")
print(f"distance from (2) of the gradients ≈ {residual:.0e}")
assert residual < 1e-3 and np.abs(al * p - be * q).max() < 1e-2

# %% [markdown]
# **The proof is about the program and not about the truth.** Whether the smallest point is the pair that was played is another question. For Gaussian rows [lesson 14](14_how_many_measurements.ipynb) answers it by a
# theorem; for these tones it is measured below.
#
# ## Explore
#
# Of 80 samples of two sounds (others than above) thirty are used. Take away samples until the answer is no longer the truth, and look at the bounds: they still agree. Then spoil the weights, and the point: which of the two numbers moves?


# %%
def stranger(L, noise, spoiled, moved, seed):
    """The first sound, true and as answered; its products over the readings; the bounds' gap."""
    data, truth, at = modulator(80, seed, noise)
    some = np.sort(np.random.default_rng(0).permutation(80)[:L])
    data, at = (
        branchhull.Bilinear(data.B[some], data.C[some], data.y[some], data.signs[some]),
        at[some],
    )
    answer = branchhull.solve(branchhull.BranchHull(data))
    if answer.dual is None or not np.isfinite(answer.report.certificate.upper):
        raise ValueError("noise has turned the sign of a product, and no point is allowed")
    rng = np.random.default_rng(0)
    al, be = answer.dual * np.exp(spoiled * rng.standard_normal((2, L)))
    h = answer.h + moved * np.linalg.norm(answer.h) * rng.standard_normal(4)
    lower, upper = certificate(*branchhull.canonical(data), h, answer.m, al, be)
    fine, w, x = np.linspace(0, 1, 200), data.B @ h, data.C @ answer.m
    gap = (upper - lower) / upper if np.isfinite(upper) else 1.0
    figure, (left, right, proof) = draw.figure(3, size=(3.6, 3.6))
    true_h = branchhull.balance(truth.h, truth.m)[0]
    draw.curve(left, fine, waves([3, 5], fine) @ true_h, "truth", "truth")
    draw.points(left, np.stack([at, w], axis=1), "answer", "answer")
    draw.label(left, "time", "w", "first sound, balanced")
    left.margins(y=0.3)
    draw.legend(left, "lower left")
    ends = np.array([-1, 1]) * np.abs(data.y).max()
    draw.curve(right, ends, ends, "truth", "equal")
    draw.points(right, np.stack([data.y, w * x], axis=1), "answer", "answer")
    draw.label(right, "reading y", "product w x of the answer", "are the readings explained?")
    draw.legend(right, "upper left")
    proof.bar([""], [max(gap, 1e-15)], color=draw.colour("bound"), width=0.4)
    proof.set(yscale="log", ylim=(1e-16, 2), xlim=(-1, 1))
    draw.label(proof, "", "share of the upper bound", "gap between the bounds")
    return figure, {
        "optimum at least": f"{lower:.4f}",
        "optimum at most": f"{upper:.4f}"
        if np.isfinite(upper)
        else "nothing, the point has a p or q that is not positive",
        "error of the answer": f"{branchhull.recovery_error(h, answer.m, truth):.4f}",
    }


explorer(
    stranger,
    L=IntSlider(30, min=4, max=80, description="samples"),
    noise=FloatSlider(0.0, min=0, max=0.3, step=0.01, description="noise"),
    spoiled=FloatSlider(0.0, min=0, max=1, step=0.05, description="bad weights"),
    moved=FloatSlider(0.0, min=0, max=0.2, step=0.01, description="bad point"),
    seed=IntSlider(5, min=0, max=20, description="recording"),
)

# %% [markdown]
# ## Promised and measured: noise
#
# Let the readings be $y_\ell (1 + \xi_\ell)$ with $\xi_\ell > -1$. If all $\xi_\ell \le 0$, the hulls have grown, the truth is still allowed, and the optimum is at most its value. In general $h$ and $m$, both multiplied
# by $\sqrt{1 + \max_\ell \xi_\ell^+}$ with $\xi^+ = \max(\xi, 0)$, are allowed. So
#
# $$\text{optimum} \;\le\; (1 + \max_\ell \xi_\ell^+)\, \bigl(\|\tilde h\|^2 + \|\tilde m\|^2\bigr) , \qquad (\tilde h, \tilde m) \text{ the balanced truth.} \tag{3}$$
#
# This promises something about the *value* and nothing about the distance to the truth. (For small noise arXiv 1702.04342 has such a bound, for Gaussian rows, and arXiv 1906.11636 for the sparse program; none is used here.) So the distance is measured, with the rival beside it: least squares on the products,
# $\min \sum_\ell (y_\ell - (b_\ell^\top h)(c_\ell^\top m))^2$. It is not convex, needs a start and no signs. Here it starts at BranchHull's answer.


# %%
def descend(data, z):
    """Least squares on the products from the start z = (h, m), balanced; and its residual."""
    K = data.shape[1]

    def residuals(z):
        return (data.B @ z[:K]) * (data.C @ z[K:]) - data.y

    def jacobian(z):
        return np.hstack([(data.C @ z[K:])[:, None] * data.B, (data.B @ z[:K])[:, None] * data.C])

    found = least_squares(residuals, z, jacobian, method="lm")
    h, m = branchhull.balance(found.x[:K], found.x[K:])
    return h, m, np.linalg.norm(found.fun) / np.linalg.norm(data.y)


def judged(data, truth, xi):
    """The data with readings y (1 + xi), solved; errors of it and of the descent; optimum over (3)."""
    noisy = branchhull.Bilinear(data.B, data.C, data.y * (1 + xi), data.signs)
    answer = branchhull.solve(branchhull.BranchHull(noisy))
    h, m, _ = descend(noisy, np.concatenate([answer.h, answer.m]))
    promised = 2 * (1 + max(xi.max(), 0)) * np.linalg.norm(truth.h) * np.linalg.norm(truth.m)
    errors = [branchhull.recovery_error(*pair, truth) for pair in ((answer.h, answer.m), (h, m))]
    return *errors, answer.report.certificate.upper / promised


print("30 samples, 20 recordings    median error      after       optimum below (3)")
print("readings off by              of BranchHull     descent     by at least")
medians = []
for name, way in (("about 5 %, too small", -1), ("about 5 %, both ways", 0)):
    rows = []
    for seed in range(20):
        job, its_truth, _ = modulator(30, seed)
        xi = 0.05 * np.random.default_rng([12, seed]).standard_normal(30)
        rows.append(judged(job, its_truth, -np.abs(xi) if way else xi))
    error, polished, ratio = np.array(rows).T
    medians.append((np.median(error), np.median(polished)))
    print(f"{name:28} ≈ {medians[-1][0]:<15.2g} ≈ {medians[-1][1]:<9.2g} ≈ {1 - ratio.max():.1%}")
    assert ratio.max() <= 1 + 1e-6
assert 0.001 < medians[0][0] < medians[0][1] < 0.05 and medians[1][1] < medians[1][0] < 0.05

# %% [markdown]
# Readings that are too small leave the truth allowed, and they still move the answer. Least squares does worse here. If the errors go
# both ways it does better. It was given BranchHull's answer as a start. That answer
# has a certificate of the convex program; the polished one has none.
#
# **The rivals without noise.** One descent from a random start, the best of ten by their residuals, and lifting ([lesson 10](10_bilinear_lifting.ipynb)), which is convex and certified as well. Recovered of
# 20 recordings, to $10^{-4}$:

# %%
print("samples   BranchHull   descent   best of 10   lifting")
for L in (8, 10, 12, 16, 24):
    hits = np.zeros(4, int)
    for seed in range(20):
        job, its_truth, _ = modulator(L, seed)
        rng = np.random.default_rng(100 + seed)
        tried = [descend(job, rng.standard_normal(8)) for _ in range(10)]
        answer, lifted = branchhull.solve(branchhull.BranchHull(job)), branchhull.lift(job)
        best = min(tried, key=lambda found: found[2])
        pairs = [(answer.h, answer.m), tried[0][:2], best[:2], (lifted.h, lifted.m)]
        for k, (h, m) in enumerate(pairs):  # without signs, (-h, -m) is as good an answer
            either = [branchhull.recovery_error(s * h, s * m, its_truth) for s in (1, -1)]
            hits[k] += min(either) < 1e-4
    print(f"{L:7d}{hits[0]:13d}   ≈ {hits[1]:<8d}≈ {hits[2]:<9d} ≈ {hits[3]}")
assert hits[0] == 20 and hits[2] >= 19

# %% tags=["hide-input"]
for name in ("Weak duality", "Noise that shrinks", "Noise of any sign"):
    print(table(examine(LEDGER[name], np.random.default_rng(0))), end="\n\n")

# %% [markdown]
# Here BranchHull is not the method that needs the fewest samples. Up to 16 samples the best of ten descents recovers more, and at 8, 12 and 16 lifting does too. [Lesson 14](14_how_many_measurements.ipynb)
# compares such methods for Gaussian rows.
#
# ## Break it yourself
#
# Make a new `branchhull.Bilinear` from `data` with the sign of sample 0 switched, and call `smallest`: what does it return, and what does `branchhull.solve` prove? (Lesson 11 has such a proof.) Then that of sample 28 instead: is it noticed, and is the answer the truth? Multiply `Bt` by 10: how do
# $h$, $m$, the quotients $\beta / \alpha$ and each side of (1) change? (The weights themselves are not unique: thirty active rows, eight equations.)
#
# ## Take away
#
# * BranchHull is the smallest point of many hulls; with known signs it is convex, has $K + N$ unknowns, and needs no start.
# * Tangents of hulls, added up, give a bound for nonnegative weights; a scaled point gives a value; the optimum lies between.
# * The certificate proves optimality. Whether the optimum is the truth depends on the number of products and on the noise.
#
# **The guesses.** (1) With thirty products here, yes. (2) Nothing, since the stranger sends the weights $\alpha$ and $\beta$ along: four products of a matrix with a vector and some sums are enough. (3) On these recordings by less than 5 percent in
# the median.
#
# **Exercise**: [12_certificate](../exercises/12_certificate.ipynb), the certificate by yourself. **Next**: [13](13_admm.ipynb), how such weights are found.
#
# ## Sources
#
# * The program: A. Aghasi, A. Ahmed, P. Hand, B. Joshi, arXiv 1702.04342 (Applied and Computational Harmonic Analysis 49(2), 2020).
