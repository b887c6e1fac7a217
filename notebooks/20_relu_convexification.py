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
# # 20 ReLU convexification
#
# A doorbell listens with two microphones. One neuron decides: from the two levels $x = (x_1, x_2)$ it answers $\max(w^\top x, 0)$, and where the
# answer is positive the doorbell records. You have kept twelve moments and what the neuron answered. Now the
# battery is too small. A weight that is 0 saves a microphone. You look for other weights $u$ that do nearly the same.
# But the neuron has a bend, and the set of good $u$ has a shape that is hard to search.
#
# **Afterwards you can** replace "nearly the same answers" by a ball and half-spaces, prove what this set promises, say what it leaves out and
# measure the price, and say why the limits should move with the samples.
# **Before**: [00](00_start_here.ipynb), [01](01_bounds.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 30 minutes.

# %%
# %matplotlib inline
import numpy as np
from ipywidgets import FloatSlider, ToggleButtons

from kit import nettrim
from kit.course import draw
from kit.course.explorers import explorer
from kit.experiments.theorems import LEDGER, examine, table
from kit.results import Status

# %% [markdown]
# ## The question
#
# The samples $x_1, \dots, x_P$ are the columns of $X \in \mathbb R^{N \times P}$; here $N = 2$, $P = 12$. The neuron answers $y = (w^\top X)_+$, where
# $(z)_+ = \max(z, 0)$ entry by entry. It is **active** on $\Omega = \{p : y_p > 0\}$ and **silent** on the other samples. The answers may move by
# $\epsilon$, all samples together. So the weights we want are those of the **true set**
#
# $$T_\epsilon = \{u : \|(u^\top X)_+ - y\|_2 \le \epsilon\} ,$$
#
# and of these one with a small $\|u\|_1 = |u_1| + |u_2|$, a norm whose ball has its corners where coordinates are 0.
#
# **Guess first.** (1) With $\epsilon = 0$, all answers as they were, is $T_0$ convex? (2) And $T_\epsilon$ with $\epsilon > 0$? (3) The doorbell is moved, and so
# each sample moves a little. The answers to be kept are the old ones, and silent samples must stay silent. Do the old weights $w$ still satisfy this?


# %%
def doorbell(angle):
    """Twelve samples X (2, 12); weights w of length 1.5 at an angle in degrees; answers y (12,)."""
    X = np.random.default_rng(3).standard_normal((2, 40))[:, :12]
    w = 1.5 * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    return X, w, np.maximum(w @ X, 0)


def draw_samples(ax, X, y, w, title):
    """The samples, active or silent, and the line on which the neuron switches."""
    draw.plane(ax, 4.0, "x₁", "x₂", title)
    draw.border(ax, w, 0, "truth", "w'x = 0")
    draw.points(ax, X[:, y > 0].T, "first", "active")
    draw.points(ax, X[:, y == 0].T, "second", "silent")
    draw.arrow(ax, [0, 0], w, "truth")


X, w, y = doorbell(15)
figure, ax = draw.figure()
draw_samples(ax, X, y, w, "twelve samples and the neuron")
draw.legend(ax, "lower left")
draw.show(
    figure,
    "Twelve samples. The neuron answers on the side of the line to which its weights, the arrow, point. "
    "There the answer grows with the distance from the line.",
)
print(f"active on {np.sum(y > 0)} of {y.size} samples, |w|_1 = {np.abs(w).sum():.3f}")

# %% [markdown]
# ## By hand: one sample, then two
#
# *One sample.* The neuron sees $z = u^\top x$ and answers $(z)_+$. Which $z$ keep the answer within $\epsilon$ of $y$? If $y = 0.6$ and $\epsilon = 0.3$, those between
# $0.3$ and $0.9$. If $\epsilon = 0.9$, all up to $1.5$: the answer may be 0 now, and then $z$ may be as low as it likes. If $y = 0$,
# all up to $\epsilon$. The ReLU never decreases, so the set is an interval each time, and an interval is convex.
#
# *With $\epsilon = 0$* we have $z = y$ if $y > 0$, and $z \le 0$ if $y = 0$. For many samples this is an equation or a half-space each. All of these are convex, and so is their intersection $T_0$.
# **The answer tells on which piece of the bent line the sample lies.**
#
# *Two samples, $\epsilon > 0$.* The samples share the tolerance, and that is new. Let $X$ be the identity, $y = (1, 1)$, $\epsilon = 1.2$. The weights $(1, -2)$ silence the second sample and are right
# on the first: error 1. So do $(-2, 1)$ with the first. Their midpoint silences both.

# %%
figure, (left, right) = draw.figure(2, size=(4.3, 4.2))
z = np.linspace(-2, 2, 5)
draw.label(left, "z", "answer", "one sample, y = 0.6, epsilon = 0.9")
left.axhspan(-0.3, 1.5, color=draw.colour("rival"), alpha=0.2, lw=0, label="answer within epsilon")
draw.curve(left, z, np.maximum(z, 0), "first", "the ReLU")
draw.curve(left, [-2, 1.5], [-0.45, -0.45], "wrong", "allowed")
draw.curve(left, [-0.3, 1.5], [-0.65, -0.65], "data", "|z - y| within epsilon")
left.set(xlim=(-2, 2), ylim=(-0.9, 2.6))
draw.legend(left, "upper left")
two = np.array([[1.0, -2.0], [-2.0, 1.0]])
draw.plane(right, 2.6, "u₁", "u₂", "two samples, epsilon = 1.2")
draw.region(
    right,
    lambda a, b: 1.2 - np.hypot(np.maximum(a, 0) - 1, np.maximum(b, 0) - 1),
    "wrong",
    "true set",
)
draw.ball(right, 1.2, centre=(1, 1), look="first", label="ball")
draw.path(right, [two[0], two.mean(axis=0), two[1]], "rival", "two good, midpoint bad")
draw.legend(right, "lower left")
draw.show(
    figure,
    "Left: one sample, whose allowed z are an interval. Right: the true set of two samples has two "
    "arms, and the middle between two points in the arms is outside. The ball without the arms is convex.",
)
for u in (*two, two.mean(axis=0)):
    print(f"u = {u}: error {np.linalg.norm(np.maximum(u, 0) - 1):.3f}")

# %% [markdown]
# ## A ball and half-spaces
#
# **Net-Trim** minimises $\|u\|_1$ over a set that treats each sample by the piece on which it was. **Where the neuron is active, measure the error before the ReLU, in one ball. Where it is silent, stay silent.**
#
# $$C_\epsilon = \bigl\{u : \; \|(u^\top X - y)_\Omega\|_2 \le \epsilon, \quad u^\top x_p \le 0 \text{ for } p \notin \Omega \bigr\} . \tag{1}$$
#
# The first condition says that a linear image of $u$ lies in a ball, the second is a half-space for each silent sample. So $C_\epsilon$ is convex.
#
# ## From scratch: ask all weights
#
# In the plane we can put a grid on the weights and ask each point, for $T_\epsilon$ and for (1). ($V$ is the limit of the silent samples, 0 for now.)


# %% tags=["from-scratch"]
def in_true_set(U, X, y, epsilon):
    """Which weights U (..., N) are in T."""
    return np.linalg.norm(np.maximum(U @ X, 0) - y, axis=-1) <= epsilon


def in_convex_set(U, X, y, epsilon, V=0.0):
    """Which weights U (..., N) are in C; silent samples have the limit V."""
    Z, active = U @ X, y > 0
    follows = np.linalg.norm((Z - y)[..., active], axis=-1) <= epsilon
    silent = np.all((Z <= V)[..., ~active], axis=-1)
    return follows & silent


def smallest(U, inside):
    """The least |u|_1 among the weights inside, and its u."""
    sizes = np.where(inside, np.abs(U).sum(axis=-1), np.inf)
    return sizes.min(), U.reshape(-1, 2)[sizes.argmin()]


# %% [markdown]
# *Check against the definition*: 2,000 random weights, sample by sample with `if`. *And against the kit*, which solves $\min \|u\|_1$ over $C_\epsilon$ in one line:

# %% tags=["compared"]
grid = np.stack(np.meshgrid(*[np.linspace(-2.5, 2.5, 501)] * 2), axis=-1)
epsilon = 0.3 * np.linalg.norm(y)
some = np.random.default_rng(0).uniform(-2, 2, (2000, 2))
true_error, ball_error, spoke = np.zeros((3, 2000))
for k, u in enumerate(some):
    for x, answer in zip(X.T, y, strict=True):
        z = u[0] * x[0] + u[1] * x[1]
        true_error[k] += ((z if z > 0 else 0) - answer) ** 2
        if answer > 0:
            ball_error[k] += (z - answer) ** 2
        elif z > 0:
            spoke[k] += 1
assert np.array_equal(in_true_set(some, X, y, epsilon), true_error <= epsilon**2)
assert np.array_equal(in_convex_set(some, X, y, epsilon), (ball_error <= epsilon**2) & (spoke == 0))
true, convex = in_true_set(grid, X, y, epsilon), in_convex_set(grid, X, y, epsilon)
print(f"of {true.size:,} weights {true.sum():,} are in T, {convex.sum():,} in C, ", end="")
print(f"{np.sum(convex & ~true)} in C alone")
solved = nettrim.solve(nettrim.NetTrim(X, y[None], epsilon))
for name, (size, u) in (
    ("true set, grid", smallest(grid, true)),
    ("convex set, grid", smallest(grid, convex)),
    ("convex set, kit", (np.abs(solved.W).sum(), solved.W[:, 0])),
    ("trained", (np.abs(w).sum(), w)),
):
    print(f"{name:17} |u|_1 = {size:.4f} at ({u[0]:.3f}, {u[1]:.3f})")
assert not np.any(convex & ~true) and convex.sum() < true.sum()
assert abs(smallest(grid, convex)[0] - np.abs(solved.W).sum()) < 0.02
assert solved.W[1, 0] == 0

# %% [markdown]
# One microphone can go. The kit ([nettrim/solve.py](../kit/nettrim/solve.py)) works for many inputs, where this grid would have $501^N$ points, and it
# proves a bound, here $\|u\|_1 \ge$ the number below for all of $C_\epsilon$. Lesson [21](21_one_neuron.ipynb) builds both.


# %%
def draw_sets(ax, X, y, epsilon, V, u, w, title):
    """The true set, the convex set on it, the l1 ball that touches, both weights."""
    active = y > 0
    draw.plane(ax, 2.4, "u₁", "u₂", title)
    draw.region(
        ax,
        lambda a, b: (
            epsilon
            - np.sqrt(
                sum(
                    (np.maximum(a * x[0] + b * x[1], 0) - t) ** 2
                    for x, t in zip(X.T, y, strict=True)
                )
            )
        ),
        "wrong",
        "true set",
    )
    Q, R = np.linalg.qr(X[:, active].T)  # |X'u - y|^2 = |R u - Q'y|^2 + what no u changes
    rest = np.linalg.norm(y[active] - Q @ (Q.T @ y[active]))
    if rest < epsilon:  # the ball is an ellipse of u: here it is given by its tangents
        turn = np.linspace(0, 2 * np.pi, 90)
        tangents = np.stack([np.cos(turn), np.sin(turn)], axis=1)
        levels = tangents @ (Q.T @ y[active]) - np.sqrt(epsilon**2 - rest**2)
        sides = np.vstack([tangents @ R, -X[:, ~active].T])
        draw.half_planes(
            ax, sides, np.append(levels, -V[~active]), "first", "convex set", lines=False
        )
    if u is not None:
        draw.ball(ax, np.abs(u).sum(), "l1", label="l1 ball")
        draw.points(ax, u, "answer", "answer u")
    draw.points(ax, w, "truth", "trained w")
    draw.legend(ax, "lower left")


figure, axes = draw.figure(2, size=(4.5, 4.4))
for ax, angle in zip(axes, (15, 60), strict=True):
    samples, trained, kept = doorbell(angle)
    radius = 0.3 * np.linalg.norm(kept)
    found = nettrim.solve(nettrim.NetTrim(samples, kept[None], radius))
    draw_sets(ax, samples, kept, radius, 0 * kept, found.W[:, 0], trained, f"w at {angle} degrees")
    proof = found.report.certificate
    print(
        f"w at {angle} degrees: |u|_1 = {proof.upper:.4f}, proved |u|_1 >= {proof.lower:.4f} on C"
    )
draw.show(
    figure,
    "The weights, epsilon = 30 % of |y|. The smallest l1 ball that reaches the convex set touches it in the "
    "answer. What is in the true set alone is given up. Left this costs nothing. Right the true set "
    "comes nearer to the origin.",
)

# %% [markdown]
# ## Why it is right, and what is given up
#
# *It keeps the promise* (Proposition 1 of the paper): $C_\epsilon \subseteq T_\epsilon$. Let $u \in C_\epsilon$ and $z = u^\top X$.
# Let $p \in \Omega$, so $y_p > 0$. If $z_p \ge 0$, then $|(z_p)_+ - y_p| = |z_p - y_p|$. If $z_p < 0$, then $|(z_p)_+ - y_p| = y_p < y_p - z_p = |z_p - y_p|$.
# Let $p \notin \Omega$. Then $z_p \le 0$, so $(z_p)_+ = 0 = y_p$.
# The squared error is at most $\sum_{p \in \Omega} (z_p - y_p)^2 \le \epsilon^2$. $\square$
#
# *The trained weights are in it* for each $\epsilon \ge 0$. On $\Omega$, $(w^\top x_p)_+ = y_p > 0$ gives $w^\top x_p = y_p$: no error. Off $\Omega$,
# $(w^\top x_p)_+ = 0$ gives $w^\top x_p \le 0$. $\square$ So there is an answer, and it has $\|u\|_1 \le \|w\|_1$.
#
# *Nothing is lost at $\epsilon = 0$*: then (1) is $T_0$, as computed by hand.
#
# *Given up* are those $u$ of $T_\epsilon$ that are not in $C_\epsilon$. Either a silent sample speaks, or the ball is left; and as the errors of the ball and of $T_\epsilon$ agree
# where $z_p \ge 0$, then an active sample has been silenced (the arms). Not all weights that silence one are given up: $(1, -0.1)$ silences the second of the two samples
# above, and is in the ball.
#
# **The price, measured.** In the plane the grid is a rival that searches the true set. Its points are 0.02 apart, so its smallest norm may come out a little too
# large, even above that of the convex set. Turn $w$ around; the last three columns are $\|u\|_1$:

# %%
coarse = grid[::2, ::2]  # spacing 0.02
ratios = []
print("angle of w  active  true set, grid  convex set  trained")
for angle in range(-165, 181, 15):
    samples, trained, kept = doorbell(angle)
    radius = 0.3 * np.linalg.norm(kept)
    best = smallest(coarse, in_true_set(coarse, samples, kept, radius))[0]
    proof = nettrim.solve(nettrim.NetTrim(samples, kept[None], radius)).report.certificate
    ratios.append(proof.upper / best)
    assert proof.lower <= np.abs(trained).sum() and proof.upper > best - 0.04
    if angle % 45 == 15:
        size = np.abs(trained).sum()
        print(f"{angle:10d} {np.sum(kept > 0):7d} {best:15.2f} {proof.upper:11.3f} {size:8.3f}")
ratios = np.array(ratios)
print(f"convex over true: median {np.median(ratios):.2f}, largest {ratios.max():.2f}; ", end="")
print(f"above 1.1 at {np.sum(ratios > 1.1)} of {len(ratios)} angles")

# %% [markdown]
# So the convex set is often as good, and at some angles nearly one half worse. No bound on this ratio holds for all samples. Take $x_1 = (1, 0)$, $x_2 = (0.1, -0.1 / M)$ with a large $M$, $w = (1, 1.001 M)$ and $\epsilon = 0.3$. Then $y = (1, 0)$. The weights $(\tfrac34, 0)$ answer $(0.75, 0.075)$ and are in $T_\epsilon$. But the convex set asks for $u_1 \ge 0.7$ and $u_2 \ge M u_1$, so for $\|u\|_1 \ge 0.7\,(1 + M)$. What it buys: each local minimum is global, and each point keeps the promise.
#
# ## Where it fails: samples that move
#
# The doorbell is moved: the samples become $\hat x_p = x_p + \text{shift} \cdot e_p$, with a random vector $e_p$ for each sample. In a network the same happens when the layer before has been pruned; a **cascade** prunes the layers
# one after the other. The answers $y$ to be kept are still the old ones. Now $w$ makes errors on $\Omega$, so let $\epsilon^2 = \gamma \sum_{p \in \Omega} (w^\top \hat x_p - y_p)^2$ with $\gamma \ge 1$; here $\gamma = 1.1$.
# Then $w$ is in the ball. But some samples cross the line:

# %%
steps = np.random.default_rng(4).standard_normal((2, 40))[:, :12]
moved = X + 0.4 * steps
crossed = (w @ moved > 0) != (y > 0)
figure, ax = draw.figure()
draw_samples(ax, X, y, w, "the samples move, shift 0.4")
for k in range(12):
    draw.arrow(ax, X[:, k], moved[:, k], "wrong" if crossed[k] else "rival")
draw.points(ax, moved[:, crossed].T, "wrong", "crossed")
draw.legend(ax, "lower left")
draw.show(
    figure,
    "Each sample moves along its arrow. Two silent samples, with a cross where they end, cross the "
    "neuron's line: the old weights would answer there now.",
)
radius = np.sqrt(1.1) * np.linalg.norm((w @ moved - y)[y > 0])
problem = nettrim.NetTrim(moved, y[None], radius, 0.0, (y > 0)[None])
refused = nettrim.solve(problem, "exact")
q = refused.dual[0] / np.abs(refused.dual).max()
print(f"{crossed.sum()} samples cross; the program says: {refused.report.run.status}")
gain = q @ y - radius * np.linalg.norm(q[y > 0])
print(
    f"ray q: largest entry of X^ q ≈ {np.abs(moved @ q).max():.0e}, <q, y> - epsilon |q_Omega| ≈ {gain:.2g}"
)
assert refused.report.run.status is Status.INFEASIBLE and np.abs(moved @ q).max() < 1e-12
assert q[y == 0].max() <= 0 and gain > 0.01

# %% [markdown]
# The set is empty, and a **ray** proves it: a $q$ with $\hat X q = 0$, with $q_p \le 0$ off $\Omega$, and $\langle q, y \rangle > \epsilon \|q_\Omega\|_2$. For a $u$ in the set we should have
# $0 = u^\top \hat X q \ge \langle q, y \rangle - \epsilon \|q_\Omega\|_2 > 0$: on $\Omega$ by Cauchy and Schwarz, and off $\Omega$ both factors are $\le 0$ and $y_p = 0$.
#
# **The cure**: ask of silent samples what the old weights achieve, $u^\top \hat x_p \le V_p$ with $V = w^\top \hat X$. Then $w$ is in the set by construction. And for each $u$ in it:
# on $\Omega$ the error is at most $|u^\top \hat x_p - y_p|$, as before.
# Off $\Omega$, where $w^\top x_p \le 0$, it is $(u^\top \hat x_p)_+ \le (w^\top \hat x_p)_+ \le |w^\top(\hat x_p - x_p)|$.
# On $\Omega$ we have $y_p = w^\top x_p$. Add up the squares:
#
# $$\|(u^\top \hat X)_+ - y\|_2^2 \le \gamma \sum_{p \in \Omega} \bigl(w^\top (\hat x_p - x_p)\bigr)^2 + \sum_{p \notin \Omega} \bigl(w^\top (\hat x_p - x_p)\bigr)^2
#   \le \gamma\, \|w^\top (\hat X - X)\|_2^2 . \tag{2}$$
#
# Of the limit $V$ the proof used $(u^\top \hat x_p)_+ \le (w^\top \hat x_p)_+$ alone. So $V = (w^\top \hat X)_+$ has the same promise and leaves more room. (The paper takes $w^\top \hat X$.)

# %%
print("shift  cross   |u|_1: V = 0   V = w'X^   V = (w'X^)_+   error of the last   promised")
for shift in (0.05, 0.1, 0.2, 0.3, 0.4, 0.6):
    Xhat, active = X + shift * steps, y > 0
    z = w @ Xhat
    radius = np.sqrt(1.1) * np.linalg.norm((z - y)[active])
    promised = np.sqrt(1.1) * np.linalg.norm(w @ (Xhat - X))
    print(f"{shift:5.2f} {np.sum((z > 0) != active):6d}", end="")
    for V, width in ((0 * z, 15), (z, 11), (np.maximum(z, 0), 15)):
        layer = nettrim.NetTrim(Xhat, y[None], radius, V[None], active[None])
        found = nettrim.solve(layer, "exact")
        empty = found.report.run.status is Status.INFEASIBLE
        print(f"{'empty':>{width}}" if empty else f"{np.abs(found.W).sum():{width}.3f}", end="")
    error = np.linalg.norm(np.maximum(found.W[:, 0] @ Xhat, 0) - y)
    print(f"{error:20.3f} {promised:10.3f}")
    assert error <= promised * (1 + 1e-6) and np.abs(found.W).sum() <= np.abs(w).sum() + 1e-6

# %% [markdown]
# With $V = w^\top \hat X$ all rows have $\|w\|_1$ again: where $w^\top \hat x_p < 0$, this limit asks $u^\top \hat x_p$ to be at least as far below 0, and here no
# smaller weights are left. Lesson [23](23_networks.ipynb) has layers with many inputs, where it prunes.
#
# ## Explore
#
# Turn $w$, and take $\epsilon$ to 0 and to 1. Then move the samples, with each of the three limits. At which shift is the set of $V = 0$ empty? (With $\epsilon$ fixed, $w$ leaves the ball at a large shift, and the other two sets can be empty as well.)


# %%
def weights(angle, share, shift, limit):
    """Left: samples. Right: the sets of weights, with epsilon = share |y|."""
    X, w, y = doorbell(angle)
    steps = np.random.default_rng(4).standard_normal((2, 40))[:, :12]
    moved, epsilon = X + shift * steps, share * np.linalg.norm(y)
    z = w @ moved
    V = {"0": 0 * z, "w'X": z, "(w'X)₊": np.maximum(z, 0)}[limit]
    solved = nettrim.solve(
        nettrim.NetTrim(moved, y[None], epsilon, V[None], (y > 0)[None]), "exact"
    )
    empty = solved.report.run.status is Status.INFEASIBLE
    u = None if empty else solved.W[:, 0]
    figure, (left, right) = draw.figure(2, size=(4.4, 4.2))
    draw_samples(left, moved, y, w, "samples, as they are now")
    draw.legend(left, "lower left")
    draw_sets(right, moved, y, epsilon, V, u, w, "weights")
    if empty:
        return figure, {"convex set": "empty, proved by a ray"}
    error = np.linalg.norm(np.maximum(u @ moved, 0) - y)
    return figure, {
        "|w|_1": f"{np.abs(w).sum():.3f}",
        "|u|_1": f"{np.abs(u).sum():.3f}",
        "weights that are 0": int(np.sum(u == 0)),
        "error / |y|": f"{error / np.linalg.norm(y):.3f}",
    }


explorer(
    weights,
    angle=FloatSlider(15, min=-180, max=180, step=5, description="angle of w"),
    share=FloatSlider(0.3, min=0, max=1, step=0.05, description="epsilon / |y|"),
    shift=FloatSlider(0, min=0, max=1, step=0.05, description="shift"),
    limit=ToggleButtons(options=["0", "w'X", "(w'X)₊"], description="limit V"),
)

# %% [markdown]
# ## Break it yourself
#
# * `nettrim.NetTrim(X, np.zeros((1, 12)), 0.0)` is a neuron that never answers. Guess $u$, then solve.
# * Declare all samples active, `Omega=np.ones((1, 12), bool)`. Is $w$ still in the set with $\epsilon = 0$?

# %% tags=["hide-input"]
for name in ("Proposition 1", "One layer is no longer than it was", "Theorem 2"):
    print(table(examine(LEDGER[name], np.random.default_rng(0))), end="\n\n")

# %% [markdown]
# The last cell is from the **ledger**: statements, measured inside their hypotheses and with each of the listed ones broken. Theorem 2 is (2), layer after layer; each layer is scaled so that $\|W\|_1 = 1$ (*link-normalised*), and then $\|W^\top (\hat X - X)\|_F \le \|\hat X - X\|_F$.
#
# ## Take away
#
# * Net-Trim's set asks for a ball where the neuron is active, and for half-spaces where it is silent.
# * All weights in this set keep the promise, and the trained weights are among them. Given up are weights that wake a silent sample, or that silence an active one and leave the ball.
# * When silent samples cross the line, the limit 0 may leave no weights. A limit that moves with the samples does not exclude the old ones.
#
# **The guesses.** (1) Yes: an equation or a half-space for each sample. (2) In general not: with two samples it had arms. It is the shared tolerance that breaks it.
# (3) As long as no silent sample crosses the line, and $\epsilon$ has room for the errors. At shift 0.3 one crosses, and at 0.4 no weights are left.
#
# **Exercise**: [20_omega_and_v](../exercises/20_omega_and_v.ipynb), $\Omega$ and $V$ for a layer. **Next**: [21 One neuron and its path](21_one_neuron.ipynb).
#
# ## Sources
#
# * A. Aghasi, A. Abdi, N. Nguyen, J. Romberg, *Net-Trim*, arXiv 1611.05162, supplement: (S.1), the cascade (S.3) and its $V$, Proposition 1, Theorem 2.
# * What is given up, its price, the ray, and the remark on the positive part are derived here.
