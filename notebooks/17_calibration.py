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
# # 17 Calibration: two problems that come with their signs
#
# **The question.** BranchHull needs the signs of one factor. Where would anyone know them? And does it
# help there, with noise, against the simplest thing one could do?
#
# **After this lesson** you can write self-calibration of sensors and a blind deconvolution as entrywise
# products with known signs, solve them, and say what noise does to the convex answer and how to mend it.
#
# **Before**: [12 BranchHull](12_branchhull.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 25 minutes.
# **Module**: `kit.branchhull.data.applications`.

# %%
# %matplotlib inline
from itertools import islice

import numpy as np
from ipywidgets import FloatSlider, IntSlider
from tqdm.auto import tqdm

from kit import branchhull
from kit.branchhull.data.applications import convolve, even_kernels, hartley
from kit.branchhull.rivals.gradient import descent, gauss_newton
from kit.course.explorers import explorer
from kit.course.figures import calibration as figures
from kit.course.figures.style import caption
from kit.experiments.theorems import LEDGER, examine, table
from kit.results import Status

# %% [markdown]
# ## Nouns: an array of sensors
#
# Sensor $i$ multiplies what reaches it by its own **gain** $g_i > 0$. The gains drift smoothly along the
# array, so a few cosines describe them: $g = D h$ with $D \in \mathbb R^{n\times K}$, whose first column
# is constant. At $T$ moments, **snapshots**, the array sees unknown sources $m_t \in \mathbb R^N$ through
# a known response $A$:
#
# $$y_t = g \circ (A m_t), \qquad t = 1, \dots, T .$$
#
# Stack the snapshots: $B$ is $D$ repeated $T$ times, $C$ is block diagonal with $A$ in each block, and
# $y = (B h) \circ (C m)$, with $L = n T$ products and $K + N T$ unknowns. **A gain is positive**: all
# signs of $B h$ are $+1$, and nobody had to measure them.
#
# *Can there be enough products?* There are $n T$ of them for $K + N T$ unknowns, so $N < n$ is needed,
# and then each snapshot adds $n - N$ more products than unknowns.
#
# ## Test bed
#
# 24 sensors, $K = 4$, $N = 6$ sources, $T = 4$ snapshots, the worst gain wrong by 50 percent. (All data of this
# lesson are simulated.)
#
# ## The naive method: believe that all gains are 1
#
# Then $y \approx C m$ is linear, and least squares gives $m$. **Guess first.** Gains that are wrong by up
# to 50 percent: how wrong are the sources?

# %%
data, truth = branchhull.self_calibration(np.random.default_rng(0), 24, 4, 6, snapshots=4)
plain = figures.uncalibrated(data)
wrong = np.linalg.norm(plain - truth.m) / np.linalg.norm(truth.m)
true_gains = (data.B @ truth.h)[:24]
print(data)
print(
    f"gains between {true_gains.min():.2f} and {true_gains.max():.2f}; all signs +1: {np.all(data.signs == 1)}"
)
print(f"error of the sources with all gains taken to be 1: {wrong:.1%}")

# %% [markdown]
# ## BranchHull on it
#
# The scale between gains and sources cannot be seen. We fix it afterwards by saying that the mean gain,
# the coefficient of the constant column, is $1$.

# %%
figure, facts = figures.gains(ripple=0.5, snapshots=4)
figure

# %%
exact = facts["error of the gains"] < 1e-6 and facts["error of the sources"] < 1e-6
print(f"{facts['products']} products, {facts['unknowns']} unknowns")
print(
    f"gains and sources recovered to 1e-6: {exact}; certified gap below 1e-8: {facts['gap'] < 1e-8}"
)
assert exact and facts["gap"] < 1e-8

# %% [markdown]
# The law of lesson 12, $P(\mathrm{Bin}(L-1, \tfrac12) \ge K + N - 2)$, is for Gaussian $B$ and $C$. Here $B$
# is made of cosines, repeated, and $C$ is mostly zeros: **the law does not apply**, and we know no theorem
# for this model. What we have is a certificate for each answer, and measurement. How many sources
# can 24 sensors take? Twenty instances each, $T = 4$:

# %% tags=["nbval-ignore-output"]
rates = {}
for N in tqdm((4, 6, 8, 10, 12, 14), desc="sources"):
    hits = 0
    for seed in range(20):
        job, its_truth = branchhull.self_calibration(
            np.random.default_rng(seed), 24, 4, N, snapshots=4
        )
        found = branchhull.solve(branchhull.BranchHull(job))
        hits += branchhull.recovery_error(found.h, found.m, its_truth) < 1e-4
    rates[N] = hits

# %%
for N, hits in rates.items():
    print(f"N = {N:2d}: {24 * 4} products, {4 + 4 * N:2d} unknowns, {hits:2d} of 20 recovered")
assert rates[4] == 20 and rates[14] < 10

# %% [markdown]
# ## Noise, and a disappointment
#
# Let each product be off by 5 percent, $y \to y \circ (1 + 0.05\,\zeta)$ with standard normal $\zeta$. More
# snapshots bring more products for the same few gains.
#
# **Guess first.** From 1 to 16 snapshots, by which factor does the error of the *gains* fall? An average
# of 16 measurements would be 4 times as good as one.


# %% tags=["nbval-ignore-output"]
def gain_error(h, data, truth):
    """Relative error of the gains, with the mean gain set to 1."""
    found, true = data.B @ (h / h[0]), data.B @ truth.h
    return np.linalg.norm(found - true) / np.linalg.norm(true)


def polish(data, answer, steps=20):
    """Gauss-Newton on the misfit, from the convex answer."""
    states = descent(data, answer.h, answer.m, direction=gauss_newton, stall=1e-6)
    return list(islice(states, steps))[-1]


counts = np.array([1, 2, 4, 8, 16])
errors = {"BranchHull": [], "then least squares from there": []}
for T in tqdm(counts, desc="snapshots"):
    rows = []
    for seed in range(15):
        job, its_truth = branchhull.self_calibration(
            np.random.default_rng(seed), 24, 4, 6, snapshots=int(T), noise=0.05
        )
        convex = branchhull.solve(branchhull.BranchHull(job))
        better = polish(job, convex)
        rows.append([gain_error(v.h, job, its_truth) for v in (convex, better)])
    for name, column in zip(errors, np.transpose(rows), strict=True):
        errors[name].append(column)

# %%
figure, facts = figures.against_snapshots(counts, errors)
figure

# %%
for name, medians in facts.items():
    print(f"{name:30s}", *(f"{value:.3f}" for value in medians))
convex, better = facts.values()
assert convex[-1] > convex[0] / 2, "the convex answer does not average noise away"
assert better[-1] < better[0] / 2 and better[-1] < convex[-1] / 2

# %% [markdown]
# The convex answer hardly improves. Why? Its constraints are one-sided: products that came out too small
# are free, products that came out too large push. **It listens to the largest errors**, and with more
# products the largest errors get larger. The noise bound of the $\ell_1$ version says so too, for Gaussian data: the relative
# error is at most $37 \sqrt{\max_\ell |\xi_\ell|}$, with $\xi = 0.05\,\zeta$ here; a maximum, not an average.
#
# Least squares averages, but is not convex and needs a start. So use each for what it is good at: **the
# convex program finds the valley and proves that its own value is optimal; a few Gauss-Newton steps from
# there find the bottom.** What is lost is the proof: the polished point has a small misfit, and no
# certificate.
#
# ## Explore
#
# Set noise to 0 and try ripple 0.95 with one snapshot. Then noise 0.1: do more snapshots help the gains?
# And the sources? (Each snapshot brings its own.)

# %%
explorer(
    figures.gains,
    ripple=FloatSlider(0.5, min=0, max=0.95, step=0.05, description="ripple of gains"),
    snapshots=IntSlider(4, min=1, max=16, description="snapshots"),
    noise=FloatSlider(0.0, min=0, max=0.3, step=0.01, description="noise"),
    K=IntSlider(4, min=1, max=8, description="cosines K"),
    N=IntSlider(6, min=1, max=16, description="sources N"),
)

# %% [markdown]
# ## Blind deconvolution
#
# A signal $x$ (length $L$) is blurred by an unknown kernel: measured is the circular convolution
# $(w * x)_n = \sum_j w_j x_{n - j}$. A Fourier transform turns convolution into an entrywise product, but
# its entries are complex and have no sign. There is a real transform that does the same for **even**
# kernels, $w_n = w_{L - n}$, the Hartley transform
#
# $$H(v)_k = \frac1{\sqrt L} \sum_n v_n \Bigl(\cos\frac{2\pi k n}{L} + \sin\frac{2\pi k n}{L}\Bigr) :
#   \qquad H(w * x) = \sqrt L\, H(w) \circ H(x) .$$
#
# *Proof.* With the unitary Fourier transform $F$, $(F v)_k = \frac{1}{\sqrt L}\sum_n v_n e^{-2\pi i k n/L}$, and
# real $v$, $H v = \operatorname{Re} F v - \operatorname{Im} F v$. The convolution theorem says
# $F(w * x) = \sqrt L\, F w \circ F x$. For an even $w$ the sines cancel in pairs $n$, $L - n$, so $F w$ is
# real and equals $H w$. Take real minus imaginary parts on both sides. $\square$

# %%
rng = np.random.default_rng(3)
kernel = even_kernels(32, 4) @ rng.standard_normal(4)
signal = rng.standard_normal(32)
left, right = hartley(convolve(kernel, signal)), np.sqrt(32) * hartley(kernel) * hartley(signal)
print(f"even kernel:  the two sides agree to 1e-12: {np.abs(left - right).max() < 1e-12}")
odd = np.roll(kernel, 1)
left, right = hartley(convolve(odd, signal)), np.sqrt(32) * hartley(odd) * hartley(signal)
print(f"shifted by one: largest difference {np.abs(left - right).max():.2f}")
assert np.allclose(hartley(hartley(signal)), signal)

# %% [markdown]
# *Where are the signs?* $\sqrt L\, H(w)_k = w_0 + 2\sum_{n=1}^{K-1} w_n \cos(2\pi k n/L) \ge w_0 - 2 \sum_n |w_n|$. If
# the kernel is **dominated by its centre**, $w_0 > 2\sum_{n \ge 1} |w_n|$, its spectrum is positive: all signs are
# $+1$. That is a mild blur; for a strong one the signs are not known, and this lesson's story does not
# apply.
#
# **Guess first.** 128 samples, a kernel of 6 numbers, a signal of 12. Will the recovery be exact?

# %%
figure, facts = figures.deconvolution(L=128, K=6, N=12)
figure

# %%
exact = max(facts["error of the kernel"], facts["error of the signal"]) < 1e-6
print(
    caption(
        "What is measured differs from the signal by {measured against the signal:.0%}. ", facts
    )
    + f"Kernel and signal recovered to 1e-6: {exact}."
)
assert exact

# %% [markdown]
# Here $C$ is Gaussian (the signal's subspace is random) and $B$ is not, so again the law is no theorem.

# %% [markdown]
# ## In the ledger
#
# The kit measures each result inside its hypotheses, and again with one of them broken
# (`kit.experiments.theorems`). Those of this lesson, each with the measured number beside the promised one:

# %%
for name in (
    "Hartley transform of an even kernel",
    "Spectrum of a mild kernel",
):
    print(table(examine(LEDGER[name], np.random.default_rng(0))), end="\n\n")

# %% [markdown]
# ## Break it yourself
#
# What if a gain *is* negative, a sensor wired the wrong way, and we claim that all are positive?

# %%
flipped = data.y.copy()
flipped[5::24] *= -1  # sensor 6, in all snapshots
miswired = branchhull.Bilinear(data.B, data.C, flipped, data.signs)
told = branchhull.solve(branchhull.BranchHull(miswired))
print(told.report.run.status)
_, Ct, d = branchhull.canonical(miswired)
al, be = told.dual
ray = np.abs(Ct.T @ be).max() <= 1e-9 * np.abs(be) @ np.abs(Ct).max(axis=1) and be @ d > 0
print(f"be >= 0, Ct'be = 0 and sum be d > 0: {bool(ray and np.all(be >= 0))}")
assert told.report.run.status is Status.INFEASIBLE and ray

# %% [markdown]
# The sources are few, $N = 6$ for 24 sensors, so what the sensors see must lie in a small subspace, and one
# sensor that always answers with the wrong sign contradicts the others. The ray proves it: for any
# $m$ with $\tilde C m > 0$ on rows with $d > 0$ it would give
# $0 = (\tilde C^\top \beta)^\top m = \beta^\top \tilde C m > 0$. It need not say *which* sensor
# is to blame; the slack of lesson
# [15](15_sparse_signals.ipynb) asks that question. With few equations wrong signs may go unnoticed:

# %%
loose, its_truth = branchhull.self_calibration(np.random.default_rng(0), 12, 3, 10)
flipped = loose.y.copy()
flipped[5] *= -1
told = branchhull.solve(
    branchhull.BranchHull(branchhull.Bilinear(loose.B, loose.C, flipped, loose.signs))
)
product = (loose.B @ told.h) * (loose.C @ told.m)
print(told.report.run.status)
print(f"|w x - y| / |y| = {np.linalg.norm(product - flipped) / np.linalg.norm(flipped):.2f}")

# %% [markdown]
# A certified optimum, and the answer does not even reproduce the data. **Look at the residual as well as
# at the certificate**: the first says whether the answer explains what was measured, the second only that
# the program was solved.
#
# ## Take away
#
# * Gains are positive, and so are spectra of mild even kernels: signs that come for free.
# * Without noise, and with few sources, the convex program recovers both factors exactly.
# * With noise it finds the valley and does not average; polish its answer by least squares.
# * Structured $B$ and $C$ are outside the theorems. Certificates and residuals still say what is true.
#
# **Exercise**: [17_gains](../exercises/17_gains.ipynb), about the gains.
#
# ## Sources
#
# * A. Aghasi, A. Ahmed, P. Hand, B. Joshi, *BranchHull*, arXiv 1702.04342, names both applications; the
#   noise bound with 37 is that of the plotting script of arXiv 1906.11636.
# * R. N. Bracewell, *Discrete Hartley transform*, Journal of the Optical Society of America 73, 1983.
# * The two laws of data, and the even-kernel identity in this form, are those of
#   `kit.branchhull.data.applications`.
