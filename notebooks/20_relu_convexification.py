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
# **The question.** A trained neuron answers $y_p = \max(w^\top x_p, 0)$ to the samples
# $x_1, \dots, x_P$. Which other weights $u$ answer nearly the same? The ReLU is not linear, and the
# set of those $u$ is in general not convex. What convex set can take its place, and what is given up?
#
# **After this lesson** you can turn $\max(u^\top x, 0) \approx y$ into a ball and half-spaces, say what
# that leaves out, prove that the trained weights are in it, and say what the limit $V$ is and why a
# cascade of layers needs it.
#
# **Before**: [00 Start here](00_start_here.ipynb). Symbols: [glossary](glossary.ipynb).
# **Time**: 30 minutes. **Module**: `kit.nettrim.problem`. **Ledger**: Proposition 1, Theorem 2.

# %%
# %matplotlib inline
import numpy as np
from ipywidgets import Checkbox, FloatSlider, IntSlider

from kit import nettrim
from kit.course.explorers import explorer
from kit.course.figures import relu as figures
from kit.course.figures.style import caption
from kit.experiments.theorems import LEDGER, examine, table
from kit.results import Status

# %% [markdown]
# ## Nouns
#
# * $X \in \mathbb R^{N \times P}$: the samples, one a column. $w \in \mathbb R^N$: the trained weights
#   of one neuron. $y = (w^\top X)_+ \in \mathbb R^P$: its answers, $(z)_+ = \max(z, 0)$ entry by entry.
# * $\Omega = \{p : y_p > 0\}$: the samples on which the neuron is **active**; on the others it is
#   **silent**. $v_\Omega$ is the part of a vector $v$ on $\Omega$.
# * $\epsilon \ge 0$: how far the answers may move, all samples together.
# * the **true set** $T_\epsilon = \{u : \|(u^\top X)_+ - y\|_2 \le \epsilon\}$.
#
# We look for the $u$ in $T_\epsilon$ with the smallest $\|u\|_1 = \sum_n |u_n|$: the $\ell_1$ ball has
# its corners where coordinates are $0$, so small means sparse (lesson
# [11](11_hull_geometry.ipynb) shows a ball touching).
#
# ## Test bed
#
# One neuron with two inputs, twelve samples. The weights are a point of a plane, and so can be drawn.

# %%
X, w, y = figures.plane_neuron(samples=12, angle=15.0)
epsilon = 0.3 * np.linalg.norm(y)
print(f"w = {np.round(w, 3)}, active on {np.sum(y > 0)} of {y.size} samples")

# %% [markdown]
# ## The naive method: try all weights
#
# With two weights we can put a fine grid on the plane and ask every point. That is surely right, up
# to the spacing of the grid.


# %%
def try_all(X, y, epsilon):
    """The smallest |u|_1 in the true set, over a grid of spacing 0.01 on the plane, and its u."""
    axis = np.linspace(-2.5, 2.5, 501)
    u1, u2 = np.meshgrid(axis, axis)
    answers = np.maximum(u1[..., None] * X[0] + u2[..., None] * X[1], 0)
    in_true_set = np.linalg.norm(answers - y, axis=-1) <= epsilon
    sizes = np.where(in_true_set, np.abs(u1) + np.abs(u2), np.inf)
    place = np.unravel_index(np.argmin(sizes), sizes.shape)
    return sizes[place], (u1[place], u2[place])


naive, (u1, u2) = try_all(X, y, epsilon)
print(f"smallest |u|_1 in the true set {naive:.2f}, at ({u1:.2f}, {u2:.2f})")
print(f"the trained weights have |w|_1 = {np.abs(w).sum():.2f}")

# %% [markdown]
# With 300 weights the same grid has $501^{300}$ points. We need a set that a method can walk in, and
# that means a convex one.
#
# ## Where does convexity fail?
#
# Take one sample. The ReLU never decreases, so $\{z : |(z)_+ - y| \le \epsilon\}$ is an interval,
# perhaps without a lower end: convex. It is not a single sample that is to blame.
#
# **Guess first.** Ask for $\epsilon = 0$, all answers exactly as they were. Is $T_0$ convex?
#
# It is: $(u^\top x_p)_+ = y_p$ says $u^\top x_p = y_p$ where $y_p > 0$ and $u^\top x_p \le 0$ where
# $y_p = 0$, an equation or a half-space for each sample. **The activity, which $y$ shows, tells which
# piece of the bent line applies.** Only the tolerance breaks it, by letting errors be shared out
# among samples. Two samples are enough, with $N = 2$, $X$ the identity, $y = (1, 1)$, $\epsilon = 1$:

# %%
one, other = np.array([1.0, -10.0]), np.array([-10.0, 1.0])
middle = (one + other) / 2
for u in (one, other, middle):
    print(f"u = {u}: error {np.linalg.norm(np.maximum(u, 0) - 1):.3f}")
assert np.linalg.norm(np.maximum(one, 0) - 1) <= 1 < np.linalg.norm(np.maximum(middle, 0) - 1)

# %% [markdown]
# Each of the two silences one sample and is right on the other; their midpoint silences both.
#
# ## A ball and half-spaces
#
# Net-Trim keeps every sample on its piece. Where the neuron is active it measures the error of
# $u^\top x_p$ itself, before the ReLU; where it is silent it must stay silent:
#
# $$C_\epsilon = \bigl\{u : \; \|(u^\top X - y)_\Omega\|_2 \le \epsilon, \quad
#   u^\top x_p \le 0 \text{ for } p \notin \Omega \bigr\} .$$
#
# *Convex*: the first condition says that a linear image of $u$ lies in a ball, the second is one
# half-space for each silent sample; an intersection of convex sets is convex.
#
# *A promise (Prop. 1 of the paper)*: $C_\epsilon \subseteq T_\epsilon$. Let $u \in C_\epsilon$,
# $z = u^\top X$. On $\Omega$, $y_p > 0$ and $|(z_p)_+ - y_p| \le |z_p - y_p|$: if $z_p \ge 0$ the two
# sides are equal, if $z_p < 0$ then $|0 - y_p| = y_p < y_p - z_p$. Off $\Omega$, $z_p \le 0$ and
# $(z_p)_+ = 0 = y_p$. So the squared error is at most
# $\sum_{p \in \Omega} (z_p - y_p)^2 \le \epsilon^2$. $\square$
#
# **Guess first.** For one sample with $y = 0.6$ and $\epsilon = 0.3$, is anything given up? And for
# $y = 0.6$, $\epsilon = 0.9$?

# %%
figure, facts = figures.bent_line(y=0.6, epsilon=0.9)
figure

# %%
for name, values in (
    ("y = 0.6, eps = 0.3", (0.6, 0.3)),
    ("y = 0.6, eps = 0.9", (0.6, 0.9)),
    ("y = 0.0, eps = 0.3", (0.0, 0.3)),
):
    _, facts = figures.bent_line(*values)
    ends = [f"[{low:.1f}, {high:.1f}]" for low, high in (facts["true"], facts["Net-Trim"])]
    print(f"{name}: true set {ends[0]}, Net-Trim {ends[1]}")
assert figures.bent_line(0.6, 0.3)[1]["true"] == figures.bent_line(0.6, 0.3)[1]["Net-Trim"]
assert figures.bent_line(0.6, 0.9)[1]["true"][0] == -np.inf

# %% [markdown]
# So two things are given up, and nothing else:
#
# 1. silencing an active sample costs more than it should: where $z_p < 0$ the ball counts an error of
#    $y_p - z_p$, although the answer $0$ is only $y_p$ away;
# 2. a silent sample may not speak up, not even a little.
#
# ## Nothing is lost at $\epsilon = 0$, and the trained weights always fit
#
# *At $\epsilon = 0$* the two sets are the same: both say $u^\top x_p = y_p$ on $\Omega$ and
# $u^\top x_p \le 0$ elsewhere.
#
# *Feasible.* For every $\epsilon \ge 0$ the trained $w$ is in $C_\epsilon$. On $\Omega$,
# $y_p = (w^\top x_p)_+ > 0$ can only be if $w^\top x_p = y_p$: the error there is $0$. Off $\Omega$,
# $(w^\top x_p)_+ = 0$ says $w^\top x_p \le 0$. $\square$
#
# Two consequences. The program always has an answer, whatever $\epsilon$. And the answer is no larger
# than what we had: $\|\hat u\|_1 \le \|w\|_1$.

# %%
for radius in (epsilon, 0.0):
    proof = nettrim.certify(nettrim.NetTrim(X, y[None, :], radius), w[:, None], None)
    print(f"epsilon = {radius:.2f}: the trained weights are allowed: {proof.violation < 1e-10}")
    assert proof.violation < 1e-10

# %% [markdown]
# ## One neuron, seen whole
#
# Each silent sample cuts the weight plane by a line through $0$; the active samples give an ellipse,
# the preimage of the ball. The smallest $\ell_1$ ball that reaches the set touches it in the answer.
#
# **Guess first.** Which of the two weights will become $0$? And is anything lost against the true set?

# %%
figure, facts = figures.neuron(samples=12, angle=15.0, epsilon=0.3)
figure

# %%
print(
    caption(
        "|w|_1 = {|w|_1:.3f}, the answer has |u|_1 = {|u|_1:.3f} with {zeros} zero, and no weights in "
        "the\nconvex set have less than {no smaller than:.3f}. Its error is {error / |y|:.3f} of |y|.",
        facts,
    )
)
print(f"smallest in the true set, by the grid: {naive:.2f}")
assert facts["zeros"] == 1 and facts["error / |y|"] <= 0.3 + 1e-4
assert facts["|u|_1"] <= facts["|w|_1"] and abs(naive - facts["|u|_1"]) < 0.02

# %% [markdown]
# The orange part is given up: weights that let a silent sample speak. Here the ball touches where the
# two sets share a boundary, and the value is the same (up to the spacing of the grid). That is luck.
# Turn $w$ to 60 degrees:

# %%
figure, facts = figures.neuron(samples=12, angle=60.0, epsilon=0.3)
figure

# %%
X60, _, y60 = figures.plane_neuron(12, 60.0)
naive60, place60 = try_all(X60, y60, 0.3 * np.linalg.norm(y60))
print(f"true set   {naive60:.2f} (grid), at ({place60[0]:.2f}, {place60[1]:.2f})")
print(f"convex set {facts['|u|_1']:.2f}, at {facts['u']}, with {facts['zeros']} zeros")
print(f"trained    {facts['|w|_1']:.2f}")
assert naive60 + 0.1 < facts["|u|_1"] < facts["|w|_1"]

# %% [markdown]
# This is the price, and nothing says that it is always small. What we bought with it is a set in
# which every local minimum is global, a promise for every point of it, and a lower bound (lesson
# [21](21_one_neuron.ipynb) derives it) that makes the answer checkable.
#
# ## Explore
#
# Turn $w$ (`angle`): samples change from active to silent, and the set jumps with $\Omega$. Take
# $\epsilon$ to 0: the orange part disappears, as we proved. Take one or two samples: with fewer
# samples than weights the constraints do not even fix the scale in all directions. Take $\epsilon$
# to 1: then $u = 0$ is allowed. Which setting gives the largest orange part?

# %%
explorer(
    figures.neuron,
    samples=IntSlider(12, min=1, max=40, description="samples"),
    angle=FloatSlider(15.0, min=-180, max=180, step=5, description="angle of w"),
    epsilon=FloatSlider(0.3, min=0, max=1, step=0.05, description="epsilon / |y|"),
    true_set=Checkbox(True, description="show what is given up"),
)

# %% [markdown]
# ## A whole layer
#
# A layer has $M$ neurons with weights $W = (w_1, \dots, w_M)$ and answers $Y \in \mathbb R^{M \times P}$;
# $\Omega$ is now a set of pairs (neuron, sample), and the kit, as the second paper, uses one ball for
# all of them:
#
# $$\min \|W\|_1 \quad \text{s.t.} \quad \|(W^\top X - Y)_\Omega\|_F \le \epsilon, \qquad
#   (W^\top X)_{mp} \le V_{mp} \text{ for } (m, p) \notin \Omega , \qquad V = 0 .$$
#
# All that was proved above holds entry by entry. But why write a $V$ that is $0$?
#
# ## Why a cascade needs $V$
#
# In a **cascade** the layers are pruned one after the other, and the next layer sees not $X$ but what
# the pruned layers before it produce, $\hat X$. The answers $y$ to be kept are still those of the
# trained network. Now our proof of feasibility breaks: $w^\top \hat x_p$ need not be $y_p$ on
# $\Omega$, nor $\le 0$ off it. A larger $\epsilon$ mends the first. It cannot mend the second.
#
# **Guess first.** Move the twelve samples by random steps of typical length $0.4$ in each coordinate
# and keep $V = 0$. Is the set smaller, larger, or empty?

# %%
figure, facts = figures.moved(shift=0.4, gamma=1.1)
figure

# %%
print(f"w allowed with V = 0: {facts['w allowed with V = 0']}")
print(f"V = 0: no u at all, proved by a ray: {facts['V = 0: proved empty']}")
print(f"w allowed with V = w'X^: {facts['w allowed on the right']}")
assert facts["V = 0: proved empty"] and facts["w allowed on the right"]

# %% [markdown]
# The proof that it is empty is a vector $q$ with $\hat X q = 0$, $q_p \le 0$ off $\Omega$, and
# $\langle q, y\rangle > \epsilon \|q_\Omega\|_2$: for a feasible $u$ we should have
# $0 = u^\top \hat X q \ge \langle q, y \rangle - \epsilon\|q_\Omega\|_2 > 0$. Here it is, checked by hand:

# %%
Xhat = X + 0.4 * figures.STEPS[:, :12]
Omega = y > 0
radius = np.sqrt(1.1) * np.linalg.norm((w @ Xhat - y)[Omega])
refused = nettrim.solve(nettrim.NetTrim(Xhat, y[None], radius, 0.0, Omega[None]), "exact")
print(refused.report.run.status)
q = refused.dual[0] / np.abs(refused.dual).max()
print(f"X^ q = 0 to rounding: {np.abs(Xhat @ q).max() < 1e-12}")
print(f"<q, y> - eps |q_Omega| = {q @ y - radius * np.linalg.norm(q[Omega]):.4f}")
assert refused.report.run.status is Status.INFEASIBLE
assert np.all(q[~Omega] <= 1e-12) and q @ y > radius * np.linalg.norm(q[Omega])

# %% [markdown]
# The remedy is to ask of the silent samples no more than the old weights achieve:
#
# $$V = w^\top \hat X, \qquad \epsilon^2 = \gamma \sum_{p \in \Omega} (w^\top \hat x_p - y_p)^2 , \qquad
#   \gamma \ge 1 .$$
#
# Then $w$ is feasible by construction. (With $\gamma = 1$ it lies on the boundary of the ball.)
#
# *What is promised now?* For any feasible $u$, on $\Omega$ as before
# $|(u^\top \hat x_p)_+ - y_p| \le |u^\top \hat x_p - y_p|$, and off $\Omega$, where $y_p = 0$,
# $(u^\top \hat x_p)_+ \le (w^\top \hat x_p)_+$. There $w^\top x_p \le 0$, so
# $(w^\top \hat x_p)_+ \le |w^\top \hat x_p - w^\top x_p|$; and on $\Omega$, $y_p = w^\top x_p$. Add up:
#
# $$\|(u^\top \hat X)_+ - y\|_2^2 \;\le\; \gamma \sum_{p \in \Omega} \bigl(w^\top(\hat x_p - x_p)\bigr)^2
#   + \sum_{p \notin \Omega} \bigl(w^\top (\hat x_p - x_p)\bigr)^2
#   \;\le\; \gamma\, \|w^\top (\hat X - X)\|_2^2 .$$
#
# Pruning this layer multiplies the error that came in by at most $\sqrt\gamma$ (and what $w$ does to
# it). Layer after layer this gives the theorem on cascades (Theorem 2 of the paper).

# %%
print("shift   |w|_1    |u|_1   error   promised")
for shift in (0.05, 0.1, 0.2, 0.4):
    _, facts = figures.moved(shift=shift, gamma=1.1)
    print(
        f"{shift:4.2f}    {facts['|w|_1']:.3f}   {facts['|u|_1']:.3f}   "
        f"{facts['error']:.3f}   {facts['promised']:.3f}"
    )
    assert facts["error"] <= facts["promised"] + 1e-4

# %% [markdown]
# ## A doubt
#
# Look at the middle columns: the answer is $w$ again, nothing was gained. Why? Where $w^\top\hat x_p$ is
# negative, $V_p < 0$ forbids $u$ to be *less* silent than $w$, although any $u^\top \hat x_p \le 0$
# would answer the same $0$. With twelve samples in a plane these limits meet in the single point $w$.
#
# The proof above used only $(u^\top\hat x_p)_+ \le (w^\top\hat x_p)_+$. So $V = (w^\top\hat X)_+$
# would serve as well: it leaves more room, $w$ stays feasible, and the promise is the same word for
# word. The papers take $V = w^\top \hat X$; this remark is derived here, and the next cell measures it.

# %%
print("shift   |w|_1   |u|_1 with V = w'X^   with V = (w'X^)_+   error   promised")
for shift in (0.05, 0.1, 0.2, 0.4):
    _, tight = figures.moved(shift=shift, gamma=1.1)
    _, room = figures.moved(shift=shift, gamma=1.1, positive=True)
    print(
        f"{shift:4.2f}    {tight['|w|_1']:.3f}   {tight['|u|_1']:.3f}                "
        f"{room['|u|_1']:.3f}               {room['error']:.3f}   {room['promised']:.3f}"
    )
    assert room["|u|_1"] <= tight["|u|_1"] + 1e-4 and room["error"] <= room["promised"] + 1e-4

# %% [markdown]
# In a layer with many inputs the limits do not pin $w$ down like this, and the published choice does
# prune (lesson [22](23_networks.ipynb)). Move the samples yourself (the picture is drawn near $w$), and untick the box to see the room close:

# %%
explorer(
    figures.moved,
    shift=FloatSlider(0.2, min=0, max=1, step=0.05, description="shift"),
    gamma=FloatSlider(1.5, min=1, max=4, step=0.1, description="gamma"),
    positive=Checkbox(True, description="V = positive part"),
)

# %% [markdown]
# ## In the ledger
#
# The kit measures each numbered result inside its hypotheses, and again with one of them broken
# (`kit.experiments.theorems`). The statements of this lesson:

# %%
for name in (
    "Proposition 1",
    "One layer is no longer than it was",
    "Theorem 2",
):
    print(table(examine(LEDGER[name], np.random.default_rng(0))))

# %% [markdown]
# ## Break it yourself
#
# A neuron that is never active has $y = 0$ and $\Omega = \emptyset$. Only half-spaces are left, and $0$
# is in all of them. Try to guess what the program says, then look:

# %%
silent = nettrim.solve(nettrim.NetTrim(X, np.zeros((1, 12)), 0.0))
print(f"W = {silent.W.ravel()}; note: {silent.report.notes[-1]}")
assert not silent.W.any()

# %% [markdown]
# More to break:
#
# - `nettrim.NetTrim(X, -y[None], epsilon)`: an answer of a ReLU cannot be negative, and the kit says so.
# - Give a wrong `Omega` (`Omega=np.ones((1, 12), bool)`): the layer is then taken as linear. Are the
#   trained weights still feasible at $\epsilon = 0$?
# - Use `epsilon=0` with as many samples as you like: why is the answer $w$ itself as soon as the active
#   samples span the plane?
#
# ## Take away
#
# * Exact answers are a convex demand; a shared tolerance is not. Net-Trim keeps every sample on its
#   piece: a ball where the neuron is active, half-spaces where it is silent.
# * Every feasible $u$ keeps the promise; the trained $w$ is feasible for every $\epsilon$.
# * Given up: silencing weakly active samples, and letting silent ones speak.
# * With a moved input the limit must move too: $V = w^\top\hat X$, or its positive part.
#
# **Next**: [21 One Net-Trim layer](21_one_neuron.ipynb) solves a layer and walks along $\epsilon$;
# [22 Networks](23_networks.ipynb) prunes whole networks.
#
# **Exercise**: [20_omega_and_v](../exercises/20_omega_and_v.ipynb), about $\Omega$ and $V$.
#
# ## Sources
#
# * A. Aghasi, A. Abdi, N. Nguyen, J. Romberg, *Net-Trim*, arXiv 1611.05162: program (S.1), the
#   cascade (S.3) and its $V$, Prop. 1, Theorem 2 (numbers of the supplement).
# * A. Aghasi, A. Abdi, J. Romberg, *Fast convex pruning of deep neural networks*, arXiv 1806.06457,
#   eq. (1): one ball for the layer.
# * What is given up, the ray, and the remark on the positive part are derived here and in
#   `kit.nettrim.certificate`.
