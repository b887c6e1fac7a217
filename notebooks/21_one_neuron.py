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
# # 21 One Net-Trim layer: its path, its dual, its zeros
#
# **The question.** Lesson [20](20_relu_convexification.ipynb) gave a convex set of weights that keep
# what a neuron does. Which of them is sparsest in the $\ell_1$ sense, how does it change with
# $\epsilon$, and when is a weight *really* zero?
#
# **After this lesson** you can solve a layer for many $\epsilon$, read $\lambda$ and the support off
# the dual, say what proves a zero, and say how Net-Trim differs from the LASSO.
#
# **Before**: [20](20_relu_convexification.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 30
# minutes. **Module**: `kit.nettrim`.

# %%
# %matplotlib inline
import numpy as np
from ipywidgets import FloatSlider

from kit import nettrim
from kit.course.explorers import explorer
from kit.course.figures import layer as figures
from kit.course.figures.style import caption
from kit.experiments.theorems import LEDGER, examine, table

# %% [markdown]
# ## Nouns and test bed
#
# One neuron: $X$ ($N \times P$), trained weights $w$, answers $y = (w^\top X)_+$, active on
# $\Omega = \{y > 0\}$, silent on its complement $C$. Eight of the forty weights are large, the others
# small but not zero, as training leaves them.

# %%
X, w, y = figures.teacher()
size = np.linalg.norm(y)
print(f"N = {len(w)}, P = {len(y)}, active on {np.mean(y > 0):.0%}, |w|_1 = {np.abs(w).sum():.2f}")

# %% [markdown]
# ## The naive method: drop what is small
#
# **Guess first.** Keep the eight largest weights of $w$. By how much do the answers move?

# %%
dropped = np.where(np.abs(w) >= np.sort(np.abs(w))[-8], w, 0)
moved = np.linalg.norm(np.maximum(dropped @ X, 0) - y) / size
print(f"8 weights kept: answers move by {moved:.1%}; nobody promised that beforehand")

# %% [markdown]
# ## The program
#
# The set of lesson 20, and in it the smallest $\ell_1$ norm. Method `"exact"` follows the answer along
# $\epsilon$ from corner to corner, so its zeros are exact.
#
# $$\min_u \|u\|_1 \quad\text{s.t.}\quad \|(u^\top X - y)_\Omega\|_2 \le \epsilon,\quad (u^\top X)_C \le 0.$$

# %%
problem = nettrim.NetTrim(X, y[None], 0.15 * size)
answer = nettrim.solve(problem, "exact")
u = answer.W[:, 0]
error = np.linalg.norm(np.maximum(u @ X, 0) - y) / size
print(f"{np.count_nonzero(u)} weights are not 0, answers move by {error:.1%}, promised 15.0%")
assert error <= 0.15 * (1 + 1e-9)  # Prop. 1
assert answer.report.certificate.gap <= 1e-6

# %% [markdown]
# The eight largest weights alone moved the answers hardly more. The number of weights is not what Net-Trim
# minimises, and this $w$ was made with eight that matter; lesson [24](25_pruning_today.ipynb) counts weights
# without flattery. What Net-Trim has is a promise that is given beforehand, and a proof:
#
# ## Why is it optimal? The dual
#
# For any $q \in \mathbb R^P$ with $q_C \le 0$, every feasible $u$ has
# $\|u\|_1 \max|Xq| \ge q^\top X^\top u \ge q_\Omega^\top y_\Omega - \epsilon\|q_\Omega\|_2$: Hölder, then
# the constraints ($q_C$ and $(X^\top u)_C$ are both $\le 0$, so their product does not lower the sum; on $\Omega$
# $X^\top u$ is $y$ plus something of norm at most $\epsilon$). Scale $q$ until $\max|Xq| = 1$; the right side is a lower bound that
# anyone can check. At the optimum the two sides meet for the best $q$ (strong duality: for $\epsilon > 0$ the
# trained $w$ is inside the ball, and the other constraints are linear), so both steps are tight. Hölder: $u_j \ne 0$ only where $|(Xq)_j| = 1$.
# Cauchy-Schwarz in the ball: $(y - X^\top u)_\Omega = \lambda\, q_\Omega$ with
# $\lambda = \epsilon / \|q_\Omega\|_2$.

# %%
q = np.where(y > 0, answer.dual[0], np.minimum(answer.dual[0], 0))
q = q / np.abs(X @ q).max()
lower = q @ y - problem.epsilon * np.linalg.norm(q[y > 0])
print(f"lower bound {lower:.6f}, |u|_1 = {np.abs(u).sum():.6f}")
assert np.abs((X @ q)[u != 0]).min() > 1 - 1e-7
assert lower <= np.abs(u).sum() * (1 + 1e-12)

# %% [markdown]
# ## What counts as a zero
#
# Subtract: $\sum_j (1 - |(Xq)_j|)\,|u_j| \le \|u\|_1 - q^\top X^\top u \le \text{gap}$ for **every** optimal
# $u$; gap is here the upper less the lower bound, not divided. So where $|(Xq)_j| < 1$, no optimal weight
# can be larger than $\text{gap} / (1 - |(Xq)_j|)$. A small number in a solver's output proves nothing;
# this does.
#
# **Guess first.** Stop an ADMM after 60 iterations. How many of its zeros are proved below 0.01?

# %%
bound = nettrim.proved_zeros(problem, answer.W, answer.dual)[:, 0]
rough = nettrim.solve(problem, "admm", tol=1e-9, max_iter=60, feasibility=1e-1)
loose = nettrim.proved_zeros(problem, rough.W, rough.dual, 1e-1)[:, 0]
zeros = rough.W[:, 0] == 0
print(f"exact: {np.sum(u == 0)} zeros, all proved below 1e-9: {bound[u == 0].max() < 1e-9}")
print(
    f"ADMM, 60 iterations: {np.sum(zeros)} zeros, of them proved below 0.01: {np.sum(loose < 0.01)}"
)
assert bound[u == 0].max() < 1e-9

# %% [markdown]
# ## The path, and the LASSO beside it
#
# From $(y - X^\top u)_\Omega = \lambda q_\Omega$: the same $u$ solves
# $\min \tfrac12\|(X^\top u - y)_\Omega\|^2 + \lambda\|u\|_1$ with the silent constraints, since
# $\lambda X q = X_\Omega (y - X^\top u)_\Omega + \lambda X_C q_C$ is a subgradient of $\lambda\|\cdot\|_1$
# at $u$, and $-\lambda q_C \ge 0$ are the multipliers of the silent samples. So $\epsilon$ and $\lambda$
# are two names of one path.
#
# *Why "from corner to corner".* Hold fixed which weights are not 0, with their signs, and which silent samples
# touch, $(X^\top u)_p = 0$. What is left of the conditions is linear: $|(Xq)_j| = 1$ with the right sign on the
# first, $(X^\top u)_p = 0$ on the second, $q_p = 0$ on the other silent samples. Multiplied by $\lambda$ these are
# linear equations for $u$ and $\lambda q_C$ whose right side is affine in $\lambda$, so the answer moves along a straight
# line, until a weight reaches 0, an $|(Xq)_j|$ reaches 1, a silent sample touches, or its $q_p$ reaches 0. Then
# one member of a set changes, and the next line begins (`kit/nettrim/exact/perturbed.py`).
#
# The LASSO is that program **without** the silent samples, on $y$ or on $\Omega$
# only.
#
# **Guess first.** Does the LASSO on $\Omega$ keep silent samples silent? And can the number of weights
# rise with $\epsilon$?

# %%
lam = nettrim.penalty(problem, answer)
again = nettrim.penalised(problem, lam)
assert np.allclose(again.W, answer.W, atol=1e-8)
active = nettrim.NetTrim(
    X[:, y > 0], y[None, y > 0], problem.epsilon, Omega=np.ones((1, (y > 0).sum()), bool)
)
lasso = nettrim.solve(active, "exact").W[:, 0]
loud = np.mean(lasso @ X[:, y == 0] > 1e-9)
lasso_error = np.linalg.norm(np.maximum(lasso @ X, 0) - y) / size
print(
    f"LASSO on the active samples: {np.count_nonzero(lasso)} weights, |u|_1 {np.abs(lasso).sum():.3f}"
)
print(f"but {loud:.0%} of the silent samples answer now; all answers move by {lasso_error:.2%},")
print(f"Net-Trim's by {error:.2%}, at most 15% was promised")
assert np.abs(lasso).sum() <= np.abs(u).sum() * (1 + 1e-9) and loud > 0

# %%
shares = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
for share, one in zip(shares, nettrim.path(problem, [s * size for s in shares]), strict=True):
    print(
        f"epsilon {share:4.0%} of |y|: {np.count_nonzero(one.W):2d} weights, |u|_1 {np.abs(one.W).sum():6.3f}"
    )
    assert one.report.certificate.gap <= 1e-6

# %% [markdown]
# The value falls and is convex in $\epsilon$ (the mean of two feasible $u$ is feasible for the mean of their
# $\epsilon$); the number of nonzeros need not fall: here it rises between 20 % and 40 %.
#
# ## Play
#
# Move $\epsilon$. Top left the weights, below them $Xq$: weights stand where it touches $\pm 1$. Right, the
# number of weights and $\|u\|_1$ along $\epsilon$.
#
# **Guess first.** At which $\epsilon$ does the last weight go?

# %%
explorer(
    figures.epsilon_view,
    share=FloatSlider(0.15, min=0.05, max=1.0, step=0.05, description="eps / |y|"),
)

# %%
figure, facts = figures.epsilon_view(0.15)
caption(
    "epsilon = 15 % of |y|: {nonzeros} weights, {touching} inputs touch 1, answers move by {error:.1%}",
    facts,
)

# %%
assert facts["touching"] == facts["nonzeros"] and facts["proved"] < 1e-9

# %% [markdown]
# ## In the ledger
#
# The kit measures each result inside its hypotheses, and again with one of them broken
# (`kit.experiments.theorems`). Those of this lesson, each with the measured number beside the promised one:

# %%
for name in (
    "Net-Trim: weak duality",
    "One layer is no longer than it was",
):
    print(table(examine(LEDGER[name], np.random.default_rng(0))), end="\n\n")

# %% [markdown]
# ## Break it yourself
#
# * `nettrim.solve(nettrim.NetTrim(X, y[None], size), "exact")`: what is $u$, and why?
# * Multiply one row of $X$ by 10. Does its weight come back, divided by 10?
# * Give the ball all samples, `Omega=np.ones((1, len(y)), bool)`, and read `report.run.status`. Why?
#
# ## Take away
#
# * The support is read off the dual, and the gap turns a zero into a proved zero.
# * $\epsilon$ and $\lambda$ trace the same path. The LASSO forgets the silent samples: it has
#   a smaller $\|u\|_1$, and Prop. 1 says nothing about it.
# * At $\epsilon \ge \|y\|_2$ the answer is $0$, which is then feasible (`nettrim.zero_epsilon`).
#
# **Exercise**: [21_neuron_dual](../exercises/21_neuron_dual.ipynb), about the bound and proved zeros.
#
# ## Sources
#
# * A. Aghasi, A. Abdi, N. Nguyen, J. Romberg, *Net-Trim*, arXiv 1611.05162, supplement: program (S.1),
#   Prop. 1; the form with $\lambda$ is in section IV of the authors' manual, there without the $\tfrac12$.
# * The dual, the path and the proved zeros are derived here and in `kit/nettrim/certificate.py` and
#   `exact/path.py`.
#
# **Next**: [22 Networks](23_networks.ipynb), all layers and what is promised about the whole.
