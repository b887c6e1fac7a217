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
# # 17 Calibration and blur
#
# Twenty-four microphones hang along a wall and listen to six machines. How strongly each machine reaches each microphone was measured once. Since then the
# amplifiers have warmed up, more at one end of the wall than at the other, and each microphone multiplies what it hears by its own *gain*. Nobody knows the gains, and nobody will take the wall
# down. Can the recording calibrate itself? The unknown gains multiply unknown sources, so it is a bilinear problem. And it comes with its signs, for a gain is positive.
#
# **Afterwards you can** write self-calibration and a blur as products with known signs, solve them by Gauss-Newton and by BranchHull, and say which of
# the two you would use, and what the other is still good for.
# **Before**: [12](12_branchhull.ipynb), [16](16_noise_and_lies.ipynb). Symbols: [glossary](glossary.ipynb). **Time**: 30 minutes.

# %%
# %matplotlib inline
from itertools import islice

import numpy as np
from IPython.display import Audio, display
from ipywidgets import FloatSlider, IntSlider

from kit import branchhull
from kit.branchhull import Bilinear, BranchHull
from kit.branchhull.data.applications import convolve, even_kernels, hartley
from kit.branchhull.rivals.gradient import descent
from kit.branchhull.rivals.gradient import gauss_newton as by_gauss_newton
from kit.course import draw
from kit.course.explorers import explorer
from kit.experiments.theorems import LEDGER, examine, table
from kit.results import Status

# %% [markdown]
# ## The question
#
# The gains vary smoothly, so we describe them by $K$ cosines: $g = D h$ with $D_{ij} = \cos\bigl(\pi j\,(i - \tfrac12) / n\bigr)$, $i = 1, \dots, n$, $j = 0, \dots, K - 1$. The first column is 1. At $T$ moments, **snapshots**, the array records $y_\tau = g \circ (A m_\tau)$, with the known
# response $A \in \mathbb R^{n \times N}$ and unknown sources $m_\tau \in \mathbb R^N$. Stacked, $B$ is $D$ repeated $T$ times, $C$ is block diagonal with $A$ in each block, and
#
# $$y = (B h) \circ (C m), \qquad L = n T \text{ products}, \qquad K + N T - 1 \text{ unknowns}$$
#
# besides the scale between gains and sources, which no product shows. We fix it by $h_0 = 1$: the mean gain is 1, as the other cosines add up to 0 over the wall. Each snapshot adds $n - N$ more products than unknowns. **All signs of $B h$ are $+1$, and nobody had to measure them.**
# (All data of this lesson are simulated, with a Gaussian response $A$. The machines and grey lines of the picture only tell the story.)


# %% tags=["hide-input"]
def draw_array(ax, g, title):
    """Sensors along a wall, as wide as their gains, and six machines in the room."""
    at = np.arange(1, len(g) + 1)
    draw.label(ax, "sensor", "", title)
    machines = np.array([[3, 5], [7, 8], [11, 4], [15, 7], [19, 5], [22, 8]])
    for x, y in machines:
        ax.plot([x, x - 2, x, x + 2, x], [y, 0, np.nan, 0, y], color=draw.colour("rival"), lw=0.5)
    draw.points(ax, machines, "truth", "machine")
    ax.scatter(at, 0 * at, 110 * g**2, color=draw.colour("first"), zorder=3, label="sensor")
    ax.scatter(at, 0 * at, 110, facecolors="none", edgecolors="black", zorder=4, label="gain 1")
    ax.set(ylim=(-1.5, 9.5), yticks=[])
    ax.spines["left"].set_visible(False)
    draw.legend(ax, "beside")


# %%
data, truth = branchhull.self_calibration(np.random.default_rng(0), 24, 4, 6, snapshots=4)
gains = (data.B @ truth.h)[:24]
figure, ax = draw.figure(size=(7.4, 2.6), beside=1.2)
draw_array(ax, gains, "24 sensors with gains that drifted")
draw.show(
    figure,
    "The array. A disc is as wide as the sensor's gain, the ring shows gain 1. The gains swing slowly along "
    "the wall.",
)
L, K, N = data.shape
print(f"gains from {gains.min():.2f} to {gains.max():.2f}; {L} products, {K + N - 1} unknowns")

# %% [markdown]
# **Guess first.** (1) Gains are wrong by up to 50 %, and we pretend that all are 1. How wrong are the sources? (2) All readings are 5 % noisy, and we have 16 snapshots. Which calibrates better: least squares from the start "all gains are 1", or the
# convex program? (3) A sensor was wired the wrong way round, so its gain is negative. Who notices?
#
# ## By hand: two sensors, one source
#
# The gains are $1 + e$ and $1 - e$, the responses $a_1$, $a_2$: $y_1 = (1 + e) a_1 m$, $y_2 = (1 - e) a_2 m$. Then $y_1 / a_1 + y_2 / a_2 = 2 m$, and $(y_1/a_1 - y_2/a_2) / (2m) = e$: calibrated, without a known source. If we believe that both gains are 1, least squares gives
#
# $$\hat m = \frac{a_1 y_1 + a_2 y_2}{a_1^2 + a_2^2} = m\,\Bigl(1 + e\, \frac{a_1^2 - a_2^2}{a_1^2 + a_2^2}\Bigr),$$
#
# and the error of the one source is an average of the errors $e$ and $-e$ of the gains, with weights $a_1^2$ and $a_2^2$.

# %%
a, e, m = np.array([2.0, 1.0]), 0.5, 3.0
y = np.array([1 + e, 1 - e]) * a * m
print(
    f"calibrated: source {np.mean(y / a):.2f}, e {(y[0] / a[0] - y[1] / a[1]) / np.sum(y / a):.2f}"
)
print(f"gains taken to be 1: source {np.linalg.lstsq(a[:, None], y)[0][0]:.2f} instead of {m:.2f}")
assert np.isclose(np.mean(y / a), m)

# %% [markdown]
# ## From scratch
#
# *Start.* With all gains 1, $y \approx C m$ is linear. **Least squares gives $m$.**
#
# *Improve.* For small changes $\delta$ of $h$ and $\eta$ of $m$,
#
# $$\bigl(B (h + \delta)\bigr) \circ \bigl(C (m + \eta)\bigr) = w \circ x + \underbrace{\operatorname{diag}(x) B\, \delta + \operatorname{diag}(w)\, C\, \eta}_{J\,(\delta,\, \eta)} + (B\delta) \circ (C \eta) .$$
#
# **Gauss-Newton drops the last term and solves $J\,(\delta, \eta) = y - w \circ x$ by least squares.** It halves the step until the misfit $\|y - w \circ x\|^2$ falls, and repeats.


# %% tags=["from-scratch"]
def gains_one(data):
    """h and m with all gains 1: m = argmin |y - C m|; the first cosine is constant."""
    return np.eye(data.B.shape[1])[0], np.linalg.lstsq(data.C, data.y)[0]


def gauss_newton(data, h, m, steps=20):
    """Steps (delta, eta) that solve the linearised equations by least squares, halved until they help."""

    def misfit(h, m):
        return data.y - (data.B @ h) * (data.C @ m)

    for _ in range(steps):
        r = misfit(h, m)
        J = np.hstack([(data.C @ m)[:, None] * data.B, (data.B @ h)[:, None] * data.C])
        step = np.linalg.lstsq(J, r)[0]
        for size in 0.5 ** np.arange(20):
            new = h + size * step[: h.size], m + size * step[h.size :]
            if np.sum(misfit(*new) ** 2) < r @ r:
                h, m = new
                break
    return h / h[0], m * h[0]  # the mean gain is 1


# %% [markdown]
# *Check.* The answer against the truth and against the kit: its Gauss-Newton (`kit.branchhull.rivals`), and BranchHull, a convex program with a certificate. With noise the misfit does not reach 0; there the end is compared with 50 random points near it.


# %% tags=["compared"]
def errors(data, truth, h, m):
    """Relative errors of gains and of sources, with the mean gain 1 in both."""
    g, true = data.B @ (h / h[0]), data.B @ truth.h
    pair = (g, true), (m * h[0], truth.m)
    return [float(np.linalg.norm(v - u) / np.linalg.norm(u)) for v, u in pair]


start = gains_one(data)
mine = gauss_newton(data, *start)
kits = list(islice(descent(data, *start, direction=by_gauss_newton, stall=1e-6), 20))[-1]
convex = branchhull.solve(BranchHull(data))
found = {
    "all gains 1": start,
    "Gauss-Newton, from scratch": mine,
    "Gauss-Newton, the kit": (kits.h, kits.m),
    "BranchHull": (convex.h, convex.m),
}
print("                             error of gains   of sources")
for name, pair in found.items():
    of_gains, of_sources = errors(data, truth, *pair)
    print(f"{name:28s} ≈ {of_gains:.1e}        ≈ {of_sources:.1e}")
    if pair is start:
        assert of_gains > 0.2 and 0.05 < of_sources < of_gains
    else:
        assert max(of_gains, of_sources) < 1e-6
assert np.allclose(start[1], np.linalg.solve(data.C.T @ data.C, data.C.T @ data.y))
print(f"BranchHull: certified gap ≈ {convex.report.certificate.gap:.0e}")
noisy, its_truth = branchhull.self_calibration(
    np.random.default_rng(1), 24, 4, 6, snapshots=4, noise=0.05
)
h, m = gauss_newton(noisy, *gains_one(noisy))
best = np.sum((noisy.y - (noisy.B @ h) * (noisy.C @ m)) ** 2)
moves = 1e-3 * np.random.default_rng(2).standard_normal((50, 28))
near = [np.sum((noisy.y - (noisy.B @ (h + v[:4])) * (noisy.C @ (m + v[4:]))) ** 2) for v in moves]
print(f"noisy: 50 points near the end have a misfit larger by ≈ {min(near) / best - 1:.0e} or more")
assert min(near) > best

# %% [markdown]
# ## Promised and measured: how many sources?
#
# The law of lesson 14 is for Gaussian $B$ and $C$. Here $B$ is made of cosines and $C$ is mostly zeros, so it **does not apply**, and we know no theorem that says when BranchHull succeeds in this model. Ten instances each without noise, $T = 4$:

# %%
print(" N   products   unknowns   Gauss-Newton from gains 1   BranchHull   (of 10)")
for N in (4, 8, 12, 14):
    hits = np.zeros(2, int)
    for seed in range(10):
        job, its = branchhull.self_calibration(np.random.default_rng(seed), 24, 4, N, snapshots=4)
        answer = branchhull.solve(BranchHull(job))
        for k, pair in enumerate((gauss_newton(job, *gains_one(job)), (answer.h, answer.m))):
            hits[k] += errors(job, its, *pair)[0] < 1e-4
    print(f"{N:2d} {96:10d} {3 + 4 * N:10d} {hits[0]:20d} {hits[1]:18d}")
    assert hits[0] == 10
assert hits[1] < 3

# %% [markdown]
# **With the natural start Gauss-Newton finds all of these; the convex program finds all with 19 unknowns, four of ten with 35, and none with 51 or 59, from the same 96 products.** And with noise? Each reading is now off by 5 %, $y \to y \circ (1 + 0.05\,\zeta)$ with standard normal $\zeta$. More snapshots bring more products for the same four numbers $h$. Seven instances each:

# %%
counts = np.array([1, 2, 4, 8, 16])
names = ["all gains 1", "Gauss-Newton from there", "BranchHull", "Gauss-Newton from BranchHull"]
rows = []
for T in counts:
    trials = []
    for seed in range(7):
        job, its = branchhull.self_calibration(
            np.random.default_rng(seed), 24, 4, 6, snapshots=int(T), noise=0.05
        )
        start, answer = gains_one(job), branchhull.solve(BranchHull(job))
        pair = answer.h, answer.m
        ends = start, gauss_newton(job, *start, 8), pair, gauss_newton(job, *pair, 8)
        trials.append([errors(job, its, *end)[0] for end in ends])
    rows.append(np.median(trials, axis=0))
medians = dict(zip(names, np.transpose(rows), strict=True))
figure, ax = draw.figure(size=(5.2, 3.6), beside=2.4)
for (name, curve), look in zip(medians.items(), ("wrong", "rival", "answer", "first"), strict=True):
    draw.curve(ax, counts, curve, look, name, marks=True)
ax.set(xscale="log", yscale="log")
ax.set_xticks(counts, [str(T) for T in counts], minor=False)
ax.minorticks_off()
draw.label(ax, "snapshots", "error of the gains, median")
draw.legend(ax, "beside")
draw.show(
    figure,
    "5 percent noise. The convex answer does not improve with more snapshots. Both Gauss-Newton curves end "
    "lower than they begin, and lie on each other.",
)
for name, curve in medians.items():
    print(f"{name:29s}", *(f"{value:.3f}" for value in curve))
a, b = medians["Gauss-Newton from there"], medians["Gauss-Newton from BranchHull"]
assert np.all(np.abs(a / b - 1) < 0.02) and a[-1] < a[0] / 2
assert medians["BranchHull"][-1] > 2 * a[-1]

# %% [markdown]
# The convex answer does not average. Its constraints are one-sided: a reading that came out too small leaves the truth feasible, one that came out too large pushes it out. More readings bring larger extremes. Least squares averages, and from the start "gains 1" it ends where it ends
# from the convex answer. So "the convex program finds the start" is no argument for it, here.
#
# ## What the convex program is then good for
#
# **1. No start.** Suppose that "gains 1" is not known to be near. Start Gauss-Newton at random $h$ and $m$ instead:

# %%
rng, hits = np.random.default_rng(4), 0
for _ in range(40):
    end = gauss_newton(data, rng.standard_normal(4), rng.standard_normal(24), 60)
    hits += errors(data, truth, *end)[0] < 1e-4
print(f"Gauss-Newton from 40 random starts: ≈ {hits} find the truth")
print(
    f"BranchHull has no start: error of the gains ≈ {errors(data, truth, convex.h, convex.m)[0]:.0e}"
)
assert 20 < hits < 40

# %% [markdown]
# On these data most starts are good, and starting again is cheap; the convex program does not have to ask.
#
# **2. A certificate.** The gap above is proved from the data alone; it is a gap in the value $\|h\|^2 + \|m\|^2$, not in the misfit. A descent that ends with a misfit cannot say whether a better point exists; one that ends without a misfit needs no certificate.
#
# **3. Some wrong signs are proved.** Sensor 6 is wired the wrong way round, in all snapshots:

# %%
turned = data.y.copy()
turned[5::24] *= -1
miswired = Bilinear(data.B, data.C, turned, data.signs)
told = branchhull.solve(BranchHull(miswired))
_, Ct, d = branchhull.canonical(miswired)
beta = told.dual[1] / told.dual[1].sum()
print(told.report.run.status)
print(f"beta >= 0, sum 1; C~'beta ≈ {np.abs(Ct.T @ beta).max():.0e}; {np.sum(beta > 0)} readings")
assert told.report.run.status is Status.INFEASIBLE and beta.min() >= 0
assert np.abs(Ct.T @ beta).max() < 1e-9 and beta @ d > 0

# %% [markdown]
# $\tilde C$ has the rows $s_\ell t_\ell c_\ell^\top$, so known signs say $\tilde C m > 0$. The ray $\beta \ge 0$ (`told.dual[1]`), $\tilde C^\top \beta = 0$ up to rounding, proves that with positive gains *no* sources have these signs: $0 = \beta^\top \tilde C m > 0$. Now each sensor in turn is wired wrongly. Two hints may name it: the largest residual of Gauss-Newton, and the largest slack at price 1 (lesson 16).

# %%
proved = residual = slack = 0
misfits = []
for k in range(24):
    turned = data.y.copy()
    turned[k::24] *= -1
    miswired = Bilinear(data.B, data.C, turned, data.signs)
    proved += branchhull.solve(BranchHull(miswired)).report.run.status is Status.INFEASIBLE
    h, m = gauss_newton(miswired, *gains_one(miswired))
    rest = turned - (miswired.B @ h) * (miswired.C @ m)
    misfits.append(np.linalg.norm(rest) / np.linalg.norm(turned))
    residual += np.argmax(np.abs(rest).reshape(4, 24).sum(axis=0)) == k
    xi = branchhull.solve(BranchHull(miswired, "l1", lam=1.0)).xi
    slack += np.argmax(np.abs(xi).reshape(4, 24).sum(axis=0)) == k
print(f"of 24 sensors: proved to conflict {proved}, named by the residual {residual}", end="")
print(f", by the slack {slack}; least misfit of Gauss-Newton {min(misfits):.2f} of |y|")
assert 12 < proved < 24 and residual == 24 and slack >= 20 and min(misfits) > 0.02

# %% [markdown]
# So not each of them is proved to conflict. The misfit of Gauss-Newton raises a suspicion each time, but it does not prove that no other point fits.
#
# With few products a wrong sign may pass. Twelve sensors, one snapshot, eight sources, so 12 products for 10 unknowns:

# %%
loose, _ = branchhull.self_calibration(np.random.default_rng(0), 12, 3, 8)
turned = loose.y.copy()
turned[5] *= -1
told = branchhull.solve(BranchHull(Bilinear(loose.B, loose.C, turned, loose.signs)))
residual = np.linalg.norm((loose.B @ told.h) * (loose.C @ told.m) - turned) / np.linalg.norm(turned)
print(told.report.run.status)
print(f"|w x - y| / |y| = {residual:.2f}", end="")
right = branchhull.solve(BranchHull(loose))
residual = np.linalg.norm((loose.B @ right.h) * (loose.C @ right.m) - loose.y)
print(f"; with the right signs {residual / np.linalg.norm(loose.y):.2f}")

# %% [markdown]
# A certified optimum that does not reproduce the readings. With the right signs it does not either. **Read the residual beside the certificate**: the one says whether the answer explains the data, the other that the program was solved.
#
# ## Blur: a bird behind a curtain
#
# A blurred sound is the circular convolution $(v * u)_n = \sum_j v_j u_{n - j}$ of an unknown kernel $v$ and the sound $u$. For an **even** kernel, $v_n = v_{L - n}$, there is a real transform that turns it into products, the Hartley transform
# $H(u)_k = \frac1{\sqrt L} \sum_n u_n \bigl(\cos\frac{2\pi k n}{L} + \sin\frac{2\pi k n}{L}\bigr)$:
#
# $$H(v * u) = \sqrt L\; H(v) \circ H(u) .$$
#
# *Proof.* Let $F$ be the unitary Fourier transform. For real $u$, $H u = \operatorname{Re} F u - \operatorname{Im} F u$. The convolution theorem says $F(v * u) = \sqrt L\, F v \circ F u$. In $F v$ the sines of $n$ and $L - n$ cancel, so $F v$ is real and equals $H v$. Take real minus imaginary parts. $\square$
#
# *Signs for free.* If the kernel is an **autocorrelation**, $v_n = \sum_j \kappa_j \kappa_{j + n}$, then $\sqrt L\,F v = L\,|F \kappa|^2 \ge 0$. A box of up to $L / 2$ samples has a triangle as its autocorrelation, so a strong blur can have known signs too. The signs are also known for an even kernel of half-width below $L / 2$ that its centre dominates, $v_0 > 2 \sum |v_n|$ over $1 \le n < L/2$, since $\sqrt L\, H(v)_k = v_0 + 2 \sum v_n \cos\frac{2 \pi k n}{L}$.
#
# A bird sings eight chirps, each rising from 400 to about 3,000 Hz; when, we know, but not how loud. A curtain blurs with an unknown even kernel of 12 numbers, in truth a Gaussian that is cut off; the cell checks that its spectrum is positive. Gauss-Newton starts at "no blur", a kernel that is a single 1. One common factor is lost; for the picture the loudest chirp is scaled to the truth.

# %%
rate, L = 8192, 6144
t, rng = np.arange(L) / rate, np.random.default_rng(3)
starts = np.arange(8) * 0.085 + 0.02
chirps = [np.where((t > s) & (t < s + 0.07),
                   np.sin(2 * np.pi * (400 * (t - s) + 18_500 * (t - s) ** 2))
                   * np.sin(np.pi * (t - s) / 0.07), 0) for s in starts]  # fmt: skip
sounds, kernels = np.array(chirps).T, even_kernels(L, 12)
loudness = rng.permutation(np.linspace(0.3, 1.0, 8))
taps = np.exp(-(np.arange(12) ** 2) / 4.5)
song, heard = sounds @ loudness, convolve(kernels @ taps / 2, sounds @ loudness)
blurred = Bilinear(np.sqrt(L) * hartley(kernels), hartley(sounds), hartley(heard), np.ones(L))
true = branchhull.Truth(taps / 2, loudness)
print(f"smallest entry of the kernel's spectrum ≈ {(blurred.B @ true.h).min():.0e}")
assert (blurred.B @ true.h).min() > 0
convex = branchhull.solve(BranchHull(blurred))
newton = gauss_newton(blurred, *gains_one(blurred))
outer = np.outer(true.h, true.m)
for name, h, m in (("BranchHull", convex.h, convex.m), ("Gauss-Newton from no blur", *newton)):
    error = np.linalg.norm(np.outer(h, m) - outer) / np.linalg.norm(outer)
    print(f"{name:26s} error of kernel and loudness ≈ {error:.0e}")
    assert error < 1e-5
found = sounds @ convex.m * (loudness.max() / convex.m.max())
figure, axes = draw.figure(3, size=(3.6, 2.6))
for ax, sound, words in zip(axes, (song, heard, found), ("sung", "heard", "found"), strict=True):
    draw.curve(
        ax, t, sound, "data" if words == "heard" else "truth" if words == "sung" else "answer"
    )
    draw.label(ax, "seconds", "", words)
    ax.set_ylim(-1.2, 1.2)
draw.show(
    figure,
    "Eight chirps of different loudness. Behind the curtain the low notes gain and the high ends are gone; these come back. The "
    "loudest was scaled to its true loudness; the other seven follow.",
)
assert np.abs(found - song).max() < 1e-4

# %% [markdown]
# Listen: sung, heard, found.

# %% tags=["nbval-ignore-output"]
for sound in (song, heard, found):
    display(Audio(sound / np.abs(sound).max(), rate=rate, normalize=False))

# %% [markdown]
# ## Explore
#
# Noise 0 and ripple 0.95 with one snapshot. Then noise 0.1: do more snapshots help the gains? And the sources? (Each snapshot brings its own.)


# %%
def calibrate(ripple, snapshots, noise, sources):
    """Left: the gains. Right: the sources of the first snapshot."""
    job, its = branchhull.self_calibration(
        np.random.default_rng(0), 24, 4, sources, snapshots=snapshots, ripple=ripple, noise=noise
    )
    answer = branchhull.solve(BranchHull(job), tol=1e-6)
    if answer.report.run.status is not Status.SOLVED:
        raise ValueError(f"these settings could not be solved: {answer.report.run.status}")
    start = gains_one(job)
    least = gauss_newton(job, *start, 8)
    figure, (left, right) = draw.figure(2, size=(4.4, 3.4))
    at = np.arange(1, 25)
    draw.label(left, "sensor", "gain", "gains")
    draw.label(right, "source", "", "sources of the first snapshot")
    ends = {"rival": ("Gauss-Newton", *least), "answer": ("BranchHull", answer.h, answer.m)}
    draw.curve(left, at, (job.B @ its.h)[:24], "truth", "true gains")
    draw.points(right, np.stack([np.arange(sources), its.m[:sources]], axis=1), "truth")
    facts = {}
    for look, (name, h, m) in ends.items():
        draw.points(left, np.stack([at, (job.B @ h)[:24] / h[0]], axis=1), look, name)
        draw.points(right, np.stack([np.arange(sources), (m * h[0])[:sources]], axis=1), look)
        facts[f"{name}, error of gains and sources"] = "{:.3f}, {:.3f}".format(
            *errors(job, its, h, m)
        )
    left.set_ylim(0, 2.6)
    draw.legend(left, "upper right")
    return figure, {"gains 1, error of sources": f"{errors(job, its, *start)[1]:.3f}", **facts}


explorer(
    calibrate,
    ripple=FloatSlider(0.5, min=0, max=0.95, step=0.05, description="ripple"),
    snapshots=IntSlider(4, min=1, max=16, description="snapshots"),
    noise=FloatSlider(0.0, min=0, max=0.3, step=0.01, description="noise"),
    sources=IntSlider(6, min=1, max=16, description="sources"),
)

# %% tags=["hide-input"]
for name in ("Hartley transform of an even kernel", "Spectrum of a mild kernel"):
    print(table(examine(LEDGER[name], np.random.default_rng(0))), end="\n\n")

# %% [markdown]
# The folded cell measures the two statements on kernels inside and outside of their hypotheses.
#
# ## Take away
#
# * Gains are positive, and spectra of autocorrelations are not negative: signs that nobody had to measure.
# * With a natural start and noise, Gauss-Newton for least squares is the method to use for these data; the convex answer listens to the largest readings.
# * The convex program needs no start, certifies its value, and can prove that signs conflict.
#
# **The guesses.** (1) By 8 %, where the error of the gains is 25 % (both relative, as in the first table): a source's error is a weighted sum over the sensors, in which much cancels. (2) Least squares, by far. (3) For most sensors of the 96 products above the convex program proves that signs conflict; for the others, and with few products, it may not notice. A large residual then says that the answer is wrong, not why. Gauss-Newton ended with a misfit for all 24.
#
# **Break it yourself.** Shift the kernel of the bird by one sample (`np.roll(kernels, 1, axis=0)`). Which line of the proof fails, and what do both methods answer?
#
# **Exercise**: [17_gains](../exercises/17_gains.ipynb), the gains.
#
# ## Sources
#
# * A. Aghasi, A. Ahmed, P. Hand, B. Joshi, *BranchHull*, arXiv 1702.04342, names both applications. R. N. Bracewell, *Discrete Hartley transform*, Journal of the Optical Society of America 73, 1983.
# * The comparison and the laws of the data are this kit's: `kit.branchhull.data.applications`, `kit.branchhull.rivals`.
