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
# # 23 Networks
#
# A small network tells two spirals apart, and it is to run on a chip with little memory. A weight that is 0
# need not be stored. You know how to prune one layer ([lesson 22](22_one_layer.ipynb)): you say how far its
# answers may move, and they do not move further. But a network is a chain. What the first layer does wrong is
# what the second layer sees, and what counts is the end of the chain.
#
# **Afterwards you can** prune a network layer by layer or as a cascade with two short loops, prove what both promise
# about the last layer, compute the promise, and say when it is worth something.
# **Before**: [20](20_relu_convexification.ipynb), [22](22_one_layer.ipynb). Symbols: [glossary](glossary.ipynb).
# **Time**: 30 minutes.

# %%
# %matplotlib inline
from functools import cache

import numpy as np
from ipywidgets import FloatSlider, SelectionSlider, ToggleButtons
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from kit import datasets, nettrim
from kit.course import draw
from kit.course.explorers import explorer
from kit.experiments.theorems import LEDGER, examine, table
from kit.nettrim import rivals

one_thread = threadpool_limits(1)  # the matrices are small


# %% tags=["hide-input"]
@cache
def spiral_bed():
    """Two spirals, 150 samples, and a network 2-9-9-1 that has learnt them."""
    data = datasets.spirals(np.random.default_rng(0), 200, turns=0.75)
    return nettrim.train(
        np.random.default_rng(1), data, (9, 9), epochs=1500, alpha=1e-3
    ).network, data


def show_spiral(ax, network, title):
    """The samples, and where the network says "the second arm"."""
    _, data = spiral_bed()
    draw.plane(ax, 1.2, "x₁", "x₂", title)
    draw.region(
        ax,
        lambda a, b: nettrim.forward(network, np.array([a.ravel(), b.ravel()]))[-1].reshape(
            a.shape
        ),
    )
    for label, look, words in ((1, "first", "one arm"), (0, "second", "the other")):
        ax.plot(
            *data.X[:, data.labels == label], **{**draw.mark(look), "markersize": 3.5}, label=words
        )
    draw.legend(ax, "lower right")


def drop_smallest(network, share):
    """The share of smallest weights of each layer set to 0."""
    weights = [np.where(np.abs(W) > np.quantile(np.abs(W), share), W, 0) for W in network.weights]
    return nettrim.Network(tuple(weights), network.biases)


def output_change(network, other, X):
    """|Y^_L - Y_L|_F / |Y_L|_F."""
    old, new = nettrim.forward(network, X)[-1], nettrim.forward(other, X)[-1]
    return np.linalg.norm(new - old) / np.linalg.norm(old)


# %%
network, data = spiral_bed()
naive = drop_smallest(network, 0.5)
print(
    f"half of the weights dropped: the output moves by ≈ {output_change(network, naive, data.X):.2g} of its size"
)
assert output_change(network, naive, data.X) > 0.2
figure, axes = draw.figure(2, size=(4.2, 4.2))
show_spiral(axes[0], network, "trained")
show_spiral(axes[1], naive, "the smaller half dropped")
draw.show(
    figure,
    "The trained network, and the same network after the smaller half of the weights of each layer was dropped. "
    "The filled area is where the output is positive. Nothing said beforehand how far it would move.",
)

# %% [markdown]
# ## The question
#
# Samples are columns. $Y_0 = X$ and $Y_\ell = (W_\ell^\top Y_{\ell-1})_+$; the last layer is without $(\cdot)_+$. (The bias is the last row of
# $W_\ell$, and $Y_{\ell - 1}$ gets a last row of ones.) The pruned network has $\hat W_\ell$ and $\hat Y_\ell$, and
#
# $$D_\ell = \lVert\hat Y_\ell - Y_\ell\rVert_F \qquad\text{is the \textbf{discrepancy} of layer } \ell .$$
#
# **Guess first.** You can prune the layers all at once, each on the inputs of the trained network ("parallel"), or one after the other, each on what the
# pruned layers before it deliver ("cascade"). (1) In parallel, each of three layers alone may move its answers by 5 %. By how much will the output move: by 5 %, by 15 %, or by
# more? (2) Which of the two moves the output less? (3) A promise about the output is proved below. By what factor
# is it larger than what happens: 2, 10, 1000?
#
# ## By hand: one weight a layer
#
# Let each layer have one neuron with one weight, 1, and no bias, and let all samples be positive. Then $Y_\ell = x$ for all $\ell$. A pruned weight $u$ on
# the input $a x$ gives $u a x$, and Net-Trim takes the smallest $u \ge 0$ with $\lvert u a - 1\rvert \le \epsilon$. (Here $\epsilon$ and $D_\ell$ are shares of $\lVert x\rVert$.)
#
# *Parallel.* Each layer is shown $x$, so $u = 1 - \epsilon$. After $\ell$ layers $D_\ell = 1 - (1 - \epsilon)^\ell$.
#
# *Cascade.* Again $D_1 = \epsilon$. Layer $\ell \ge 2$ sees $(1 - D_{\ell-1})\,x$. The old weight would miss by $D_{\ell-1}$. We allow $\sqrt\gamma$ times as much, with $\gamma = 1.1$: $D_\ell = \sqrt\gamma\, D_{\ell-1}$, as long as this is below 1.

# %%
epsilon, gamma, depth = 0.2, 1.1, np.arange(1, 7)
at_once, in_turn = [], []
a = b = 1.0  # what is left of x
for k in depth:
    a *= 1 - epsilon
    b *= ((1 - epsilon) if k == 1 else 1 - np.sqrt(gamma) * (1 - b)) / b
    at_once.append(1 - a)
    in_turn.append(1 - b)
print("parallel:", np.round(at_once, 3))
print("cascade: ", np.round(in_turn, 3))
assert np.allclose(at_once, 1 - (1 - epsilon) ** depth)
assert np.allclose(in_turn, epsilon * gamma ** ((depth - 1) / 2))
figure, ax = draw.figure(size=(5.2, 3.2))
draw.curve(ax, depth, at_once, "rival", "parallel", marks=True)
draw.curve(ax, depth, in_turn, "answer", "cascade", marks=True)
draw.label(ax, "layer", "discrepancy / |x|", "one weight a layer, ε = 0.2")
draw.legend(ax, "upper left")
draw.show(
    figure,
    "A chain of single weights. Errors of layers that do not know of each other add up. A layer that sees the error before it hardly adds to it.",
)

# %% [markdown]
# ## From scratch: the two loops
#
# For one layer we take the solver of the lessons before. Write $C_\epsilon(X, Y, V)$ for the weights $U$ with
#
# $$\lVert (U^\top X - Y)_\Omega \rVert_F \le \epsilon, \qquad (U^\top X)_{\Omega^c} \le V_{\Omega^c}, \qquad \Omega = \{Y > 0\} ;$$
#
# in the last layer, which has no ReLU, $\Omega$ is everything. **Parallel: each layer takes the smallest weights that nearly keep its answers on
# the trained inputs.** **Cascade: each layer takes the smallest weights that nearly keep its trained answers on the inputs that it will really get.**
#
# $$\text{parallel:}\quad \hat W_\ell = \arg\min \lVert U\rVert_1,\ U \in C_{\epsilon_\ell}(Y_{\ell-1}, Y_\ell, 0), \qquad \epsilon_\ell = \epsilon\,\lVert Y_\ell\rVert_F . \tag{1}$$
#
# $$\text{cascade:}\quad \hat W_\ell = \arg\min \lVert U\rVert_1,\ U \in C_{\epsilon_\ell}(\hat Y_{\ell-1}, Y_\ell, V_\ell), \qquad V_\ell = W_\ell^\top \hat Y_{\ell-1},\quad
#   \epsilon_\ell^2 = \gamma\, \lVert (V_\ell - Y_\ell)_\Omega\rVert_F^2 . \tag{2}$$
#
# (The first layer of a cascade sees the trained input and is pruned as in (1).) Why this $V_\ell$, and not 0? On changed inputs the old weights may give positive values off
# $\Omega$. With $V = 0$ there may be no admissible weights ([lesson 20](20_relu_convexification.ipynb) shows a case).
# With (2) the old weights are admissible: they meet the inequality with equality, and the ball since $\gamma \ge 1$. So a cascade does not get stuck.


# %%
def ones(Y):
    """Y with a last row of ones, for the bias."""
    return np.vstack([Y, np.ones(Y.shape[1])])


def relu(Z, last):
    """The ReLU, except in the last layer."""
    return Z if last else np.maximum(Z, 0)


def layer(X, Y, epsilon, V, last):
    """argmin |U|_1 over C_epsilon(X, Y, V), by the solver of the lessons before."""
    return nettrim.solve(nettrim.NetTrim(X, Y, epsilon, V, Omega=(Y > 0) | last), "exact").W


# %% tags=["from-scratch"]
def parallel(Ws, X, epsilon):
    """(1): every layer by itself, on the trained inputs."""
    pruned, Y = [], X
    for k, W in enumerate(Ws, 1):
        A, last = ones(Y), k == len(Ws)
        Y = relu(W.T @ A, last)
        pruned.append(layer(A, Y, epsilon * np.linalg.norm(Y), 0.0, last))
    return pruned


def cascade(Ws, X, epsilon, gamma):
    """(2): one layer after the other, on what the pruned ones before it deliver."""
    pruned, Y, Y_hat = [], X, X
    for k, W in enumerate(Ws, 1):
        A, last = ones(Y_hat), k == len(Ws)
        Y, V = relu(W.T @ ones(Y), last), W.T @ A
        miss = np.linalg.norm((V - Y)[(Y > 0) | last])
        radius = epsilon * np.linalg.norm(Y) if k == 1 else np.sqrt(gamma) * miss
        pruned.append(layer(A, Y, radius, 0.0 if k == 1 else V, last))
        Y_hat = relu(pruned[-1].T @ A, last)
    return pruned


# %% [markdown]
# **The promise, from scratch.** The theorems below bound $D_\ell$ layer by layer. Let $D_0 = 0$, let $e_\ell$ be the error of layer $\ell$ alone on trained inputs,
# and $\lVert\cdot\rVert_2$ the largest singular value without the row of the bias. Then (the maximum is $\epsilon_\ell$, unless a solver missed its constraints a little)
#
# $$D_\ell \le \lVert\hat W_\ell\rVert_2\, D_{\ell-1} + \max(\epsilon_\ell, e_\ell) \quad\text{(parallel)}, \qquad
#   D_\ell \le \sqrt{\gamma}\,\lVert W_\ell\rVert_2\, D_{\ell-1}, \quad D_1 \le \epsilon_1 \quad\text{(cascade)}. \tag{3}$$


# %% tags=["from-scratch"]
def promise(Ws, pruned, X, epsilon, gamma=None):
    """Measured D_l and promised (3) for each layer, relative to |Y_l|_F; a cascade if there is a gamma."""
    Y, Y_hat, bound, rows = X, X, 0.0, []
    for k, (W, U) in enumerate(zip(Ws, pruned, strict=True), 1):
        last, A = k == len(Ws), ones(Y)
        Y, Y_hat = relu(W.T @ A, last), relu(U.T @ ones(Y_hat), last)
        size, alone = np.linalg.norm(Y), np.linalg.norm(relu(U.T @ A, last) - Y)
        if gamma is None or k == 1:
            bound = np.linalg.norm(U[:-1], 2) * bound + max(epsilon * size, alone)
        else:
            bound = np.sqrt(gamma) * np.linalg.norm(W[:-1], 2) * bound
        rows.append((np.linalg.norm(Y_hat - Y) / size, bound / size))
    return np.array(rows).T


# %% [markdown]
# *Check.* In layers 2 and 3 of the cascade the ball holds, even with equality, and silent entries stay below $(V_\ell)_+$: the proof below uses the ball and this limit. In both modes no measured error exceeds its promise. Kit: `nettrim.prune` is both loops.

# %% tags=["compared"]
Ws = [np.vstack([W, b]) for W, b in zip(network.weights, network.biases, strict=True)]
mine = {"parallel": parallel(Ws, data.X, 0.05), "cascade": cascade(Ws, data.X, 0.05, 1.1)}
kits = {
    mode: nettrim.prune(network, data.X, epsilon=0.05, mode=mode, gamma=1.1, progress=False)
    for mode in mine
}
print("errors in shares of the output's size")
print("                 output moves by   promised   largest difference of a weight")
for mode, pruned in mine.items():
    measured, promised = promise(Ws, pruned, data.X, 0.05, 1.1 if mode == "cascade" else None)
    theirs = [
        np.vstack(pair)
        for pair in zip(kits[mode].network.weights, kits[mode].network.biases, strict=True)
    ]
    apart = max(np.abs(U - T).max() for U, T in zip(pruned, theirs, strict=True))
    print(
        f"{mode:9}   mine   ≈ {measured[-1]:.2g}            ≈ {promised[-1]:.2g}     ≈ {apart:.0e}"
    )
    print(
        f"            kit    ≈ {kits[mode].moved:.2g}            ≈ {kits[mode].bound[-1] / kits[mode].sizes[-1]:.2g}"
    )
    assert np.all(measured <= promised * (1 + 1e-6)) and apart < 1e-6
    assert np.allclose(measured, kits[mode].discrepancy / kits[mode].sizes, rtol=1e-5)
    assert np.allclose(promised, kits[mode].bound / kits[mode].sizes, rtol=1e-5)
Y_hat = (
    data.X
)  # what layers 2 and 3 of the cascade see: the old weights must be admissible there, (2) says
for k, (W, U) in enumerate(zip(Ws, mine["cascade"], strict=True)):
    A, Y = ones(Y_hat), nettrim.forward(network, data.X)[k]
    on, silent = (Y > 0) | (k == 2), (Y == 0) & (k < 2)
    miss_new, miss_old = (np.linalg.norm((Z.T @ A - Y)[on]) for Z in (U, W))
    assert np.all((U.T @ A - np.maximum(W.T @ A, 0))[silent] <= 1e-6)
    assert k == 0 or np.isclose(miss_new, np.sqrt(1.1) * miss_old)
    Y_hat = relu(U.T @ A, k == 2)

# %% [markdown]
# The answer of `prune` ([prune.py](../kit/nettrim/networks/prune.py)) is shown as a table, in which layers count from 0, `promised` is (3), and `theorem` is (3) with norms of the old weights that are no smaller, $\lVert W_i\rVert_1$ in parallel and $\lVert W_i\rVert_F$ in a cascade:

# %% tags=["nbval-ignore-output"]
kits["cascade"]

# %% [markdown]
# ## Why it is right
#
# **One layer** (Prop. 1). If a ReLU follows and $U \in C_\epsilon(X, Y, 0)$, then $\lVert (U^\top X)_+ - Y\rVert_F \le \epsilon$.
# Where $y > 0$: $\lvert z_+ - y\rvert \le \lvert z - y\rvert$, since cutting off at 0 brings $z$ no further from a positive number. Where $y = 0$: $z \le 0$, so $z_+ - y = 0$. Square and sum. $\square$
#
# **Parallel** (Theorem 1). By (1) and Prop. 1, $e_\ell \le \epsilon_\ell$; in the last layer the ball itself says so (there without $(\cdot)_+$).
# Insert $(\hat W_\ell^\top Y_{\ell-1})_+$, which layer $\ell$ would answer on trained inputs:
#
# $$D_\ell \le \lVert(\hat W_\ell^\top \hat Y_{\ell-1})_+ - (\hat W_\ell^\top Y_{\ell-1})_+\rVert_F + e_\ell .$$
#
# A ReLU does not increase a distance, and the row of ones is the same for both inputs. So the first term is at most $\lVert\hat W_\ell\rVert_2\, D_{\ell-1}$. This is (3), and repeated it is
#
# $$D_\ell \le \sum_{j \le \ell} \epsilon_j \prod_{j < i \le \ell} \lVert \hat W_i\rVert_2 . \qquad \square$$
#
# *Before* anything is solved $\hat W_i$ is unknown. But $\lVert\hat W_i\rVert_2 \le \lVert\hat W_i\rVert_1 \le \lVert W_i\rVert_1$ ($\lVert\cdot\rVert_1$ is the sum of all $|$entries$|$, those of the bias too):
# the old weights are admissible, and the new ones are the smallest. If $\lVert W_i\rVert_1 = 1$ for all $i$, which the papers call link-normalised, then
# $D_\ell \le \epsilon_1 + \dots + \epsilon_\ell$.
#
# **Cascade** (Theorem 2). Let $\ell \ge 2$ and $\hat z = \hat W_\ell^\top \hat Y_{\ell-1}$. On $\Omega$ the ball of (2) holds. Off $\Omega$, $\hat z \le V$ gives $(\hat z)_+ \le (V)_+$. As for Prop. 1,
#
# $$D_\ell^2 \;\le\; \gamma\,\lVert (V - Y_\ell)_\Omega\rVert_F^2 + \lVert ((V)_+)_{\Omega^c}\rVert_F^2
# \;\le\; \gamma\,\bigl(\lVert (V - Y_\ell)_\Omega\rVert_F^2 + \lVert ((V)_+)_{\Omega^c}\rVert_F^2\bigr) .$$
#
# Both parts are bounded by the change of $W_\ell^\top Y_{\ell - 1}$. On $\Omega$: $Y_\ell = W_\ell^\top Y_{\ell-1}$. Off $\Omega$: an entry of $W_\ell^\top Y_{\ell-1}$ is $\le 0$, so a positive $v$
# is at most $v$ minus that entry. Hence
#
# $$D_\ell^2 \le \gamma\,\lVert W_\ell^\top(\hat Y_{\ell-1} - Y_{\ell-1})\rVert_F^2 \le \gamma\, \lVert W_\ell\rVert_2^2\, D_{\ell-1}^2 . \qquad \square$$
#
# Theorem 1 adds an error in each layer. Theorem 2 adds none: it multiplies the first one, and $\lVert W_\ell\rVert_2$ is known before anything is solved.
# (By hand (3) is an equality in both modes while it promises less than 100 %.)
#
# ## Promised and measured
#
# The spirals, and 8 x 8 digits with a network 64-40-24-10.

# %% tags=["nbval-ignore-output"]
images = datasets.digits(np.random.default_rng(0), test=0.6)
beds = {
    "spirals": spiral_bed(),
    "digits": (
        nettrim.train(np.random.default_rng(1), images, (40, 24), epochs=60).network,
        images,
    ),
}
shares = (0.02, 0.05, 0.1, 0.2)
runs = {
    (bed, mode, e): nettrim.prune(net, d.X, epsilon=e, mode=mode, gamma=1.1, progress=False)
    for bed, (net, d) in tqdm(beds.items())
    for mode in ("parallel", "cascade")
    for e in shares
}


# %%
def left(run):
    """Weights that are not 0, biases not counted, as a share of all."""
    Ws = run.network.weights
    return sum(np.count_nonzero(W) for W in Ws) / sum(W.size for W in Ws)


print("errors in shares of the output's size; weights in shares of all")
print("                              output     promise     with norms  weights")
print("bed      mode      epsilon    moves by   (3)         of old W    left")
for (bed, mode, e), run in runs.items():
    whole = run.sizes[-1]
    print(
        f"{bed:8} {mode:9} {e:5.0%}      ≈ {run.moved:5.2g}   ≈ {run.bound[-1] / whole:5.2g}   ≈ {run.theorem[-1] / whole:8.2g}   ≈ {left(run):.2g}"
    )
    assert np.all(run.discrepancy <= run.bound * (1 + 1e-6)) and np.all(
        run.bound <= run.theorem * (1 + 1e-6)
    )
    assert all(answer.report.certificate.gap <= 1e-6 for answer in run.layers)
    assert mode == "parallel" or bed == "spirals" or run.moved < runs[bed, "parallel", e].moved

# %%
figure, axes = draw.figure(2, size=(4.6, 3.4))
for ax, mode in zip(axes, ("parallel", "cascade"), strict=True):
    run = runs["digits", mode, 0.05]
    heights = {
        "measured": run.discrepancy,
        "promise (3)": run.bound,
        "with norms of old weights": run.theorem,
    }
    draw.bars(
        ax,
        ["layer 1", "layer 2", "layer 3"],
        {k: v / run.sizes for k, v in heights.items()},
        ["answer", "data", "rival"],
    )
    ax.set(yscale="log", ylim=(0.01, 3000))
    ax.axhline(1, **draw.line("bound"))
    draw.label(ax, "", "error / size of the answers", f"digits, {mode}, ε = 5 %")
    draw.legend(ax, "upper left")
draw.show(
    figure,
    "Measured errors and both promises, layer by layer, on a logarithmic scale. The black line is 100 percent: "
    "a network of zeros has this error, so it keeps each promise above the line.",
)

# %% [markdown]
# A promise above 100 % is true, but **a network of zeros keeps it too**. That happens to
# Theorem 1 with the norms $\lVert W_i\rVert_1$ in each row, and this is the form of it that is known before anything is solved. At $\epsilon = 20$ % it happens to (3) too, except for the cascade on the digits.
# How loose are both?

# %%
loose = {}
for mode in ("parallel", "cascade"):
    for words, of in (("(3)", "bound"), ("old norms", "theorem")):
        factors = [
            getattr(run, of)[-1] / run.discrepancy[-1]
            for (_, m, _), run in runs.items()
            if m == mode
        ]
        loose[mode, words] = min(factors), max(factors)
        print(
            f"{mode:9} {words:9}: ≈ {min(factors):.2g} to ≈ {max(factors):.2g} times what happens"
        )
assert loose["parallel", "(3)"][1] < 5 and loose["cascade", "(3)"][1] < 5
assert loose["cascade", "old norms"][1] < 30 and loose["parallel", "old norms"][1] > 1000
assert 0.18 < runs["spirals", "parallel", 0.05].moved < 0.28
assert 0.08 < runs["digits", "parallel", 0.05].moved < 0.13

# %% [markdown]
# ## At the same change of the output
#
# At equal $\epsilon$ a cascade moves the output less and has more weights left, in all rows but that of 20 % on the spirals, where it is the other way round. The fair question fixes the change of the output and counts weights.

# %%
figure, axes = draw.figure(2, size=(4.4, 3.4))
for ax, bed in zip(axes, beds, strict=True):
    for mode, look in (("parallel", "rival"), ("cascade", "answer")):
        lines = [runs[bed, mode, e] for e in shares]
        draw.curve(
            ax,
            [100 * r.moved for r in lines],
            [100 * left(r) for r in lines],
            look,
            mode,
            marks=True,
        )
    draw.label(ax, "output moves by (%)", "weights left (%)", bed)
    draw.legend(ax)
draw.show(
    figure,
    "Weights left over the change of the output, at four radii. On the digits the cascade has fewer weights at the same change. "
    "On the spirals the two curves are close and cross.",
)


# %%
def left_at(bed, mode, moved):
    """Share of weights left at a change of the output, between the runs."""
    lines = [runs[bed, mode, e] for e in shares]
    return np.interp(moved, [r.moved for r in lines], [left(r) for r in lines])


print("weights left   parallel   cascade")
for bed, moves in (("spirals", (0.1, 0.3, 0.6)), ("digits", (0.05, 0.1, 0.2))):
    for moved in moves:
        one, two = left_at(bed, "parallel", moved), left_at(bed, "cascade", moved)
        print(f"{bed:8} {moved:3.0%}    ≈ {one:5.2g}    ≈ {two:5.2g}")
        assert (
            two < 0.99 * one
            or (bed, moved) == ("spirals", 0.3)
            or (two > one and (bed, moved) == ("spirals", 0.1))
        )

# %% [markdown]
# On the digits the cascade needs fewer weights. On the spirals it needs more where the output moves by 10 %, and fewer where it moves by 60 %.
#
# **The rivals**, magnitude and OBS (lesson 25), set as many weights to 0 in each layer as the cascade at 5 %, and keep all biases. The cascade sets biases to 0 too; in the rows "b" the rivals set as many more weights to 0. The promise (3) for parallel pruning, with $\epsilon = 0$, holds for any weights whoever made them, so it can be computed afterwards for all three.

# %%
print("bed       method      output moves by   promised afterwards")
for bed, (net, d) in beds.items():
    Ws = [np.vstack(pair) for pair in zip(net.weights, net.biases, strict=True)]
    below = [d.X, *nettrim.forward(net, d.X)]
    ours = runs[bed, "cascade", 0.05].network
    found = {"cascade": [np.vstack(pair) for pair in zip(ours.weights, ours.biases, strict=True)]}
    print(f"{bed}: the cascade has set {sum(np.sum(b == 0) for b in ours.biases)}", end="")
    print(f" of {sum(b.size for b in ours.biases)} biases to 0")
    for name in ("magnitude", "obs", "magnitude b", "obs b"):
        without = [np.sum(b == 0) if name.endswith("b") else 0 for b in ours.biases]
        keep = [np.count_nonzero(W) - k for W, k in zip(ours.weights, without, strict=True)]
        found[name] = [
            rivals.RIVALS[name.split()[0]](rivals.Trained(ones(Y), W), [k])[0]
            for Y, W, k in zip(below, Ws, keep, strict=False)
        ]
    moves = {}
    for name, pruned in found.items():
        measured, promised = promise(Ws, pruned, d.X, 0.0)
        moves[name] = measured[-1]
        print(f"{bed:8}  {name:11}   ≈ {measured[-1]:6.2g}          ≈ {promised[-1]:5.2g}")
        assert np.all(measured <= promised * (1 + 1e-9))
    assert max(moves["obs"], moves["obs b"]) < moves["cascade"] and (
        bed == "spirals" or moves["cascade"] < moves["magnitude"]
    )

# %% [markdown]
# **Here OBS moves the output less than the cascade** with as many zeros. Its promise computed afterwards is smaller too, except for the spirals in the row "b". But OBS has no promise *before*: it is told a number of weights, and
# Net-Trim is told how far the answers may move.
#
# ## Explore
#
# Find the largest $\epsilon$ at which the border still follows the arms. Then switch to parallel.
# What does $\gamma$ do to the number of weights, and what to the promise?


# %%
@cache
def looped(epsilon, gamma, mode):
    """Trained and pruned layers of the spirals' network."""
    network, data = spiral_bed()
    Ws = [np.vstack(pair) for pair in zip(network.weights, network.biases, strict=True)]
    return Ws, parallel(Ws, data.X, epsilon) if mode == "parallel" else cascade(
        Ws, data.X, epsilon, gamma
    )


def pruned_spiral(epsilon, gamma, mode):
    """Left: the pruned network. Right: measured and promised errors by layer."""
    _, data = spiral_bed()
    Ws, new = looped(epsilon, gamma, mode)
    measured, promised = promise(Ws, new, data.X, epsilon, None if mode == "parallel" else gamma)
    small = nettrim.Network(tuple(U[:-1] for U in new), tuple(U[-1] for U in new))
    figure, (left, right) = draw.figure(2, size=(4.2, 4.0))
    show_spiral(left, small, f"pruned, {mode}")
    draw.bars(
        right,
        ["layer 1", "layer 2", "layer 3"],
        {"measured": measured, "promised": promised},
        ["answer", "data"],
    )
    right.set_ylim(0, 2)
    right.axhline(1, **draw.line("bound"))
    draw.label(right, "", "error / size of the answers")
    draw.legend(right, "upper left")
    right_ones = nettrim.accuracy(small, data.X_test, data.labels_test)
    return figure, {
        "weights left": f"{sum(np.count_nonzero(U[:-1]) for U in new)} of {sum(U[:-1].size for U in new)}",
        "output moves by": f"{measured[-1]:.1%}",
        "promised at most": f"{promised[-1]:.0%}",
        "test samples right": f"{right_ones:.0%}",
    }


explorer(
    pruned_spiral,
    epsilon=SelectionSlider(
        options=[0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3],
        value=0.05,
        description="epsilon",
    ),
    gamma=FloatSlider(1.1, min=1.1, max=4.1, step=1.0, description="gamma"),
    mode=ToggleButtons(options=["cascade", "parallel"], description="mode"),
)

# %% tags=["hide-input"]
for name in ("Theorem 1, any network", "Theorem 2, any network"):
    print(table(examine(LEDGER[name], np.random.default_rng(0))), end="\n\n")

# %% [markdown]
# The folded cell measures both theorems on random networks, inside their hypotheses and outside.
#
# ## Take away
#
# * Both loops solve one program for each layer. They differ in the inputs that a layer is shown, and so in its radius and limits.
# * In the promise, parallel errors add up, each multiplied by the norms of the later layers; a cascade has one error, multiplied by $\sqrt\gamma\,\lVert W_\ell\rVert_2$ in each later layer.
# * Compute the promise from singular values, and look whether it is below 100 %.
#
# **The guesses.** (1) By about 23 % on the spirals and 11 % on the digits: the layers behind may stretch an error, by at most their norms. (2) The cascade, at equal $\epsilon$ up to 10 %;
# at equal weights on the digits, and not always on the spirals. (3) Promise (3) is about 2 to 4 times what happens. With the norms of the old weights Theorem 1 is thousands of times too large on the digits.
#
# **Break it yourself.** In `cascade`, hand `0.0` in place of `V` to `layer`. On the spirals the second layer is still solved: which sentence above is then not guaranteed? Take
# `gamma = 0.9`: which inequality of the proof fails first? Prune the pruned network again with the same $\epsilon$: what is promised relative to the *trained* network?
#
# **Exercise**: [23_cascade_epsilon](../exercises/23_cascade_epsilon.ipynb), the radius of a cascade and its promise. **Next**: [24 How many samples](24_how_many_samples.ipynb).
#
# ## Sources
#
# * A. Aghasi, A. Abdi, N. Nguyen, J. Romberg, *Net-Trim*, NIPS 2017, arXiv 1611.05162: programs (S.1)-(S.7), Prop. 1, Theorems 1 and 2.
# * A. Aghasi, A. Abdi, J. Romberg, SIAM J. Mathematics of Data Science 2(1), 2020, arXiv 1806.06457: one ball for a layer.
# * Derived here: the bounds (3) for networks that are not link-normalised, with a bias.
