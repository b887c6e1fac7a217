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
# # 22 One layer
#
# A sorting machine reads digits of 8 x 8 pixels. The 64 grey values and a constant go through 1,560 wires to 24 neurons; each wire is a weight, and
# costs a multiplication for each digit. You prune this layer with a solver. After a moment it shows about a thousand weights that are 0, and you take the pliers. "Wait",
# says a colleague. "If you let it run longer, or start elsewhere, will it want one of these wires back?"
#
# **Afterwards you can** solve a layer under one ball for all its neurons by twenty lines of ADMM, prove how large a weight can be in any optimum, and say why a zero on the screen
# proves nothing.
# **Before**: [02](02_splitting.ipynb), [20](20_relu_convexification.ipynb), [21](21_one_neuron.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 30 minutes.

# %%
# %matplotlib inline
from functools import cache

import numpy as np
from ipywidgets import IntSlider, SelectionSlider

from kit import datasets, nettrim
from kit.course import draw
from kit.course.explorers import explorer
from kit.experiments.theorems import LEDGER, examine, table

# %% [markdown]
# ## The question
#
# The layer has trained weights $\bar W \in \mathbb R^{N \times M}$, a column for each neuron. Samples $X \in \mathbb R^{N \times P}$ (the last row is 1) get the answers $Y = (\bar W^\top X)_+$, active on $\Omega = \{Y > 0\}$.
# We look for other weights $W$. **One ball holds all neurons**:
#
# $$\min_W \|W\|_1 \quad \text{s.t.} \quad \|(W^\top X - Y)_\Omega\|_F \le \epsilon, \quad (W^\top X)_{\Omega^c} \le 0 . \tag{1}$$
#
# **Guess first.** (1) Instead, give each neuron a ball of its own, and let their squared radii add up to $\epsilon^2$. Is the total norm larger or smaller? (2) Stop the solver when all its zeros are those of the
# optimum. How many of them can then be proved? (3) Which pixels lose all their wires?


# %%
@cache
def layer():
    """Digits, a network, and its first layer: samples over a row of ones, weights over biases, Y."""
    data = datasets.digits(np.random.default_rng(0), test=0.6)
    network = nettrim.train(np.random.default_rng(1), data, hidden=(24,), epochs=60).network
    X = np.vstack([data.X, np.ones(data.X.shape[1])])
    trained = np.vstack([network.weights[0], network.biases[0]])
    return data, network, X, trained, nettrim.forward(network, data.X)[0]


data, network, X, trained, Y = layer()
epsilon = 0.1 * np.linalg.norm(Y)
print(
    f"{X.shape[0]} inputs, {len(Y)} neurons, {X.shape[1]} samples; {trained.size:,} weights, ",
    end="",
)
print(f"{np.sum(trained == 0)} of them 0")
figure, axes = draw.figure(6, size=(1.4, 1.6), bare=True)
for m, ax in enumerate(axes):
    draw.picture(ax, trained[:-1, m].reshape(8, 8), f"neuron {m + 1}", signed=True)
draw.show(
    figure,
    "The trained weights of six neurons, a square for each pixel. Blue counts for the neuron, red against it.",
)

# %% [markdown]
# ## By hand: two neurons, one ball
#
# Two linear neurons have one weight each, trained to 1. The first sees loud samples of norm 2, the second quiet ones of norm 1. With weights $(u_1, u_2)$ the squared error is
# $4 (1 - u_1)^2 + (1 - u_2)^2 \le \epsilon^2$: an ellipse. Going down from 1 by $a_1$ and $a_2$ saves $a_1 + a_2$. At the best point the gradient $(8 a_1, 2 a_2)$ of the error is a multiple of $(1, 1)$, so $a_2 = 4 a_1$:
# **the ball is spent where it buys most.** Two own balls of radius $\epsilon/\sqrt2$ each are a box inside the ellipse.

# %%
tolerance, turn = 0.8, np.linspace(0, 2 * np.pi, 200)
first = tolerance / np.sqrt(20)
joint = 1 - first * np.array([1, 4])
own = 1 - tolerance / np.sqrt(2) * np.array([1 / 2, 1])
figure, ax = draw.figure(beside=1.9)
draw.plane(ax, 1.15, "u₁", "u₂", "two neurons, epsilon = 0.8", centre=(0.9, 0.8))
ax.plot(
    1 + tolerance / 2 * np.cos(turn),
    1 + tolerance * np.sin(turn),
    **draw.line("first"),
    label="one ball",
)
draw.polygon(ax, [own, [own[0], 2 - own[1]], 2 - own, [2 - own[0], own[1]]], "data", "own balls")
draw.ball(ax, joint.sum(), "l1", label="l1 ball that touches")
draw.points(ax, joint, "answer", "answer, one ball")
draw.points(ax, own, "rival", "answer, own balls")
draw.points(ax, [1, 1], "truth", "trained")
draw.legend(ax, "beside")
draw.show(
    figure,
    "The allowed weights under one ball, an ellipse, and under two own balls, the box in it. The ellipse "
    "comes nearer to the origin: the quiet neuron gives way more.",
)
print(
    f"one ball {joint.sum():.3f} at {joint.round(3)}, own balls {own.sum():.3f} at {own.round(3)}"
)
assert abs(4 * (1 - joint[0]) ** 2 + (1 - joint[1]) ** 2 - tolerance**2) < 1e-12

# %% [markdown]
# In general each choice of own balls with $\sum_m \epsilon_m^2 = \epsilon^2$ allows no more than (1), so its norm is at least as large.
#
# ## From scratch: ADMM for all neurons at once
#
# As in lesson 02, each difficulty gets a copy, and $\rho > 0$ weighs the disagreement of the copies. $W_1 = W_3^\top X$ has to obey the ball and the limits, $W_2 = W_3$ has the norm, and $W_3$ makes them agree. $U_1$ and $U_2$ add up what is left of disagreement:
#
# $$\begin{aligned}
# W_1 &\leftarrow \text{nearest allowed point to } W_3^\top X - U_1 : \text{ shrunk into the ball on } \Omega, \ \min(\cdot, 0) \text{ off } \Omega \\
# W_2 &\leftarrow S_{1/\rho}(W_3 - U_2), \qquad S_\tau(v) = \operatorname{sign}(v) \max(|v| - \tau, 0) \\
# W_3 &\leftarrow (X X^\top + I)^{-1} \bigl( X (W_1 + U_1)^\top + W_2 + U_2 \bigr) \\
# U_1 &\leftarrow U_1 + W_1 - W_3^\top X, \qquad U_2 \leftarrow U_2 + W_2 - W_3
# \end{aligned}$$
#
# The third minimises $\|W_1 - W_3^\top X + U_1\|_F^2 + \|W_2 - W_3 + U_2\|_F^2$: set the derivative to 0. With the new $U$ this says $X U_1^\top + U_2 = 0$, so $Q = \rho U_1$ has $X Q^\top = -\rho U_2$.
# Two more facts hold for the new $U$ up to the last change of $W_3$. The second step says that $-\rho U_2$ is 1 or $-1$ where $W_2 \ne 0$, with its sign, and between them elsewhere. The first says that
# $U_1 \le 0$ off $\Omega$, since $\min(z, 0) - z \le 0$. Where $W_3$ no longer changes, $Q$ therefore has $|X Q^\top| \le 1$ entry by entry and $Q \le 0$ off $\Omega$, as lesson 21 asks of $q$: it is a dual matrix.
#
# Dividing $X$, $Y$, $\epsilon$ by a number $c$ changes the speed, but no optimum; this $c$ is the authors'.


# %% tags=["from-scratch"]
def admm(X, Y, epsilon, rho, steps):
    """Weights (with exact zeros) and the dual matrix after each step, from 0."""
    c = 0.3 * np.linalg.norm(X, axis=1).max()
    X, Y, epsilon, Omega = X / c, Y / c, epsilon / c, Y > 0
    inverse = np.linalg.inv(X @ X.T + np.eye(len(X)))
    W3, U1, U2 = np.zeros((len(X), len(Y))), np.zeros(Y.shape), np.zeros((len(X), len(Y)))
    for _ in range(steps):
        Z = W3.T @ X - U1
        step = np.where(Omega, Z - Y, 0)
        shrink = min(1, epsilon / np.linalg.norm(step))
        W1 = np.where(Omega, Y + shrink * step, np.minimum(Z, 0))
        W2 = np.sign(W3 - U2) * np.maximum(np.abs(W3 - U2) - 1 / rho, 0)
        W3 = inverse @ (X @ (W1 + U1).T + W2 + U2)
        U1 = U1 + W1 - W3.T @ X
        U2 = U2 + W2 - W3
        yield W2, rho * U1 / c


# %% [markdown]
# *Compared* with the kit, which does not use ADMM by default: `nettrim.solve` takes the answers of all neurons on their paths (lesson 21) at the same $\lambda$, and looks for the $\lambda$ at which they meet the ball.

# %% tags=["compared"]
states = list(admm(X, Y, epsilon, 30, 800))
W, Q = states[-1]
problem = nettrim.NetTrim(X, Y, epsilon)
exact = nettrim.solve(problem)
best = exact.report.certificate.upper
ball = np.linalg.norm((W.T @ X - Y)[Y > 0]) / epsilon - 1
over = np.maximum(np.where(Y > 0, 0, W.T @ X), 0).max() / Y.max()
share = np.abs(W).sum() / best - 1
print(f"the kit: |W|_1 = {best:.2f}, {np.sum(exact.W == 0)} zeros, ", end="")
print(f"certified gap ≈ {exact.report.certificate.gap:.0e}")
print(
    f"ADMM, 800 steps: {np.sum(W == 0)} zeros; |W|_1 differs by ≈ {share:.0e} of it, a weight by at ",
    end="",
)
print(
    f"most ≈ {np.abs(W - exact.W).max():.0e}; outside the ball by ≈ {ball:.0e}, above 0 by ≈ {over:.0e}"
)
assert abs(share) < 1e-4 and max(ball, over) < 1e-4
assert np.abs(W - exact.W).max() < 0.02 and exact.report.certificate.gap < 1e-6
assert np.array_equal(W == 0, exact.W == 0)

# %% [markdown]
# ## What proves a zero
#
# ADMM's $W$ is a little outside: above a limit here, and at other steps it may be outside the ball. So speak of the *looser program*, in which $W$ is allowed: radius $\epsilon' = \max(\epsilon, \|(W^\top X - Y)_\Omega\|_F)$ and limits $V = (W^\top X)_+$ off $\Omega$.
# Take any $Q$ with $Q \le 0$ off $\Omega$ and $|X Q^\top| \le 1$ entry by entry. For all weights $U$ (not the sums $U_1$, $U_2$) that the looser program allows, as in lesson 21,
#
# $$\langle X Q^\top, U \rangle = \langle Q, U^\top X \rangle \ge \text{lower} := \langle Q_\Omega, Y_\Omega \rangle + \langle Q_{\Omega^c}, V_{\Omega^c} \rangle - \epsilon' \|Q_\Omega\|_F .$$
#
# Hence $\|U\|_1 \ge$ lower. Subtract $\langle X Q^\top, U \rangle \ge$ lower from $\|U\|_1$, and take a $U$ that is optimal in the looser program. As $W$ is allowed there, $\|U\|_1 \le \|W\|_1 =:$ upper:
#
# $$\sum_{j, m} \bigl(1 - |(X Q^\top)_{jm}|\bigr)\, |U_{jm}| \;\le\; \|U\|_1 - \langle X Q^\top, U \rangle \;\le\; \text{upper} - \text{lower} . \tag{2}$$
#
# All terms on the left are nonnegative. **So where $|(X Q^\top)_{jm}| < 1$, this weight of an optimum has at most the size (upper $-$ lower) / $(1 - |(X Q^\top)_{jm}|)$.** $\square$
# The difference upper $-$ lower is the **gap**; below it is printed as a share of upper.
#
# The optima of (1) itself are covered if $W$ is allowed in (1): then the two programs are one.


# %% tags=["from-scratch"]
def judge(X, Y, epsilon, W, Q):
    """Radius and limits of the looser program, lower, upper, and how large a weight of its optima can be."""
    Omega, Z = Y > 0, W.T @ X
    radius = max(epsilon, np.linalg.norm((Z - Y)[Omega]))
    V = np.where(Omega, 0, np.maximum(Z, 0))
    Q = np.where(Omega, Q, np.minimum(Q, 0))
    Q = Q / np.abs(X @ Q.T).max()
    lower = np.sum(Q * np.where(Omega, Y, V)) - radius * np.linalg.norm(Q[Omega])
    upper = np.abs(W).sum()
    room = 1 - np.abs(X @ Q.T)
    return radius, V, lower, upper, (upper - lower) / np.maximum(room, 1e-15)


# %% [markdown]
# *Check*: an optimum of the looser program, found by the kit, has to respect the bounds. The kit's `proved_zeros` uses the same inequality. It first gives each row of $Q$ its best multiple, which proves more at step 800, and it rounds to the safe side.

# %% tags=["compared"]
print("step   gap       proved below 0.01: ours   kit")
for step in (100, 800):
    W, Q = states[step - 1]
    radius, V, lower, upper, bound = judge(X, Y, epsilon, W, Q)
    looser = nettrim.solve(nettrim.NetTrim(X, Y, radius, V, Y > 0))
    kits = nettrim.proved_zeros(problem, W, Q, feasibility=0.1)
    zero = W == 0
    print(
        f"{step:4d}   ≈ {(upper - lower) / upper:.0e} {np.sum(zero & (bound < 0.01)):25d} {np.sum(kits < 0.01):5d}"
    )
    assert lower <= looser.report.certificate.upper and looser.report.certificate.lower <= upper
    assert np.all(np.abs(looser.W) <= bound) and upper - lower < 0.05 * upper
    assert np.all(np.abs(looser.W) <= kits)  # inf where W is not 0
    size = np.abs(trained).sum()  # trained weights are allowed too: the first inequality of (2)
    room = (upper - lower) / bound
    assert np.sum(room * np.abs(trained)) <= size - lower

# %% [markdown]
# ## Promised and measured: zeros on the screen, zeros that are proved

# %%
steps = np.unique(np.geomspace(5, 2000, 24).astype(int))
states = list(admm(X, Y, epsilon, 30, 2000))
rows = []
for step in steps:
    W, Q = states[step - 1]
    _, _, lower, upper, bound = judge(X, Y, epsilon, W, Q)
    zero = W == 0
    rows.append(
        [zero.sum(), np.sum(zero & (exact.W == 0)), np.sum(zero & (bound < 0.01)), lower, upper]
    )
shown, right, proved, lower, upper = np.array(rows).T
figure, (left, middle) = draw.figure(2, size=(4.6, 3.6))
for ax in (left, middle):
    ax.set_xscale("log")
draw.label(left, "step of ADMM", "weights", "zeros")
draw.curve(left, steps, shown, "wrong", "shown")
draw.curve(left, steps, right, "truth", "of them 0 in the optimum")
draw.curve(left, steps, proved, "bound", "proved below 0.01", marks=True)
draw.legend(left, "center left")
draw.label(middle, "step of ADMM", "|W|_1", "lower and upper, looser programs")
draw.curve(middle, steps, upper, "answer", "upper")
draw.curve(middle, steps, lower, "bound", "lower")
draw.legend(middle, "lower right")
draw.show(
    figure,
    "Left: the zeros that ADMM shows are soon those of the optimum, but none is proved below 0.01 until "
    "the gap is small. Right: the gap lies between the curves.",
)
for step in (200, 800, 2000):
    k = int(np.searchsorted(steps, step))
    print(f"step {steps[k]}: shown {shown[k]:.0f}, right {right[k]:.0f}, proved {proved[k]:.0f}")
bound = nettrim.proved_zeros(problem, exact.W, exact.dual)
print(
    f"the kit's answer: {np.sum(exact.W == 0)} zeros, {np.sum(bound < 1e-5)} of them proved below 0.00001"
)
assert np.sum(bound < 1e-5) == np.sum(exact.W == 0) and proved[0] == 0 < proved[-1]

# %% [markdown]
# The colleague is right to ask, and (2) is an answer: no optimum of the looser program, however found, has more than the bound on such a wire. For the kit's answer this program is (1) up to rounding, and all its zeros are proved below 0.00001. For ADMM it is a little
# looser than (1), and at step 248, with the right zeros on the screen, none is proved below 0.01. Try other $\rho$.
#
# ## The zeros as pixels

# %%
figure, axes = draw.figure(6, size=(1.4, 1.6), bare=True)
for m, ax in enumerate(axes):
    draw.picture(ax, exact.W[:-1, m].reshape(8, 8), f"neuron {m + 1}", signed=True)
draw.show(figure, "The same six neurons pruned, 10 % of |Y|. White squares are weights that are 0.")
wires = np.count_nonzero(exact.W[:-1], axis=1).reshape(8, 8)
figure, (left, right) = draw.figure(2, size=(3.0, 3.1), bare=True)
draw.picture(left, np.abs(data.X).mean(axis=1).reshape(8, 8), "mean grey of the digits")
draw.picture(right, wires, "wires left")
draw.show(
    figure,
    "Left: where digits have ink. Right: to how many of the 24 neurons each pixel is still wired; the brightest has the most.",
)
dark = data.X.max(axis=1) == 0
print(
    f"{np.sum(wires == 0)} pixels have no wire left; {dark.sum()} pixels are 0 in all samples, ",
    end="",
)
print(f"their wires left: {wires.ravel()[dark].sum()}")
assert wires.ravel()[dark].sum() == 0

# %% [markdown]
# ## Rivals at the same tolerance, and at the same number of zeros


# %%
def report(name, W):
    """A line of the table."""
    moved = np.linalg.norm(np.maximum(W.T @ X, 0) - Y) / np.linalg.norm(Y)
    other = nettrim.Network((W[:-1], *network.weights[1:]), (W[-1], *network.biases[1:]))
    hits = nettrim.accuracy(other, data.X_test, data.labels_test)
    print(f"{name:28}{np.abs(W).sum():8.2f}{np.sum(W == 0):7d}{moved:9.1%}{hits:11.1%}")
    return moved


print("                               |W|_1  zeros  answers  test accuracy")
report("trained", trained)
moved = [report("one ball", exact.W)]
shares = {
    "own balls, 10 % of each": 0.1 * np.linalg.norm(Y, axis=1),
    "own balls, all equal": np.full(len(Y), epsilon / np.sqrt(len(Y))),
}
for name, radii in shares.items():
    answer = nettrim.solve(nettrim.NetTrim(X, Y, radii))
    report(name, answer.W)
    assert answer.report.certificate.upper >= best * (1 - 1e-6)
count = np.sum(exact.W == 0)
order = np.sort(np.abs(trained).ravel())
moved += [report("magnitude, as many zeros", np.where(np.abs(trained) >= order[count], trained, 0))]
assert moved[0] <= 0.1 * (1 + 1e-6) and moved[0] < moved[1]

# %% [markdown]
# One ball has a smaller norm than both choices of own balls; that it cannot have a larger one is proved above. At the same number of zeros its answers move less than those of magnitude. Equal own balls have fewer zeros and move the answers less (the balls of three neurons that are silent on all samples stay unused); their test accuracy is as good. Rivals that look at samples too are in [lesson 25](25_pruning_today.ipynb).
#
# **Where it fails.** The proof is about the optima of (1), or of a looser program, on these samples. It does not say that fewer wires would not do: $\|W\|_1$ is not the number of wires.
#
# ## Explore
#
# Choose a neuron and a tolerance. Which neurons give way first? Three neurons are never active here and have no wire at any tolerance. At which tolerance does another one lose all?

# %%
SHARES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)


@cache
def pruned(share):
    """The answer for the layer with this share of |Y|."""
    _, _, X, _, Y = layer()
    return nettrim.solve(nettrim.NetTrim(X, Y, share * np.linalg.norm(Y)))


def wired(share, neuron):
    """A neuron before and after, and the wires of each pixel."""
    _, _, X, trained, Y = layer()
    answer = pruned(share)
    figure, axes = draw.figure(3, size=(2.6, 2.8), bare=True)
    draw.picture(axes[0], trained[:-1, neuron - 1].reshape(8, 8), "trained", signed=True)
    draw.picture(axes[1], answer.W[:-1, neuron - 1].reshape(8, 8), "pruned", signed=True)
    left = np.count_nonzero(answer.W[:-1], axis=1).reshape(8, 8)
    draw.picture(axes[2], left, "wires of each pixel")
    moved = np.linalg.norm(np.maximum(answer.W.T @ X, 0) - Y) / np.linalg.norm(Y)
    return figure, {
        "wires of this neuron": int(np.count_nonzero(answer.W[:, neuron - 1])),
        "wires of the layer": int(np.count_nonzero(answer.W)),
        "answers move by": f"{moved:.1%}",
        "pixels without a wire": int(np.sum(left == 0)),
    }


explorer(
    wired,
    share=SelectionSlider(options=SHARES, value=0.1, description="epsilon / |Y|"),
    neuron=IntSlider(1, min=1, max=24, description="neuron"),
)

# %% [markdown]
# ## Break it yourself
#
# * Take $\rho = 3$ and $\rho = 100$. Which of lower and upper is late, and after how many steps are zeros proved?
# * In `judge`, replace $Q$ by `rng.random(Q.shape)` with a generator `rng`. It still proves something. What? And with `rng.standard_normal`?
# * Forget the silent entries, `np.minimum(Z, 0)` to `Z`: the layer LASSO. How many silent answers speak?

# %% tags=["hide-input"]
for name in ("Zeros that are proved", "Proposition 1"):
    print(table(examine(LEDGER[name], np.random.default_rng(0))), end="\n\n")

# %% [markdown]
# The folded cell is from the ledger (lesson 20): the bound (2) for one neuron, and the promise of a layer, inside and outside their hypotheses.
#
# ## Take away
#
# * One ball for the layer is spent where it buys most. Its norm is at most that of own balls whose squared radii add up to the same.
# * ADMM needs one matrix inverse, a shrinking, a clipping and a soft threshold; its sums of disagreement, $\rho U_1$, become a dual matrix; on the way they are clipped and scaled.
# * (2) bounds each weight with $|X Q^\top| < 1$ in all optima of the looser program. The bound is small where the gap is small against $1 - |X Q^\top|$. A zero without a bound is only what a method shows.
#
# **The guesses.** (1) Larger, or equal. (2) None below 0.01: at step 248 the zeros are right, and none is proved yet. (3) Those near the left and the right edge, where digits have little ink; six of these 17 have none.
#
# **Exercise**: [21_neuron_dual](../exercises/21_neuron_dual.ipynb) asks for the bound of a zero. **Next**: [23 Networks](23_networks.ipynb), layer after layer.
#
# ## Sources
#
# * One ball for the layer, and its ADMM: A. Aghasi, A. Abdi, J. Romberg, *Fast convex pruning of deep neural networks*, arXiv 1806.06457, eq. (1) and Algorithm 1, with the scaling of the authors' code.
# * (2) is derived here and in `kit.nettrim.reading`; the ADMM is `kit.nettrim.admm`. The digits are those of scikit-learn.
