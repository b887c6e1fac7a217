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
# # 01 Toolbox: a hull, a bound, a split
#
# **The question.** Someone hands you a point and claims that no better one exists. How could you check
# that without solving the problem yourself? And how is such a point found?
#
# **After this lesson** you have three tools that every later lesson uses: the convex hull of a set, the
# dual as a lower bound that anyone can check, and splitting (ADMM).
#
# **Before**: [00 Start here](00_start_here.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 25 minutes.

# %%
# %matplotlib inline
from itertools import islice

import numpy as np
from ipywidgets import FloatSlider, IntSlider

from kit.course.explorers import explorer
from kit.course.figures import toolbox as figures
from kit.course.figures.style import caption
from kit.experiments.theorems import LEDGER, examine, table

# %% [markdown]
# ## Tool 1: the hull of a set
#
# A set is **convex** if with any two points it contains the segment between them. The **convex hull**
# of a set $S$ is the smallest convex set that contains it; it consists of all averages
# $\sum_i \theta_i s_i$ with $s_i \in S$, $\theta_i \ge 0$, $\sum_i \theta_i = 1$.
#
# *Why is that so?* A convex set that contains $S$ contains these averages (average two points, then the
# result with a third, and so on). And the averages form a convex set: an average of two averages is
# an average again.
#
# Why replace $S$ by something larger? Because for a **linear** objective nothing is lost.
#
# **Guess first.** Nine points. Where on their hull is $c^\top x$ smallest: inside, on an edge, in a
# corner?

# %%
figure, facts = figures.hull_of(points=9, direction=35.0)
figure

# %%
print(
    caption(
        "{points} points, {corners} of them corners. Lowest value of c'x: {lowest on the set:.4f} on the "
        "set,\n{lowest on the hull:.4f} on the hull.",
        facts,
    )
)
assert facts["lowest on the set"] == facts["lowest on the hull"]

# %% [markdown]
# *Proof.* The hull contains $S$, so its minimum is no larger. And for an average,
# $c^\top \sum_i \theta_i s_i = \sum_i \theta_i\, c^\top s_i \ge \min_i c^\top s_i$: no average beats the
# best of its points. $\square$
#
# For an objective that is not linear this fails, and something is given up. Take the two points
# $(1, -1)$ and $(1, 1)$ and the objective $\|x\|^2$:

# %%
ends = np.array([[1.0, -1.0], [1.0, 1.0]])
middle = ends.mean(axis=0)
print(f"on the set {min(np.sum(ends**2, axis=1)):g}, in the middle of the hull {middle @ middle:g}")
assert middle @ middle < min(np.sum(ends**2, axis=1))

# %% [markdown]
# The course takes hulls of single measurements (a branch of a hyperbola, a piece of a ReLU) and asks
# when the answer lies on $S$ all the same. That it does is a theorem every time, never free.
#
# ## Tool 2: the dual, a bound that anyone can check
#
# An example with two variables, for the rest of this page: the point nearest to the origin in the
# intersection of two half-planes,
#
# $$\min_x \|x\|_2^2 \quad \text{subject to} \quad A x \ge b, \qquad
#   A = \begin{pmatrix} a_1^\top \\ a_2^\top \end{pmatrix} \in \mathbb R^{2 \times 2},\; b > 0 .$$

# %%
A, b = figures.plane_program(angle=100.0)
print(f"A = {np.round(A, 3).tolist()}, b = {b}")

# %% [markdown]
# *An upper bound is easy*: any feasible point is one. If $A x > 0$, then $r x$ with
# $r = \max_i b_i / (A x)_i$ is feasible, and costs $r^2\|x\|^2$.
#
# *A naive lower bound*: try a grid of points, keep the best. That is an upper bound again! No list of
# points that were tried says anything about those that were not. A lower bound needs an argument that
# covers all feasible points at once. Here is one. Take **weights** $\lambda_1, \lambda_2 \ge 0$ and add
# up the constraints: every feasible $x$ has $\lambda^\top A x \ge \lambda^\top b$. So
#
# $$\|x\|^2 \;\ge\; \|x\|^2 - \lambda^\top (A x - b)
#   \;\ge\; \min_{z \in \mathbb R^2} \bigl( \|z\|^2 - (A^\top\lambda)^\top z \bigr) + \lambda^\top b
#   = \lambda^\top b - \tfrac14 \|A^\top \lambda\|^2 =: g(\lambda) .$$
#
# The first step subtracts something that is $\ge 0$; the second drops the constraints; the minimum is
# at $z = \tfrac12 A^\top\lambda$, where the gradient $2 z - A^\top\lambda$ vanishes. The function $g$ is
# the **dual function**, and $\max_{\lambda\ge0} g(\lambda)$ the dual problem. You need not solve it:
# **every** $\lambda \ge 0$ proves a bound.
#
# **Guess first.** Take $\lambda = (1, \tfrac12)$, picked without thought. What share of the optimum will
# its bound prove: a tenth, a half, three quarters?

# %%
figure, facts = figures.bounds_over_weights(angle=100.0)
figure

# %%
share = facts["bound of (1, 0.5)"] / facts["highest bound"]
print(
    f"g(1, 1/2) = {facts['bound of (1, 0.5)']:.4f}, the highest bound is {facts['highest bound']:.4f}"
)
print(f"so the careless weights prove {share:.0%} of it")
assert facts["bound of (1, 0.5)"] < facts["highest bound"]

# %% [markdown]
# Does the best weight prove the exact optimum? In this example it does, and we can see why. At the
# nearest point $x^\star$ both constraints touch, so $A x^\star = b$. Choose $\lambda$ with
# $A^\top \lambda = 2 x^\star$. If it comes out $\ge 0$,
#
# $$g(\lambda) = \lambda^\top A x^\star - \tfrac14 \|2 x^\star\|^2 = 2\|x^\star\|^2 - \|x^\star\|^2 = \|x^\star\|^2 .$$
#
# A point and weights that name the same number: neither can be improved, and both can be checked with
# a pencil. Together they are a **certificate**.

# %%
x = np.linalg.solve(A, b)
lam = np.linalg.solve(A.T, 2 * x)
print(f"x = {np.round(x, 4)}, value {x @ x:.6f}")
print(f"weights {np.round(lam, 4)}, bound {figures.bound(A, b, lam):.6f}")
assert np.all(lam >= 0) and np.isclose(x @ x, figures.bound(A, b, lam))

# %% [markdown]
# (For convex programs with a strictly feasible point the best bound always equals the optimum; this is
# *strong duality*, Slater's theorem, which a first course proves. We only ever *use* the easy half: a
# bound is a bound, whoever proposes it.)
#
# ## Tool 3: splitting
#
# How are such $x$ and $\lambda$ found? Two things are easy by themselves: to minimise a quadratic
# without constraints, and to move a point $u$ into $\{u \ge b\}$ (take $\max(u, b)$ entry by entry).
# Only together they are hard. So give each a variable of its own, $u = A x$, and make them agree
# gradually. With a penalty $\rho > 0$ and a running total $a$ of the disagreement, ADMM (the alternating
# direction method of multipliers) minimises
#
# $$\|x\|^2 + \frac\rho2 \|u - A x + a\|^2 \quad\text{over } u \ge b, \text{ then over } x, \text{ and adds up:}$$
#
# $$u \leftarrow \max(A x - a,\; b), \qquad
#   x \leftarrow (A^\top A + \tfrac2\rho I)^{-1} A^\top (u + a), \qquad
#   a \leftarrow a + u - A x .$$
#
# (The second line: the gradient $2 x - \rho A^\top(u - A x + a)$ is $0$.)
#
# *Where it stops, it is right.* At a fixed point the last step says $u = A x$, so $A x \ge b$. The second
# then says $2 x = \rho A^\top a$. The first says $u = \max(u - a, b)$: in each entry either $a_i = 0$,
# or $u_i = b_i$ and $a_i \ge 0$. So $\lambda = \rho a \ge 0$ satisfies $A^\top\lambda = 2 x$ and
# $\lambda^\top (A x - b) = 0$, and by the computation above $g(\lambda) = \|x\|^2$. $\square$
#
# (That it does get there, for every $\rho > 0$, is a theorem we cite: Boyd and others, 2011, section 3.2.)
#
# On the way $\rho\, a$ may have negative entries; we put them to $0$, since *any* $\lambda \ge 0$ will do.
# So each iterate gives a value and a bound.
#
# **Guess first.** After how many iterations will the two agree to one percent: 5, 50, 500?

# %%
for k, step in enumerate(islice(figures.split(A, b, rho=1.0), 12), 1):
    print(f"{k:2d}: {step.lower:.4f} <= optimum <= {step.upper:.4f}")

# %%
figure, facts = figures.closing(steps=6, rho=1.0, angle=100.0)
figure

# %%
print(
    caption(
        "After 6 iterations {optimum at least:.4f} <= optimum <= {optimum at most:.4f}, "
        "a gap of {gap:.1%}.",
        facts,
    )
)
assert facts["optimum at least"] <= x @ x <= facts["optimum at most"]

# %% [markdown]
# No point inside the black circle is feasible: that is proved. The dashed circle is reached. The
# iterates themselves are *not* feasible, they come from outside the polygon; without the blow-up
# factor $r$ their values would look better than the optimum. That is a rule for the whole course:
# **an infeasible point may look too good; judge it after repair.**
#
# ## Explore
#
# Move `iterations` and watch the two circles meet. Try small and large $\rho$: both are slow, in
# different ways. Turn the second half-plane to 20 degrees, where one constraint is enough (which weight
# is then 0?), and to 195 degrees, where the two half-planes nearly contradict each other.

# %%
explorer(
    figures.closing,
    steps=IntSlider(6, min=1, max=60, description="iterations"),
    rho=FloatSlider(1.0, min=0.1, max=10, step=0.1, description="rho"),
    angle=FloatSlider(100, min=0, max=195, step=5, description="angle of row 2"),
)

# %% [markdown]
# ## In the ledger
#
# The kit measures each result inside its hypotheses, and again with one of them broken
# (`kit.experiments.theorems`). Those of this lesson, each with the measured number beside the promised one:

# %%
for name in (
    "Linear on a hull",
    "Nearest point: weak duality",
):
    print(table(examine(LEDGER[name], np.random.default_rng(0))), end="\n\n")

# %% [markdown]
# ## Break it yourself
#
# If the constraints contradict each other, no value can exist, and the bound should say so. Let
# $a_2 = -a_1$: then $\lambda = (c, c)$ has $A^\top \lambda = 0$ and $g(\lambda) = c\,(b_1 + b_2)$, which
# grows without limit with $c$. A bound above every number is a **proof that there is no feasible
# point**; such a $\lambda$ is called a ray.

# %%
against = np.array([A[0], -A[0]])
for c in (1.0, 10.0, 1000.0):
    print(
        f"weights ({c:g}, {c:g}) prove: optimum >= {figures.bound(against, b, np.array([c, c])):g}"
    )
assert np.allclose(against.T @ np.ones(2), 0)

# %% [markdown]
# And why must weights be $\ge 0$? At 20 degrees the first constraint alone decides: the optimum is the
# point $a_1 / \|a_1\|^2$ (since $b_1 = 1$) with value $1/\|a_1\|^2$. Solve for weights as if both constraints touched:

# %%
tilted, _ = figures.plane_program(angle=20.0)
nearest = tilted[0] / (tilted[0] @ tilted[0])
assert np.all(tilted @ nearest >= b - 1e-12)
meeting = np.linalg.solve(tilted, b)
wrong = np.linalg.solve(tilted.T, 2 * meeting)
print(f"optimum {nearest @ nearest:.4f}")
print(f"weights {np.round(wrong, 2)} would 'prove' at least {figures.bound(tilted, b, wrong):.4f}")
assert wrong.min() < 0 and figures.bound(tilted, b, wrong) > nearest @ nearest

# %% [markdown]
# A negative weight turns its inequality round, the first step of the derivation is false, and so is
# the number. `certify` in this kit puts negative entries to $0$ before it computes anything.
#
# ## Take away
#
# * The hull is the set of averages. Linear objectives do not see the difference, others may.
# * Weights on the constraints prove lower bounds, for all feasible points at once. Any weights do.
# * Splitting gives each difficulty its own variable; its running total $a$, times $\rho$, is a weight.
# * A value and a bound that agree are a proof, and the proof does not depend on how they were found.
#
# **Next**: [10 Bilinear problems, and lifting](10_bilinear_lifting.ipynb), or
# [20 ReLU convexification](20_relu_convexification.ipynb) for the other half.
#
# ## Sources
#
# * S. Boyd, L. Vandenberghe, *Convex Optimization*, Cambridge University Press, 2004, chapters 2 and 5.
# * S. Boyd, N. Parikh, E. Chu, B. Peleato, J. Eckstein, *Distributed optimization and statistical
#   learning via the alternating direction method of multipliers*, Foundations and Trends in Machine
#   Learning 3(1), 2011, section 3.2 for convergence.
# * The example is made for this page; `kit.branchhull.methods.admm` and `kit.nettrim.admm` are the same three
#   lines for the two programs of the course.
