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
# # 02 Splitting and agreement
#
# The mast of [lesson 01](01_bounds.ipynb) again. Two people plan it. The surveyor knows the roads. Tell him how far a place lies from the house towards each road, and he raises each distance that is too small to the least permitted one. He knows nothing about cable. The electrician finds the
# cheapest place for any wishes about these distances, by one linear system. She knows the directions of the roads, not how far off they are. Each job alone is
# easy. They agree by letters, and what they could not agree on they carry over to the next letter.
#
# **Afterwards you can** split a program into two easy steps, write ADMM in eight lines, read a certificate off it, and predict
# how fast the error shrinks in the long run, and why $\rho$ matters.
# **Before**: [01](01_bounds.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 30 minutes.

# %%
# %matplotlib inline
import numpy as np
from ipywidgets import FloatLogSlider, FloatSlider, IntSlider
from scipy.optimize import nnls

from kit import branchhull
from kit.course import draw
from kit.course.explorers import explorer

# %% [markdown]
# ## The question
#
# $$\min_{x \in \mathbb R^2} \|x\|^2 \quad \text{subject to} \quad A x \ge b .$$
#
# Give these distances a name of their own, $u = A x$ (from the house along $a_i$, times $\|a_i\|$). Then the surveyor's rule is $u \ge b$, the electrician's cost is $\|x\|^2$, and $u = A x$ is what
# they must agree on. A number $\rho > 0$ says how much a disagreement weighs. A *letter* is one answer of each.
#
# **Guess first.** (1) Which $\rho$ needs the fewest letters: a small one, a large one, one in between? (2) How do the letters come near
# their limit: straight, to and fro, in a spiral?
#
# ## By hand: one unknown
#
# Minimise $x^2$ subject to $x \ge b$. A running total $a$ keeps the disagreement (it has nothing to do with the normals $a_i$ of the roads). The surveyor answers with the permitted $u$ nearest to
# $x - a$; the electrician minimises $x^2 + \frac\rho2 (u - x + a)^2$; then the total grows by $u - x$:
#
# $$u \leftarrow \max(x - a,\, b), \qquad x \leftarrow r\,(u + a), \quad r = \frac{\rho}{2 + \rho}, \qquad a \leftarrow a + u - x . \tag{1}$$
#
# (The middle one: $2 x - \rho (u - x + a) = 0$.) Follow $v = u + a$. The new $x$ is $r v$ and the new $a$ is $(1 - r) v$.
#
# * If the constraint is *active*, $u = b$, the new $v$ is $(1 - r) v + b$. **The error of $v$ is multiplied by $1 - r$.**
# * If it is *idle*, $u = x - a$, the new $v$ is $x = r v$. **The error of $v$ is multiplied by $r$.**
#
# The two factors add up to 1. A large $\rho$ brings $r$ near 1: good for active constraints, bad for idle ones. With
# $\rho = 2$ both are $\tfrac12$, and no $\rho$ makes the larger of the two smaller than that.


# %%
def by_hand(b, rho, start, steps):
    """(1), from x = start and a = 0: the errors of v = u + a."""
    x, a, r, errors = start, 0.0, rho / (2 + rho), []
    limit = max(b, 0) / r  # of v: x = r v is the optimum, max(b, 0)
    for _ in range(steps):
        u = max(x - a, b)
        errors.append(abs(u + a - limit))
        x, a = r * (u + a), (1 - r) * (u + a)
    return np.array(errors)


figure, axes = draw.figure(2, size=(4.2, 3.3))
for ax, b, start, title in zip(
    axes, (1.0, -1.0), (0.0, 4.0), ("active: x >= 1", "idle: x >= -1"), strict=True
):
    for rho, look in ((0.5, "wrong"), (2.0, "answer"), (8.0, "first")):
        errors = by_hand(b, rho, start, 9)
        draw.curve(ax, np.arange(1, 10), errors, look, f"rho = {rho:g}", marks=True)
        print(f"{title}, rho = {rho:g}: error 6 is {errors[5] / errors[4]:.2f} times error 5")
    ax.set(yscale="log", ylim=(1e-7, 20))
    draw.label(ax, "letter", "error of v", title)
    draw.legend(ax, "lower left")
draw.show(
    figure,
    "One unknown. Where the constraint is active a large rho is fast, where it is idle a small rho is fast "
    "(with rho = 0.5 it is active at letters 2 and 3 before it stays idle). With rho = 2 both errors are halved by each letter.",
)

# %% [markdown]
# ## From scratch
#
# With several unknowns the three steps of (1) read: **the surveyor clips, the electrician solves, the total keeps what is left**.
#
# $$u \leftarrow \max(A x - a,\; b), \qquad
#   x \leftarrow (A^\top A + \tfrac2\rho I)^{-1} A^\top (u + a), \qquad
#   a \leftarrow a + u - A x . \tag{2}$$
#
# The middle one minimises $\|x\|^2 + \frac\rho2\|u - A x + a\|^2$: its gradient $2 x - \rho A^\top (u - A x + a)$ is 0. The method is
# called **ADMM**, the alternating direction method of multipliers, and such use of copies **splitting**.


# %% tags=["from-scratch"]
def admm(A, b, rho, steps):
    """The steps (2) from 0: x, a and u after each."""
    x, a, path = np.zeros(A.shape[1]), np.zeros(len(b)), []
    matrix = A.T @ A + 2 / rho * np.eye(A.shape[1])
    for _ in range(steps):
        u = np.maximum(A @ x - a, b)
        x = np.linalg.solve(matrix, A.T @ (u + a))
        a = a + u - A @ x
        path.append((x, a, u))
    return path


def proof(A, b, rho, x, a):
    """What a step proves: a bound from the weights max(rho a, 0), a value from x, repaired."""
    lam = np.maximum(rho * a, 0)
    lower = lam @ b - np.sum((A.T @ lam) ** 2) / 4
    upper = np.max(b / (A @ x)) ** 2 * (x @ x) if np.min(A @ x) > 0 else np.inf
    return lower, upper


# %% [markdown]
# *Why is $\rho a$ a weight?* Suppose nothing changes any more. The last step of (2) then says $u = A x$, so $A x \ge b$. The second says $2 x = \rho A^\top a$. The first says
# $u = \max(u - a, b)$: for each road the entry of $a$ is 0, or it is $\ge 0$ and the entries of $u$ and $b$ are equal. So $\lambda = \rho a$ is nonnegative, $A^\top \lambda = 2 x$, and
# $\lambda^\top b = \lambda^\top A x = 2 \|x\|^2$. The bound of lesson 01, $\lambda^\top b - \tfrac14 \|A^\top \lambda\|^2$, is then $2 \|x\|^2 - \|x\|^2$, which is the value of $x$. So $x$ and $\lambda$ are a certificate, and $x$ is optimal. $\square$
#
# On the way $\rho a$ may have negative entries. They are put to 0, and then the weights prove a bound at each step. That the steps converge for each
# $\rho > 0$, if any point is feasible, is a theorem we cite (Boyd and others, section 3.2).
#
# *Check against the definition*, the best feasible point of a fine grid, and against the kit's ADMM, for the program with one product unknown $h$ of
# lesson 01, whose optimum is $2\|x^\star\|$.

# %% tags=["compared"]
A, b = np.array([[1.0, 0.3], [-0.6, 0.8]]), np.array([1.0, 0.8])
grid = np.stack(np.meshgrid(*[np.linspace(-3, 3, 1201)] * 2), axis=-1).reshape(-1, 2)
searched = np.sum(grid[np.all(grid @ A.T >= b - 1e-9, axis=1)] ** 2, axis=1).min()
x, a, _ = admm(A, b, 1.0, 200)[-1]
lower, upper = proof(A, b, 1.0, x, a)
data = branchhull.Bilinear(np.ones((2, 1)), A, b, np.ones(2))
kits = branchhull.solve(branchhull.BranchHull(data), "admm")
by_kit = kits.report.certificate
print(f"from scratch  {lower:.6f} <= optimum <= {upper:.6f}, at {x.round(4)}")
low, high = (by_kit.lower / 2) ** 2, (by_kit.upper / 2) ** 2
print(f"by the kit    {low:.6f} <= optimum <= {high:.6f}, at {(kits.h * kits.m).round(2)}")
print(f"the best of {len(grid):,} places is larger by ≈ {searched - upper:.1g}")
assert abs(upper - lower) < 1e-9 and 0 < searched - upper < 0.05
assert np.abs(x - kits.h * kits.m).max() < 1e-3 and abs(high - upper) < 1e-7

# %% [markdown]
# The kit's ADMM ([admm.py](../kit/branchhull/methods/admm.py)) has the same three steps for $h$ and $m$. Its surveyor does not clip: he projects on hulls
# ([lesson 11](11_hull_geometry.ipynb)). It scales the data first, and every tenth step it certifies.
#
# ## Letters 1, 3 and 6


# %%
def draw_letters(ax, A, b, rho, steps, title):
    """The feasible set, the way of x, and the two circles that the best of the steps prove."""
    path = admm(A, b, rho, steps)
    bounds = np.array([proof(A, b, rho, x, a) for x, a, _ in path])
    draw.plane(ax, 2.4, "x₁", "x₂", title)
    draw.half_planes(ax, A, b, label="feasible")
    draw.ball(ax, np.sqrt(max(bounds[:, 0].max(), 0)), look="bound", label="proved: outside")
    if np.isfinite(bounds[:, 1].min()):
        draw.ball(ax, np.sqrt(bounds[:, 1].min()), look="answer", label="reached: not outside")
    draw.path(ax, [x for x, _, _ in path], label="x, letter by letter")
    return bounds


figure, axes = draw.figure(2, 2, size=(4.1, 3.9))
for ax, k in zip(axes, (1, 3, 6), strict=False):
    bounds = draw_letters(ax, A, b, 0.7, k, f"letter {k}")
    print(f"letter {k}: {bounds[:, 0].max():.4f} <= optimum <= {bounds[:, 1].min():.4f}")
draw.legend(axes[0], "lower left")
path = admm(A, b, 0.7, 12)
bounds = np.array([proof(A, b, 0.7, x, a) for x, a, _ in path])
draw.label(axes[3], "letter", "", "the optimum lies between")
draw.closing(axes[3], *bounds.T)
draw.legend(axes[3], "upper right")
draw.show(
    figure,
    "Letters 1, 3 and 6 with rho = 0.7. The places x come from outside the feasible set, so their own "
    "lengths would look too good. Repaired they give the purple circle, and the totals give the black one.",
)

# %% [markdown]
# **Judge a point that is not feasible after its repair.** An infeasible $x$ can be shorter than the optimum, and here the first ones are.
#
# ## How fast, and why it turns
#
# Follow $v = u + a$ again. Write $P = A (A^\top A + \tfrac2\rho I)^{-1} A^\top$. By (2) the new $A x$ is $P v$ and the new $a$ is $(I - P) v$, so $v$ alone decides the next letter. Let $D$ be diagonal, with 1 for an active
# constraint and 0 for an idle one. Active entries of $u$ are $b_i$, idle ones those of $A x - a = (2 P - I) v$. While no constraint changes sides,
#
# $$v \leftarrow (I - P) v + (I - D)(2 P - I) v + D b = M v + D b, \qquad M = D + (I - 2 D) P . \tag{3}$$
#
# With one unknown this is $1 - r$ or $r$ as before. With one active constraint and one idle one,
#
# $$M = \begin{pmatrix} 1 - P_{11} & -P_{12} \\ P_{12} & P_{22} \end{pmatrix} .$$
#
# If the two numbers on the diagonal differ by less than $2 |P_{12}|$, the eigenvalues are a complex pair of modulus $\sqrt{\det M}$:
# the error turns while it shrinks. As $P_{11}$ and $P_{22}$ lie between 0 and 1, the trace of $M$ and its determinant $(1 - P_{11}) P_{22} + P_{12}^2$ are positive. So real eigenvalues are positive, and no error goes to and fro. If all constraints are active, $M = I - P$, if all are idle, $M = P$. These are symmetric, their
# eigenvalues real and between 0 and 1, and nothing turns. And as $P = I - \tfrac2\rho (A A^\top + \tfrac2\rho I)^{-1}$, for two constraints $P_{12} = 0$ exactly if
# $a_1^\top a_2 = 0$. The largest modulus of an eigenvalue of $M$ is the **promised factor** of the error. Here is road 2 at 20 degrees, where it is idle.

# %%
tilted = np.array([[1.0, 0.3], [np.cos(np.radians(20)), np.sin(np.radians(20))]])
one, idle = np.eye(2), np.diag([1.0, 0.0])
figure, axes = draw.figure(3, size=(3.3, 3.2))
for ax, rho in zip(axes, (0.3, 3.0, 30.0), strict=True):
    P = tilted @ np.linalg.solve(tilted.T @ tilted + 2 / rho * one, tilted.T)
    M = idle + (one - 2 * idle) @ P
    value = np.linalg.eigvals(M)[0]
    factor = np.abs(np.linalg.eigvals(M)).max()
    limit = np.linalg.solve(one - M, idle @ b)
    v = np.array([limit + np.array([0.0, 1.0])])
    for _ in range(12):
        v = np.vstack([v, M @ v[-1] + idle @ b])
    way = (v - limit) / factor ** np.arange(13)[:, None]
    draw.plane(ax, 1.8, "v₁", "v₂", f"rho = {rho:g}")
    draw.path(ax, way)
    draw.points(ax, [0, 0], "answer")
    print(
        f"rho = {rho:4g}: factor {factor:.3f}, turn {abs(np.degrees(np.angle(value))):.0f} degrees a letter"
    )
draw.show(
    figure,
    "The error of v under (3) for twelve letters, as if no constraint changed sides, letter k divided by the "
    "k-th power of the promised factor so that it can be seen. With rho = 0.3 there is no turn; with 3 and 30 the error turns around its limit.",
)

# %% [markdown]
# ## Promised and measured, and rivals
#
# Measured is the mean factor of the error of $v$ for each letter, without the first letters, until the error is $10^{-12}$ of the first one or 400 letters are
# over. At 20 degrees road 2 is idle, at 127 degrees both roads are active.


# %%
def road(angle):
    """Both roads, when the normal of road 2 has this angle in degrees."""
    turn = np.radians(angle)
    return np.array([[1.0, 0.3], [np.cos(turn), np.sin(turn)]])


def shrinking(A, b, rho, active):
    """Promised and measured factor of the error of v."""
    one, D = np.eye(2), np.diag(active)
    P = A @ np.linalg.solve(A.T @ A + 2 / rho * one, A.T)
    M = D + (one - 2 * D) @ P
    limit = np.linalg.solve(one - M, D @ b)
    v = np.array([np.maximum(A @ x - a, b) + a for x, a, _ in admm(A, b, rho, 400)])
    error = np.linalg.norm(v - limit, axis=1)
    start = 20 if error[20] > 1e-9 else 2
    end = start + int(np.argmax(error[start:] < 1e-12 * error[0])) if error[-1] < 1e-12 else 399
    return np.abs(np.linalg.eigvals(M)).max(), (error[end] / error[start]) ** (1 / (end - start))


print("angle     rho   promised   measured")
for angle, active in ((20, [1.0, 0.0]), (127, [1.0, 1.0])):
    for rho in (0.3, 1.0, 3.0, 10.0):
        promised, found = shrinking(road(angle), b, rho, active)
        print(f"{angle:5d} {rho:7g} {promised:10.3f}   ≈ {found:.2g}")
        assert abs(promised - found) < 0.05

# %% [markdown]
# **Rivals** for the same program: the ascent of lesson 01, and the active-set method `nnls`, whose weights are exact, up to rounding, after one call. Steps until bound and value differ by
# less than $10^{-6}$ of the value:


# %%
def climb(A, b, steps):
    """The ascent of lesson 01: x and weights after each step."""
    lam, tau = np.zeros(len(b)), 2 / np.linalg.norm(A, 2) ** 2
    for _ in range(steps):
        lam = np.maximum(lam + tau * (b - A @ (A.T @ lam) / 2), 0)
        yield A.T @ lam / 2, lam


def steps_needed(A, b, rho, pairs):
    """The first of the pairs (x, a) at which the best bound and the best value agree."""
    low, high = -np.inf, np.inf
    for k, (x, a) in enumerate(pairs, 1):
        lower, upper = proof(A, b, rho, x, a)
        low, high = max(low, lower), min(high, upper)
        if np.isfinite(high) and high - low < 1e-6 * high:
            return k


rhos = (0.1, 1.0, 3.0, 10.0, 1000.0)
print(
    "angle   ascent   ADMM, rho = "
    + "".join(f"{rho:<8g}" for rho in rhos)
    + "nnls, gap after one call"
)
needed = {}
for angle in (20, 60, 127, 165, 175):
    A = road(angle)
    row = [steps_needed(A, b, 1.0, climb(A, b, 9000))]
    row += [steps_needed(A, b, rho, [step[:2] for step in admm(A, b, rho, 9000)]) for rho in rhos]
    lam = nnls(np.vstack([A.T, b]), np.array([0, 0, 1.0]))[0]
    lam *= 2 * (lam @ b) / np.sum((A.T @ lam) ** 2)
    low, high = proof(A, b, 1.0, A.T @ lam / 2, lam)
    print(
        f"{angle:5d} {row[0]:8d}"
        + " " * 13
        + "".join(f"{k:8d}" for k in row[1:])
        + f"   ≈ {abs(1 - low / high):.0e}"
    )
    needed[angle] = row
    assert abs(1 - low / high) < 1e-9
assert [int(np.argmin(row[1:])) for row in needed.values()] == [2, 4, 4, 4, 4]

# %% [markdown]
# The first row has an idle constraint, and there a middling $\rho$ is best: of the five 3, though the factor promised above is smaller for 1. Counted
# are letters to a gap, and (3) speaks of the error of $v$ in the long run. The other rows have none, and there a large $\rho$ is fast: each step is nearly the solution
# of $A x = b$. But in general it is not known beforehand which constraints will be active. And for this small program `nnls` is the better tool. ADMM is used in this course since
# both of its steps stay easy when the constraints are hulls.
#
# ## Explore
#
# Turn the second road. At 20 degrees it is idle, at 195 the two roads nearly contradict each other. Find for each the $\rho$ that closes the gap with the fewest letters. (At 195 the largest needs about 60, and the picture is too small for the answer: read the numbers.)


# %%
def letters(steps, rho, angle):
    """Left: the way of x. Right: what each letter proves."""
    A, b = road(angle), np.array([1.0, 0.8])
    figure, (left, right) = draw.figure(2, size=(4.4, 4.0))
    bounds = draw_letters(left, A, b, rho, steps, "the way of x")
    draw.legend(left, "lower left")
    draw.label(right, "letter", "", "the optimum lies between")
    draw.closing(right, *bounds.T)
    low, high = bounds[:, 0].max(), bounds[:, 1].min()
    right.set_ylim(min(0, bounds[:, 0].min()), 2.5 * max(low, 0.5))
    return figure, {
        "optimum at least": f"{low:.4f}",
        "optimum at most": f"{high:.4f}" if np.isfinite(high) else "nothing feasible was found yet",
    }


explorer(
    letters,
    steps=IntSlider(6, min=1, max=60, description="letters"),
    rho=FloatLogSlider(1.0, min=-1, max=3, step=0.25, description="rho"),
    angle=FloatSlider(127, min=0, max=195, step=1, description="angle of 2"),
)

# %% [markdown]
# ## Break it yourself
#
# Forget the total: in `admm` drop the line that adds to `a`. What does $x$ tend to, and what do the weights prove? (With $\rho = 1$
# and the roads of the first check, $x$ tends to about $(0.17, 0.36)$, which is not feasible, and the weights are 0 and prove 0.) Put the line back. Then let the roads
# contradict each other, $a_2 = -a_1$, and print $\rho a$ for 5, 50 and 500 letters: it grows along the ray of lesson 01.
#
# ## Take away
#
# * Splitting gives each difficulty a variable of its own; ADMM clips, solves, and adds up the disagreement.
# * The total, times $\rho$ and with negative entries put to 0, is a weight, so each step proves a bound, and each $x$ that can be repaired a value.
# * While no constraint changes sides, a step multiplies the error by a matrix, whose eigenvalues say how fast the error shrinks and whether it turns.
#
# **The guesses.** (1) Where one constraint is active and one idle, one in between; where all are active, a large one, where all are idle, a small one. (2) Straight or in a spiral: the spiral needs an active and
# an idle constraint with normals that are not at a right angle ($P_{12} \ne 0$).
#
# **Exercise**: [13_admm_step](../exercises/13_admm_step.ipynb), later, has the same steps for BranchHull. **Next**: [10 Bilinear lifting](10_bilinear_lifting.ipynb), or [20](20_relu_convexification.ipynb) for the other half.
#
# ## Sources
#
# * S. Boyd, N. Parikh, E. Chu, B. Peleato, J. Eckstein, *Distributed optimization and statistical learning via the alternating direction
#   method of multipliers*, Foundations and Trends in Machine Learning 3(1), 2011; section 3.2 for convergence.
# * The example, the two factors and (3) are derived here.
