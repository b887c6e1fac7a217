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
# # 25 Pruning today: the rivals at equal sparsity, without flattery
#
# **The question.** Net-Trim promises that the outputs stay close. Does a network pruned by it also
# *work better* than one pruned by the methods people use today, at the same number of zeros?
#
# **After this lesson** you can
#
# - derive pruning methods from one quadratic form, and say what each of them leaves out,
# - read a table of rivals with its standard errors, and name the losers, Net-Trim among them,
# - tell an improvement that was chosen on the test from one that was chosen before it,
# - say what a guarantee is worth, and what it is not.
#
# **Before**: [22](23_networks.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 30 minutes, of which
# half a minute is computing.

# %%
# %matplotlib inline
import numpy as np
from ipywidgets import SelectionSlider, ToggleButtons
from tqdm.auto import tqdm

from kit import datasets, experiments, nettrim
from kit.course.explorers import explorer
from kit.course.figures import pruning as figures
from kit.experiments import pruning, pruning_today
from kit.nettrim import rivals

# %% [markdown]
# ## Nouns: one quadratic form, six methods
#
# A layer has inputs $X$ (a row of ones last) and before its ReLU $z = w^\top X$ for one neuron. Change
# the weights by $d$, and the change of $z$ has the square
#
# $$\lVert d^\top X\rVert_2^2 = d^\top H d, \qquad H = X X^\top .$$
#
# | method | it removes the $w_n$ with the smallest ..., or solves | what it leaves out |
# |---|---|---|
# | magnitude | $\lvert w_n\rvert$ | the data |
# | Wanda | $\lvert w_n\rvert\, \lVert x_n\rVert_2 = \sqrt{w_n^2 H_{nn}}$, the change if $w_n$ alone goes | that inputs are correlated |
# | OBS | $w_n^2 / (H^{-1})_{nn}$, the change if the *others make up for it* | greedy: one at a time |
# | SparseGPT | the same, in the order of the inputs, later ones make up | what earlier inputs could do |
# | LASSO | $\min\lVert u\rVert_1$, $\lVert u^\top X - z\rVert \le \epsilon$ | that a ReLU follows |
# | Net-Trim | $\min\lVert u\rVert_1$ in the convex set of lesson 20 | what that set gave up; and it shrinks, as LASSO does |
#
# **Where the OBS formula comes from.** Minimise $d^\top H d$ subject to $d_n = -w_n$. The Lagrangian gives
# $2 H d = \mu e_n$, so $d \propto H^{-1} e_n$; the constraint fixes the factor:
#
# $$d = -\frac{w_n}{(H^{-1})_{nn}} H^{-1} e_n, \qquad d^\top H d = \frac{w_n^2}{(H^{-1})_{nn}} .$$
#
# **A consequence** that is easy to miss: the form is quadratic and every step is its exact minimum, so
# after any number of steps, earlier zeros held, the weights left are *the least squares weights on their
# support*. OBS has its refit built in. For all others a refit is one more step, and we give it to all of
# them.
#
# ## Test bed and the naive question
#
# Small networks, so that the exact methods run here: digits (64-40-24-10 on 539 samples) and two
# spirals (2-30-30-1 on 300). Every hidden layer gets *exactly* the same share of zeros from every method
# (an $\ell_1$ method is asked for an $\epsilon$: its path is walked until enough weights are there, and the
# smallest of them go). Nothing is trained again. One of the runs, live, with the fast methods:
#
# **Guess first.** Order the methods at 80 % zeros. Where is Wanda, which prunes language models well?

# %% tags=["nbval-ignore-output"]
data = datasets.digits(np.random.default_rng(5), test=0.7)
network = nettrim.train(np.random.default_rng(6), data, (40, 24), epochs=60).network
live = {}
for name in tqdm(("magnitude", "wanda", "sparsegpt", "obs", "net-trim, a ball each")):
    method = {**rivals.RIVALS, **rivals.IMPROVED}[name]
    for row in nettrim.compare(network, data, [0.8], methods={name: method}):
        live[row.method, row.refit] = row

# %%
print(f"digits, 80 % zeros; trained {nettrim.accuracy(network, data.X_test, data.labels_test):.0%}")
print("                         as published            with a refit")
print("                        outputs  accuracy      outputs  accuracy")
for name in dict.fromkeys(method for method, _ in live):
    one, two = live[name, ""], live[name, "least-squares"]
    print(
        f"{name:22}   {one.change:4.0%}     {one.accuracy:4.0%}         "
        f"{two.change:4.0%}     {two.accuracy:4.0%}"
    )
assert np.isclose(live["obs", ""].change, live["obs", "least-squares"].change, rtol=1e-3)
assert all(
    live[name, "least-squares"].change < live[name, ""].change
    for name in ("magnitude", "wanda", "sparsegpt", "net-trim, a ball each")
)

# %% [markdown]
# Wanda is out of its regime here: it was made for layers so wide that $H$ cannot be inverted, and for
# half of the weights, not for four fifths (arXiv 2306.11695). The refit lifts everybody but OBS, and most
# of all those whose other weights do not make up for what is gone (magnitude, Wanda).
#
# ## The table: five data draws and trainings each
#
# These rows were computed before and are stored with the notebook. The images of the digits are split once into two
# halves: this table is made from one of them, and the other is kept for a choice below.
#
# **Guess first.** Does the order at 80 % hold at 95 %? And for two spirals, which have two inputs?

# %%
rows = experiments.collect(pruning.REPORT, "results")
source = experiments.provenance(pruning.REPORT, "results")[-1]
print(f"{len(rows)} rows: {source['trial']}, version {source['version']}, seed {source['seed']}")
means = pruning.means(rows)
trained = {
    name: np.mean([row["trained"] for row in rows if row["data"] == name])
    for name in ("digits", "spirals")
}
for name in trained:
    print(f"\n{name}: accuracy in percent +- standard error, trained {100 * trained[name]:.1f}")
    print("zeros                  " + "".join(f"{share:>14.0%}" for share in pruning.SHARES))
    for method in rivals.RIVALS:
        for refit in ("", "least-squares"):
            cells = [means[name, method, refit, share] for share in pruning.SHARES]
            print(
                f"{method:10} {'+ refit' if refit else '':11} "
                + "".join(f"{100 * m:7.1f} +-{100 * e:4.1f}" for m, e, _ in cells)
            )

# %% [markdown]
# Before you believe a stored table: do one of its jobs again. (The digits job takes half a minute, so here
# it is a part of one: the fast methods on the network of a stored row.)

# %%
rng = pruning.REPORT.rng({"data": "digits", "half": "report"}, 0)
again = pruning.digits(rng, "report")
net = nettrim.train(rng, again, pruning.SIZES["digits"], epochs=60, alpha=1e-4).network
fast = {name: rivals.RIVALS[name] for name in ("magnitude", "wanda", "obs")}
stored = {
    (r["method"], r["refit"], r["share"]): r["change"]
    for r in rows
    if r["data"] == "digits" and r["trial"] == 0
}
found = nettrim.compare(net, again, (0.5, 0.9), methods=fast)
stale = [
    r for r in found if not np.isclose(stored[r.method, r.refit, r.share], r.change, rtol=1e-3)
]
print(f"{len(found)} stored numbers computed again, {len(stale)} of them differ")
assert not stale

# %%
figure, facts = figures.rivals(means, "digits", trained["digits"])
figure

# %%
print("digits, the best and all that five trials cannot tell from it:")
for share in pruning.SHARES:
    print(f"{share:4.0%} as published: {'; '.join(facts['best'][share])}")
    print(f"     with a refit: {'; '.join(facts['best_refitted'][share])}")
assert all("obs" in facts["best"][share] for share in pruning.SHARES)
assert facts["best_refitted"][0.95] == ["obs"] and len(facts["best_refitted"][0.8]) > 5
assert not any("net-trim" in facts["best"][share] for share in pruning.SHARES[2:])
assert not any("net-trim" in facts["best_refitted"][share] for share in (0.9, 0.95))

# %%
figure, facts = figures.rivals(means, "spirals", trained["spirals"])
figure

# %%
published = {m: means["spirals", m, "", 0.5][0] for m in rivals.RIVALS}
print("spirals, half of the weights of every layer gone, as published, accuracy:")
print(", ".join(f"{m} {a:.0%}" for m, a in sorted(published.items(), key=lambda pair: -pair[1])))
assert min(published, key=published.get) == "net-trim"
top = max(means["spirals", m, r, 0.9][0] for m in rivals.RIVALS for r in ("", "least-squares"))
print(f"at 90 % zeros the best of these, with or without a refit: {top:.0%}; guessing: 50%")
assert top < 0.8

# %% [markdown]
# **Where Net-Trim loses.** On digits, with a refit, five trials hardly tell the methods apart up to 80 % zeros. At
# 90 % Net-Trim is behind OBS, SparseGPT and LASSO, and at 95 % all are behind OBS. As published, without a refit, it
# is behind from 80 % on. On spirals it is the *worst of all* at 50 % as published; at 90 % all are far below the
# trained network.
#
# Why? The second hidden layer of the network above, at 90 % zeros:

# %%
below = nettrim.forward(network, data.X)[0]
layer = rivals.Trained(
    np.vstack([below, np.ones(below.shape[1])]), np.vstack([network.weights[1], network.biases[1]])
)
silent = np.sum(layer.Y.max(axis=1) == 0)
gone = {}
for name in ("net-trim", "net-trim, a ball each", "obs"):
    method = {**rivals.RIVALS, **rivals.IMPROVED}[name]
    U = method(layer, [round(0.1 * network.weights[1].size)])[0]
    move = np.linalg.norm(np.maximum(U.T @ layer.X, 0) - layer.Y) / np.linalg.norm(layer.Y)
    share = np.abs(U[:-1]).sum() / np.abs(rivals.least_squares(layer, U)[:-1]).sum()
    gone[name] = int(np.sum(~U[:-1].any(axis=0)))
    print(
        f"{name:22} answers move by {move:3.0%}, {gone[name]} of {U.shape[1]} neurons without a weight, "
        f"|u|_1 is {share:4.0%} of the least squares weights'"
    )
print(f"{silent} neurons never answer on these samples")
assert gone["net-trim"] > gone["net-trim, a ball each"]

# %% [markdown]
# Three reasons. (i) Shrinkage: the $\ell_1$ norm makes what it keeps smaller (the last column). (ii) To be sparse, an $\ell_1$ method must be given a large $\epsilon$, and a *large* promise is no
# promise. (iii) One ball for the layer lets it give up whole neurons; with a ball each it keeps more of them, and
# the layer's answers move more. Also, equal shares of zeros *per layer* are
# hard on the spirals: their first layer has 60 weights, two to a neuron, and Net-Trim by itself keeps twice
# the share there that it keeps in the second (lesson 23).
#
# ## Do better, honestly
#
# Three changes to try: **a ball for each neuron** of the same total size (the promise is the same);
# **reweighting**, solve, then solve again with the price $1/(\lvert w_n\rvert + \delta)$ for
# $\lvert u_n\rvert$, so that large weights are hardly shrunk; and a **refit**. With "none of it" that gives nine
# combinations. If we picked the best of nine on the table above and reported its number from the same table, we
# would report luck. So the choice is made on *other* images, data and trainings (seed 0, the half kept for
# choosing), by a rule that was fixed before: the best mean accuracy over both data sets and all shares. The code
# that chooses refuses the rows of the table, and only those report.

# %%
choosing = experiments.collect(pruning.CHOICE, "results")
winner = pruning.best(choosing)
scores = pruning.scores(choosing)
print("mean accuracy on the choosing half (seed 0):")
for which in sorted(pruning.CANDIDATES, key=scores.get, reverse=True):
    print(f"{which[0]:22} {which[1] or 'no refit':14} {scores[which]:.1%}")
print("chosen:", winner[0], "+", winner[1] or "no refit")
try:
    pruning.best(rows)
except ValueError as refusal:
    print("and on the table above?", refusal)

# %% [markdown]
# **Guess first.** Will the winner win on the other half as well, and by as much?

# %%
told = pruning.scores(rows)
print("mean accuracy on the reporting half (seed 1):")
for which in (("net-trim", ""), ("net-trim", "least-squares"), winner, ("obs", "")):
    print(f"{which[0]:22} {which[1] or 'no refit':14} {told[which]:.1%}")
published, ahead = ("net-trim", ""), ("obs", "")
for words, one, other in (
    ("better than published by", winner, published),
    ("behind OBS by", ahead, winner),
):
    gain = pruning.gains(rows, one, other)
    error = gain.std(ddof=1) / np.sqrt(gain.size)
    print(f"{words} {100 * gain.mean():.1f} +- {100 * error:.1f} points, {gain.size} trainings")
    assert gain.mean() > 2 * error
promised = scores[winner] - scores[published]
print(f"(on the half where it was chosen it was better by {100 * promised:.1f})")
lucky = max(pruning.CANDIDATES, key=told.get)
print(f"the best of the nine on this very half: {lucky[0]} + {lucky[1]}, {told[lucky]:.1%}")

# %% [markdown]
# The winner on one half is not the winner on the other, and it does less well where it was not chosen. The last line
# is what we should have reported if we had picked on the table: nobody would have noticed.
#
# ## Explorer: all methods at one share of zeros

# %%
means = pruning.means(experiments.collect(pruning.REPORT, "results"))
explorer(
    lambda zeros, refit, data: figures.at_share(means, data, zeros, refit),
    zeros=SelectionSlider(
        options=[(f"{s:.0%}", s) for s in pruning.SHARES], value=0.8, description="zeros"
    ),
    refit=ToggleButtons(
        options=[("none", ""), ("least squares", "least-squares"), ("relu", "relu")],
        description="refit",
    ),
    data=ToggleButtons(options=["digits", "spirals"], description="data"),
)

# %% [markdown]
# ## Two recent methods, three kinds of network
#
# **FISTAPruner** (2024) minimises $\tfrac12\lVert W^\top X - Z\rVert_F^2 + \lambda\lVert W\rVert_1$, LASSO again
# with its other knob, rounds to the number of weights that is wanted, and searches the $\lambda$ at which rounding
# costs little. **ALPS** (2024) keeps the number of weights as a constraint, $\lVert W\rVert_0 \le k$, splits it off
# by an ADMM whose penalty grows until the support stands still, and ends with least squares on it. Here both meet
# the others on digits, on 30 measurements of 569 tumours (30-24-16-1), and on two small convolutions, three
# trainings each, new images and seeds.
#
# **Guess first.** The first is convex, with a certificate; the second is not. Which one is nearer to OBS?

# %%
today = experiments.collect(pruning_today.TODAY, "results")
print(f"{len(today)} rows, seed {pruning_today.TODAY.seed}")
names = dict.fromkeys(row["method"] for row in today)


def mean(of, data, method, refit, share):
    """Mean of a column over the three trainings."""
    cell = {"data": data, "method": method, "refit": refit, "share": share}
    return np.mean([row[of] for row in today if cell.items() <= row.items()])


score = {}
for data in pruning_today.DATA:
    whole = np.mean([row["trained"] for row in today if row["data"] == data])
    print(f"\n{data}: accuracy in percent, trained {100 * whole:.1f}")
    print("             as published          with a refit")
    print("zeros      " + 2 * "".join(f"{share:7.0%}" for share in pruning_today.SHARES))
    for name in names:
        for refit in pruning_today.REFITS:
            for share in pruning_today.SHARES:
                score[data, name, refit, share] = mean("accuracy", data, name, refit, share)
        cells = (
            score[data, name, r, s] for r in pruning_today.REFITS for s in pruning_today.SHARES
        )
        print(f"{name:11}" + "".join(f"{100 * cell:7.1f}" for cell in cells))

# %%
everywhere = [(d, s) for d in pruning_today.DATA for s in pruning_today.SHARES]
alps, fista, obs, lasso = (
    np.array([score[d, name, "least-squares", s] for d, s in everywhere])
    for name in ("alps", "fistapruner", "obs", "lasso")
)
print(
    f"ALPS less OBS, with a refit: {100 * (alps - obs).min():.1f} to {100 * (alps - obs).max():.1f} points"
)
print(
    f"FISTAPruner less LASSO: {100 * (fista - lasso).min():.1f} to {100 * (fista - lasso).max():.1f} points"
)
assert np.abs(alps - obs).max() < 0.04 and np.abs(fista - lasso).max() < 0.05
half = {name: score["convolutional", name, "", 0.5] for name in names}
assert min(half, key=half.get) == "net-trim" and half["net-trim"] < 0.6 < 0.9 < half["alps"]

# %% [markdown]
# The one with exact support goes with OBS, the convex one with LASSO: the model decides, not the year. ALPS gets to
# where OBS gets without its greedy order, and at the cost of one eigendecomposition a layer; FISTAPruner's search
# for $\lambda$ is a little better than our path over $\epsilon$. **Where Net-Trim loses** is plainest in the
# convolutions: at half of the weights it is the worst of all, by far. One ball for six filters of nine weights lets it
# give whole filters up, two of the six in the trainings we looked at, where LASSO and OBS give up none. On the tumours
# three trainings
# do not tell most of the methods apart; the data need few weights.
#
# ## What is a guarantee worth?
#
# *Before* anything is solved Net-Trim says how far a layer's answers can move, and after it a certificate says that
# no weights in its set have a smaller $\ell_1$ norm. Of the rivals only LASSO can say as much: its ball is around
# $z$, and a ReLU does not increase distances; it only asks for more than is needed, where the neuron is silent. What the guarantee does **not**
# say: anything about accuracy, about other samples, or about the number of zeros.
#
# A promise can also be made afterwards: for *any* weights, whoever made them, measure the error of
# every layer alone and multiply by spectral norms. This is the bound of lesson 23, and it holds for OBS as
# well. What is left for Net-Trim is that it *meets* a bound you choose, instead of measuring
# whatever came out.
#
# Is it worth something on samples that no promise is about? Every network above was also asked for its *worst*
# test sample, and on test samples that are shifted: digits by one pixel, measurements by half a standard deviation.

# %%
print("80 % zeros, with a refit; change of the outputs in percent of their size")
print("             test: mean  worst      shifted: mean  worst")
change = {}
for data in pruning_today.DATA:
    print(data)
    for name in names:
        columns = ("change", "worst", "shifted_change", "shifted_worst")
        one = [mean(of, data, name, "least-squares", 0.8) for of in columns]
        change[data, name] = one
        print(f"  {name:11} {one[0]:9.0%} {one[1]:6.0%} {one[2]:15.0%} {one[3]:6.0%}")

# %%
for data in pruning_today.DATA:
    for rival in ("obs", "alps"):
        assert change[data, "net-trim"][1] > change[data, rival][1], "worst test sample"

# %% [markdown]
# Nothing, at equal sparsity. The worst sample moves about twice to five times as far as the mean, whatever the method, and
# Net-Trim's worst test sample moves further than that of OBS and ALPS on all three networks; on shifted samples the
# order is nearly that of the mean. A promise about the samples that were used is not a promise about others, and one
# about a sum of squares is not one about each term. For both there is a way, and a price: prune on samples that look
# like what will come, and give each neuron its own ball; or take the bound of lesson 23 on the samples that matter.
#
# ## Break it yourself
#
# - Give `rivals.sparsegpt` a block of all inputs (`rivals.BLOCK = 1000`): better or worse?
# - `rivals.net_trim_reweighted(layer, keep, delta=0.01)`: what happens to small weights, and why is
#   $\delta = 0$ not allowed?
# - Multiply one input by 1000 and divide its weights by 1000. Which methods change their mind?
#
# ## What to take away
#
# - All methods here minimise one quadratic form, with more or less patience; OBS has its refit built in.
# - A refit is nearly free, and on the digits it helps nearly everyone but OBS. A table without it compares
#   shrinkage, not supports.
# - At equal sparsity Net-Trim does not win. Its case is the promise.
# - An improvement counts where it was not chosen.
#
# ## Exercises
#
# [25_refit](../exercises/25_refit.ipynb) asks for the refit and the simplest rival. With pen and paper:
#
# 1. Show that Wanda's score is the OBS score if $H$ is diagonal.
# 2. Show that OBS, LASSO and Net-Trim do not change their supports when a row of $X$ is scaled and its
#    weights inversely, or find the one that does.
# 3. Choose the shares of zeros per layer by Net-Trim's own answer for one $\epsilon$, and make the table
#    anew. Who gains?
#
# ## Sources
#
# Hassibi and Stork, *Second order derivatives for network pruning: Optimal Brain Surgeon* (1993);
# Frantar and Alistarh, arXiv 2208.11580 (exact, layer by layer) and 2301.00774 (SparseGPT); Sun et al.,
# arXiv 2306.11695 (Wanda); Zhao et al., arXiv 2408.03728 (FISTAPruner: the model and FISTA are its own, the search
# for $\lambda$ is rebuilt); Meng et al., arXiv 2406.07831 (ALPS); Candes, Wakin and Boyd, *Enhancing sparsity by reweighted l1 minimization*
# (2008); Aghasi et al., arXiv 1611.05162 and 1806.06457 (Net-Trim).
