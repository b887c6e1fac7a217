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
# # 01 Bounds to check
#
# You want to put up a radio mast. It must stand beyond two straight roads, and a cable has to be laid to it from your
# house. A contractor marks a place on the map and says: "No permitted place is nearer. We have tried ten
# thousand." Cable is expensive. You do not want to repeat the search, and you do not want to believe it. What
# evidence could the contractor hand over, so short that you can check it yourself?
#
# **Afterwards you can** turn weights on constraints into a lower bound that holds for all permitted points at once, improve
# the weights, and recognise a pair of numbers that ends the discussion.
# **Before**: [00](00_start_here.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 30 minutes.

# %%
# %matplotlib inline
import numpy as np
from ipywidgets import FloatSlider
from scipy.optimize import nnls

from kit import branchhull
from kit.course import draw
from kit.course.explorers import explorer
from kit.experiments.theorems import LEDGER, examine, table

# %% [markdown]
# ## The question
#
# The house is the origin. "Beyond road $i$" means $a_i^\top x \ge b_i$, with $b_i > 0$. The square of the cable's length is to be
# as small as possible:
#
# $$\min_{x \in \mathbb R^2} \|x\|^2 \quad \text{subject to} \quad A x \ge b, \qquad
#   A = \begin{pmatrix} a_1^\top \\ a_2^\top \end{pmatrix} . \tag{1}$$
#
# A point with $A x \ge b$ is called **feasible**. The smallest value is the **optimum**.
#
# **Guess first.** (1) Are the ten thousand places that were tried a proof? (2) Below we put weights $(1, \tfrac12)$ on the two roads,
# without any thought. What share of the optimum will they prove: a tenth, a half, three quarters?
#
# ## By hand
#
# Two roads at a right angle: $x_1 \ge 1$ and $x_2 \ge 1$. Road 1 alone says $\|x\|^2 \ge x_1^2 \ge 1$. So does road 2. Now *add* the two
# inequalities: $x_1 + x_2 \ge 2$. By Cauchy and Schwarz $x_1 + x_2 \le \sqrt2\,\|x\|$, so $\|x\|^2 \ge 2$, for all
# feasible points at once. And $(1, 1)$ is feasible and has the value 2. Nothing is left to search.

# %%
figure, ax = draw.figure()
draw.plane(ax, 2.4, "x₁", "x₂", "two roads, and their sum")
draw.half_planes(ax, np.eye(2), np.ones(2), label="feasible")
draw.border(ax, [1, 1], 2, "first", "x₁ + x₂ = 2")
draw.ball(ax, 1.0, look="rival", label="proved by one road")
draw.ball(ax, np.sqrt(2), look="bound", label="proved by the sum")
draw.points(ax, [1, 1], "answer", "(1, 1)")
draw.legend(ax, "lower left")
draw.show(
    figure,
    "No point inside the grey circle is feasible: that is what one road proves. The sum of both roads "
    "proves it for the larger black circle, and a feasible point lies on that circle.",
)

# %% [markdown]
# ## Weights prove bounds
#
# In general the roads get **weights** $\lambda_1, \lambda_2 \ge 0$. For a feasible $x$ each $\lambda_i (a_i^\top x - b_i)$ is $\ge 0$. So
#
# $$\|x\|^2 \;\ge\; \|x\|^2 - \lambda^\top (A x - b)
#   \;\ge\; \min_{z \in \mathbb R^2} \bigl( \|z\|^2 - \lambda^\top (A z - b) \bigr)
#   = \lambda^\top b - \tfrac14 \|A^\top \lambda\|^2 =: g(\lambda) . \tag{2}$$
#
# The first step subtracts something that is $\ge 0$. The second drops the constraints.
# The minimum is at $z = \tfrac12 A^\top\lambda$, where the gradient $2 z - A^\top\lambda$ vanishes.
# So each $\lambda \ge 0$, whoever proposes it, proves that the optimum is at least $g(\lambda)$. The function $g$ is called the
# **dual function**; that it bounds the optimum is **weak duality**.
#
# *And from above?* The value of any feasible point is an upper bound. If $A x > 0$, then $r x$ with
# $r = \max_i b_i / (A x)_i$ is feasible, so such a point can be repaired if it misses the constraints.
#
# ## From scratch: better weights
#
# The gradient of $g$ is $b - \tfrac12 A A^\top\lambda = b - A x$ with $x = \tfrac12 A^\top \lambda$. **Raise the weight of a road that $x$ has
# not crossed, lower it where there is room, and keep it nonnegative** ($\|A\|_2$ is the largest singular value of $A$):
#
# $$x = \tfrac12 A^\top \lambda, \qquad \lambda \leftarrow \max\bigl(\lambda + \tau (b - A x),\, 0\bigr), \qquad \tau = 2 / \|A\|_2^2 .$$


# %% tags=["from-scratch"]
def bound(A, b, lam):
    """g(lam): at most the optimum if lam >= 0."""
    return lam @ b - np.sum((A.T @ lam) ** 2) / 4


def repair(A, b, x):
    """The least multiple of x that is feasible; None if A x > 0 does not hold."""
    return np.max(b / (A @ x)) * x if np.min(A @ x) > 0 else None


def climb(A, b, steps):
    """Weights after each step of gradient ascent on g, from 0."""
    lam, tau, path = np.zeros(len(b)), 2 / np.linalg.norm(A, 2) ** 2, []
    for _ in range(steps):
        x = A.T @ lam / 2
        lam = np.maximum(lam + tau * (b - A @ x), 0)
        path.append(lam)
    return path


# %% [markdown]
# *Check against the definitions*, by brute force on a grid: $g(\lambda)$ is the least value of
# $\|z\|^2 - \lambda^\top(A z - b)$ over all $z$, and the optimum is the least $\|x\|^2$ over all feasible
# $x$. The grid has not all of them, so its best value may be a little too large.

# %% tags=["compared"]
A, b = np.array([[1.0, 0.3], [-0.6, 0.8]]), np.array([1.0, 0.8])
grid = np.stack(np.meshgrid(*[np.linspace(-3, 3, 1201)] * 2), axis=-1).reshape(-1, 2)
square, room = np.sum(grid**2, axis=1), grid @ A.T - b
searched = square[np.all(room >= -1e-9, axis=1)].min()
for lam in (np.array([1.0, 0.5]), np.array([2.0, 2.0])):
    least, place = np.min(square - room @ lam), repair(A, b, A.T @ lam / 2)
    print(f"weights {lam}: g = {bound(A, b, lam):.4f}, least on the grid ≈ {least:.2g}")
    assert 0 <= least - bound(A, b, lam) < 1e-4 and np.all(A @ place >= b - 1e-12)

path = climb(A, b, 200)
assert path[-1].min() > 0  # both roads have a say here
x = repair(A, b, A.T @ path[-1] / 2)
print(f"after 200 steps {bound(A, b, path[-1]):.6f} <= optimum <= {x @ x:.6f}")
print(f"the best of {len(grid):,} places of the grid is larger by ≈ {searched - x @ x:.1g}")
assert np.all(A @ x >= b - 1e-12) and x @ x - bound(A, b, path[-1]) < 1e-9
assert 0 < searched - x @ x < 0.05

# %% [markdown]
# **The first guess.** The permitted ones among the places tried give an upper bound on the optimum. They say nothing about the places that were not tried: the grid's
# best value is larger than the optimum, and its values do not say by how much. A lower bound needs an argument about all points at once, and (2) is one.
#
# *By the kit.* Its BranchHull programs have products of two unknowns. Ours becomes one of them with a single unknown $h > 0$:
# minimise $h^2 + \|m\|^2$ subject to $h \cdot a_i^\top m \ge b_i$. With $z = h m$ this says $A z \ge b$, and
# $h^2 + \|m\|^2 \ge 2 h \|m\| = 2 \|z\|$, with equality for $h = \|m\|$. So its optimum is $2\|x^\star\|$, with $x^\star$ the solution of (1).

# %% tags=["compared"]
data = branchhull.Bilinear(np.ones((2, 1)), A, b, np.ones(2))
certificate = branchhull.solve(branchhull.BranchHull(data)).report.certificate
print(
    f"by the kit      {(certificate.lower / 2) ** 2:.6f} <= optimum <= {(certificate.upper / 2) ** 2:.6f}"
)
print(f"from scratch    {bound(A, b, path[-1]):.6f} <= optimum <= {x @ x:.6f}")
assert abs(certificate.upper / 2 - np.linalg.norm(x)) < 1e-6

# %% [markdown]
# The kit's `certify` in [certificate.py](../kit/branchhull/certificate.py) gives such bounds for products of two unknowns with known signs.
#
# ## A bound and a value close in


# %%
def draw_step(ax, A, b, lam, title):
    """What the weights prove, and the feasible point that they lead to."""
    x = repair(A, b, A.T @ lam / 2)
    draw.plane(ax, 2.4, "x₁", "x₂", title)
    draw.half_planes(ax, A, b, label="feasible")
    draw.border(ax, A.T @ lam, lam @ b, "first", "weighted sum")
    draw.ball(ax, np.sqrt(max(bound(A, b, lam), 0)), look="bound", label="proved: outside")
    if x is not None:
        draw.ball(ax, np.linalg.norm(x), look="answer", label="reached: not outside")
        draw.points(ax, x, "answer")


figure, axes = draw.figure(2, 2, size=(4.1, 3.9))
for ax, k in zip(axes, (1, 3, 6), strict=False):
    draw_step(ax, A, b, path[k - 1], f"step {k}")
draw.legend(axes[0], "lower left")
lower = [bound(A, b, lam) for lam in path[:10]]
points = [repair(A, b, A.T @ lam / 2) for lam in path[:10]]
upper = [np.inf if x is None else x @ x for x in points]
draw.label(axes[3], "step", "", "the optimum lies between")
draw.closing(axes[3], lower, upper)
draw.legend(axes[3], "upper right")
draw.show(
    figure,
    "Steps 1, 3 and 6. The nearest feasible point lies outside the black circle, since the weights prove "
    "it, and not outside the purple one, since a feasible point lies on that. The circles close in. "
    "The last picture shows bound and value after each step.",
)
for k in (1, 3, 6):
    print(f"step {k}: {lower[k - 1]:.4f} <= optimum <= {upper[k - 1]:.4f}")
assert np.max(lower) <= searched and np.min(upper) >= np.max(lower)

# %% [markdown]
# The blue line is the weighted sum of the constraints, $(A^\top\lambda)^\top x = \lambda^\top b$, and the feasible points lie beyond it. Its
# distance to the origin is $\lambda^\top b / \|A^\top\lambda\|$. The square of that is also a bound, the largest of all $g(c \lambda)$: the derivative
# $\lambda^\top b - \tfrac c2 \|A^\top\lambda\|^2$ is 0 at $c = 2\lambda^\top b/\|A^\top\lambda\|^2$. The kit's certificates, too, scale the weights before they state a bound.
#
# ## Two numbers that agree
#
# *Suppose $A x \ge b$, $\lambda \ge 0$, $A^\top \lambda = 2 x$, and $\lambda^\top (A x - b) = 0$. Then $g(\lambda) = \|x\|^2$, and $x$ is optimal.*
#
# By the last two, $\lambda^\top b = \lambda^\top A x = 2 \|x\|^2$.
# By the third, $\tfrac14\|A^\top\lambda\|^2 = \|x\|^2$.
# So $g(\lambda) = 2\|x\|^2 - \|x\|^2 = \|x\|^2$.
# By (2) each feasible point has at least this value. $\square$
#
# A feasible point and weights $\lambda \ge 0$ are a **certificate**: they give two numbers that enclose the optimum. Where the two agree, the
# point is optimal. Here is the contractor's: at the nearest place both roads touch, $A x = b$, so two small linear systems give it.

# %%
x = np.linalg.solve(A, b)
lam = np.linalg.solve(A.T, 2 * x)
careless = bound(A, b, np.array([1.0, 0.5]))
print(
    f"place {x.round(4)}, value {x @ x:.6f};  weights {lam.round(4)}, bound {bound(A, b, lam):.6f}"
)
print(f"weights (1, 0.5): {careless:.4f}, that is {careless / (x @ x):.0%}")
assert lam.min() >= 0 and np.isclose(bound(A, b, lam), x @ x) and 0.45 < careless / (x @ x) < 0.55

# %% [markdown]
# Is there always a pair that agrees? For a convex program with a strictly feasible point, and a point that attains the optimum, yes (*strong duality*;
# Boyd and Vandenberghe, section 5.2.3). To *check* a certificate weak duality is enough.
#
# ## Explore
#
# Set the weights by hand and raise the bound as high as you can. (At the start the purple circle is too large for the picture.) Then turn road 2. Where the circle is missing from the legend as well, $A x > 0$ fails for $x = \tfrac12 A^\top\lambda$, and $x$ cannot be repaired. At 20 degrees one road decides: which weight is then best at 0?


# %%
def weigh(one, two, angle):
    """The bound of two weights, when road 2 has a normal of this angle."""
    A = np.array([[1.0, 0.3], [np.cos(np.radians(angle)), np.sin(np.radians(angle))]])
    b, lam = np.array([1.0, 0.8]), np.array([one, two])
    if one == two == 0:
        raise ValueError("two weights of 0 leave nothing to draw")
    figure, ax = draw.figure(beside=1.9)
    draw_step(ax, A, b, lam, "what the weights prove")
    draw.legend(ax, "beside")
    best = climb(A, b, 300)[-1]
    return figure, {
        "the optimum is at least": f"{bound(A, b, lam):.4f}",
        "share of the best bound": f"{bound(A, b, lam) / bound(A, b, best):.0%}",
        "with both weights scaled alike": f"{(lam @ b) ** 2 / np.sum((A.T @ lam) ** 2):.4f}",
    }


explorer(
    weigh,
    one=FloatSlider(1.0, min=0, max=4, step=0.1, description="weight 1"),
    two=FloatSlider(0.5, min=0, max=4, step=0.1, description="weight 2"),
    angle=FloatSlider(127, min=0, max=170, step=1, description="angle of 2"),
)

# %% [markdown]
# ## Promised and measured, and the rival
#
# If both weights stay positive, the best ones $\lambda^\star$ have gradient 0, $b = \tfrac12 A A^\top\lambda^\star$, so a step multiplies $\lambda - \lambda^\star$ by $I - \tfrac\tau2 A A^\top$. Let $\sigma_1 \ge \sigma_2$ be the singular values of $A$.
# As $\tau = 2/\sigma_1^2$, its eigenvalues are 0 and $1 - \sigma_2^2/\sigma_1^2$: the first step removes one part of the error, and each later step multiplies the rest by the second number, the promised factor.
# It is measured at the step that brings the *gap*, $1 - g(\lambda) / \text{optimum}$, below $10^{-6}$. **The rival** is an active-set
# method (`nnls`): the weights that minimise $\|A^\top\lambda\|^2 + (b^\top \lambda - 1)^2$ over $\lambda \ge 0$, then
# scaled so that $g$ is largest. (For the best multiple of given weights this sum is $1 / (1 + t)$, and $t = (b^\top\lambda)^2 / \|A^\top\lambda\|^2$ is the largest $g$ of all multiples: the smallest sum is the largest bound.) We need not trust this: the bound speaks for itself.

# %%
print("angle   promised factor   measured   steps to a gap of 1e-6   nnls: one call, its gap")
for angle in (60, 90, 127, 150, 165):
    turned = np.array([[1.0, 0.3], [np.cos(np.radians(angle)), np.sin(np.radians(angle))]])
    x = np.linalg.solve(turned, b)
    sigma = np.linalg.svd(turned, compute_uv=False)
    promised = 1 - (sigma[1] / sigma[0]) ** 2
    path = climb(turned, b, 3000)
    gaps = np.array([1 - bound(turned, b, lam) / (x @ x) for lam in path])
    steps = int(np.argmax(gaps < 1e-6)) + 1
    error = [
        np.linalg.norm(path[k] - np.linalg.solve(turned.T, 2 * x)) for k in (steps - 2, steps - 1)
    ]
    lam = nnls(np.vstack([turned.T, b]), np.array([0, 0, 1.0]))[0]
    lam = lam * 2 * (lam @ b) / np.sum((turned.T @ lam) ** 2)
    gap = 1 - bound(turned, b, lam) / (x @ x)
    print(
        f"{angle:5d} {promised:12.4f} {error[1] / error[0]:15.4f} {steps:15d}               ≈ {abs(gap):.0e}"
    )
    assert abs(error[1] / error[0] - promised) < 0.02 and abs(gap) < 1e-12 and lam.min() >= 0

# %% [markdown]
# The active-set method needs one call at each angle. Where both roads decide, the ascent can need many steps if $\sigma_2 / \sigma_1$ is small, as for roads that are nearly parallel. [Lesson 02](02_splitting.ipynb) has a step that can
# be much faster, and much slower. The bound does not care: both methods propose, and the one line of `bound` decides.
#
# ## Break it yourself
#
# *Contradicting roads.* Let $a_2 = -a_1$. Then $\lambda = (c, c)$ has $A^\top \lambda = 0$ and $g(\lambda) = c\,(b_1 + b_2)$, which grows without limit with $c$.
# A bound above all numbers proves that **no feasible point exists**. Such weights are called a **ray**.
#
# *Negative weights.* At 20 degrees road 1 alone decides, and the optimum is $b_1^2/\|a_1\|^2$. Solve for weights as if both roads touched:

# %%
against = np.array([A[0], -A[0]])
for c in (1.0, 10.0, 1000.0):
    print(f"weights ({c:g}, {c:g}): optimum >= {bound(against, b, np.array([c, c])):g}")
tilted = np.array([[1.0, 0.3], [np.cos(np.radians(20)), np.sin(np.radians(20))]])
nearest = tilted[0] / (tilted[0] @ tilted[0])
lam = np.linalg.solve(tilted.T, 2 * np.linalg.solve(tilted, b))
print(f"optimum {nearest @ nearest:.4f}, 'bound' of {lam.round(2)}: {bound(tilted, b, lam):.4f}")
assert np.all(tilted @ nearest >= b - 1e-12) and bound(tilted, b, lam) > nearest @ nearest

# %% [markdown]
# A negative weight turns its inequality round; then the first step of (2) need not hold, and here the number is false. BranchHull's `certify` puts
# negative entries to 0 first, Net-Trim's those of the wrong sign where a sign is asked for.

# %% tags=["hide-input"]
print(table(examine(LEDGER["Nearest point: weak duality"], np.random.default_rng(0))))

# %% [markdown]
# The folded cell is from the kit's **ledger**: a statement measured inside its hypotheses, and again with each of them broken.
#
# ## Take away
#
# * Nonnegative weights on constraints prove a lower bound for all feasible points at once.
# * A feasible point proves an upper bound; a point that misses a constraint is repaired first, then judged.
# * When both name the same number, nothing is left to search, and it does not matter how they were found.
#
# **The guesses.** (1) No: they bound the optimum from above. (2) About a half. Scaled by the best factor they prove $1.4^2 / 0.98 = 2$, that is 84 percent.
#
# **Next**: [02 Splitting](02_splitting.ipynb).
#
# ## Sources
#
# * S. Boyd, L. Vandenberghe, *Convex Optimization*, Cambridge University Press, 2004, chapter 5.
# * The nearest point by nonnegative least squares: C. Lawson, R. Hanson, *Solving Least Squares Problems*, 1974, chapter 23.
# * The example is made for this page; the kit's certificates stand in `kit.branchhull.certificate` and `kit.nettrim.certificate`.
