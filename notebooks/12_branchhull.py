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
# # 12 BranchHull
#
# **The question.** Two unknown signals are multiplied, entry by entry:
# $y_\ell = (b_\ell^\top h)(c_\ell^\top m)$. The vectors $b_\ell$, $c_\ell$ are known, $h$ and $m$ are
# not, and neither is a good start point. With the signs of $b_\ell^\top h$ known, can a convex program
# find $h$ and $m$, and can it prove that it did?
#
# **After this lesson** you can state the program, prove that its solution is balanced, derive its dual
# and its certificate, recover signals with it, and say what noise and wrong signs do.
#
# **Before**: [11 Hull geometry](11_hull_geometry.ipynb). Symbols: [glossary](glossary.ipynb).
# **Time**: 40 minutes. **Modules**: `kit.branchhull.problem`, `certificate`, `solve`.

# %%
# %matplotlib inline
import numpy as np
from ipywidgets import FloatSlider, IntSlider
from scipy.optimize import least_squares
from scipy.stats import binom
from tqdm.auto import tqdm

from kit import branchhull
from kit.course.explorers import explorer
from kit.course.figures import branchhull as figures
from kit.course.figures.style import caption
from kit.experiments.theorems import LEDGER, examine, table
from kit.results import Status

# %% [markdown]
# ## Nouns
#
# * `Bilinear`: what is measured. $B \in \mathbb R^{L\times K}$ with rows $b_\ell^\top$,
#   $C \in \mathbb R^{L\times N}$ with rows $c_\ell^\top$, the products $y \in \mathbb R^L$, and
#   `signs` $t = \operatorname{sign}(B h) \in \{-1, 1\}^L$.
# * `Truth`: what only a simulation knows. No solver can be given one.
# * `BranchHull`: the program
#
# $$\text{minimise } \|h\|_2^2 + \|m\|_2^2 \quad \text{subject to} \quad
#   \operatorname{sign}(y_\ell)\, (b_\ell^\top h)(c_\ell^\top m) \ge |y_\ell|, \quad
#   t_\ell\, b_\ell^\top h \ge 0, \qquad \ell = 1, \dots, L .$$
#
# With $\tilde B = \operatorname{diag}(t)\, B$, $\tilde C = \operatorname{diag}(s \circ t)\, C$,
# $s = \operatorname{sign}(y)$ and $d = |y|$ each constraint says that
# $(p_\ell, q_\ell) = (\tilde b_\ell^\top h, \tilde c_\ell^\top m)$ lies in the hull $H_{d_\ell}$ of
# lesson 11. There are $K + N$ unknowns.
#
# ## Test bed
#
# Gaussian $B$ and $C$, Gaussian $h$ and $m$, $K = N = 20$, $L = 160$.

# %%
data, truth = branchhull.gaussian(np.random.default_rng(0), L=160, K=20, N=20)
data

# %% [markdown]
# ## The naive method: least squares from a random start
#
# Why not just minimise $\sum_\ell (y_\ell - (b_\ell^\top h)(c_\ell^\top m))^2$? It needs no signs. It is
# not convex, and it needs a start point.
#
# **Guess first.** Of ten random starts, how many reach the truth at $L = 160$? And at $L = 60$,
# still one and a half times the number of unknowns?


# %%
def descend(data, truth, rng):
    """Levenberg-Marquardt on the residuals from a random start: the distance to the truth."""
    L, K, N = data.shape

    def residuals(z):
        return (data.B @ z[:K]) * (data.C @ z[K:]) - data.y

    def jacobian(z):
        return np.hstack([(data.C @ z[K:])[:, None] * data.B, (data.B @ z[:K])[:, None] * data.C])

    z = least_squares(residuals, rng.standard_normal(K + N), jacobian, method="lm").x
    h, m = branchhull.balance(z[:K], z[K:])
    either = [branchhull.recovery_error(sign * h, sign * m, truth) for sign in (1, -1)]
    return min(either)  # without signs, (-h, -m) is as good an answer


# %%
for L in (160, 60):
    few, its_truth = branchhull.gaussian(np.random.default_rng(0), L=L, K=20, N=20)
    starts = [descend(few, its_truth, np.random.default_rng(seed)) for seed in range(10)]
    hits = sum(error < 1e-6 for error in starts)
    assert hits == 10 or hits <= 3
    print(f"L = {L:3d}: {'all' if hits == 10 else 'at most 3'} of 10 starts reach the truth")

# %% [markdown]
# When it fails, it fails silently: it returns some point, and nothing in the answer says that another
# start would do better. (With enough measurements, it often succeeds. Lesson 14 of the course takes up
# how few it needs; here we want an answer that proves itself.)
#
# ## The convex program, by a general solver
#
# $4 p q = (p + q)^2 - (p - q)^2$, so $p q \ge d$, $p, q \ge 0$ is the second-order cone
#
# $$\bigl\| (p - q,\; 2\sqrt d) \bigr\|_2 \le p + q ,$$
#
# and any conic solver can take it. The method `"cvxpy"` hands this to Clarabel.

# %%
problem = branchhull.BranchHull(data)
answer = branchhull.solve(problem, "cvxpy", tol=1e-6)
print(answer.report.run.status)
print(
    f"distance to the truth below 1e-6: {branchhull.recovery_error(answer.h, answer.m, truth) < 1e-6}"
)
print(f"|h| = {np.linalg.norm(answer.h):.5f}, |m| = {np.linalg.norm(answer.m):.5f}")

# %% [markdown]
# No start, no luck. The norms are equal, as lesson 11 proved: if $(h, m)$ is feasible, so is
# $(c h, m/c)$, and the cheapest of these has $\|c h\| = \|m / c\|$. That is why `recovery_error`
# compares with the *balanced* truth.
#
# ## The dual, and a certificate that needs no solver
#
# Attach weights $\alpha_\ell, \beta_\ell \ge 0$ to $p_\ell$ and $q_\ell$. For any feasible $(h, m)$ the
# tangent inequality of lesson 11, added over $\ell$, gives
#
# $$2 S \;\le\; \sum_\ell \alpha_\ell p_\ell + \beta_\ell q_\ell
#   = (\tilde B^\top \alpha)^\top h + (\tilde C^\top \beta)^\top m
#   \;\le\; \|\tilde B^\top\alpha\|\,\|h\| + \|\tilde C^\top\beta\|\,\|m\| ,
#   \qquad S = \sum_\ell \sqrt{\alpha_\ell\beta_\ell d_\ell} .$$
#
# Replace $(\alpha, \beta)$ by $(c\,\alpha, \beta/c)$: $S$ stays, and the right side
# becomes smallest, $2\sqrt{\|\tilde B^\top\alpha\|\|\tilde C^\top\beta\|\,\|h\|\|m\|}$, at the best $c$.
# So $S^2 \le \|\tilde B^\top\alpha\|\|\tilde C^\top\beta\|\,\|h\|\|m\|$, and with
# $\|h\|^2 + \|m\|^2 \ge 2\|h\|\|m\|$:
#
# $$\boxed{\;\|h\|^2 + \|m\|^2 \;\ge\; \frac{2 S^2}{\|\tilde B^\top\alpha\| \, \|\tilde C^\top\beta\|}
#   \qquad \text{for any } \alpha, \beta \ge 0\;}$$
#
# The upper bound is as simple. If all $p, q > 0$, then $(a h, b m)$ is feasible as soon as
# $a b \ge r = \max_\ell d_\ell / (p_\ell q_\ell)$, and the balanced choice costs $2 r \|h\| \|m\|$.
# Both bounds hold for *whatever* vectors you put in. `certify` does just this; here by hand:

# %%
Bt, Ct, d = branchhull.canonical(data)
al, be = answer.dual
S = np.sum(np.sqrt(al * be * d))
lower = 2 * S**2 / (np.linalg.norm(Bt.T @ al) * np.linalg.norm(Ct.T @ be))
r = np.max(d / ((Bt @ answer.h) * (Ct @ answer.m)))
upper = 2 * r * np.linalg.norm(answer.h) * np.linalg.norm(answer.m)
certificate = branchhull.certify(problem, answer.h, answer.m, answer.dual)
print(f"by hand    {lower:.5f} <= optimum <= {upper:.5f}")
print(f"by certify {certificate.lower:.5f} <= optimum <= {certificate.upper:.5f}")
assert np.isclose(lower, certificate.lower, rtol=1e-12)
assert np.isclose(upper, certificate.upper, rtol=1e-12)
assert certificate.gap < 1e-6

# %% [markdown]
# A bound that accepts anything proves nothing. A poor dual gives a poor bound, never a wrong one, and
# a point with a wrong sign gives no upper bound at all:

# %%
poor = branchhull.certify(problem, answer.h, answer.m, answer.dual[::-1])
turned = branchhull.certify(problem, -answer.h, answer.m, answer.dual)
print(f"al and be swapped: gap {poor.gap:.0%};  h turned round: upper bound {turned.upper}")
assert poor.lower < certificate.lower and turned.upper == np.inf

# %% [markdown]
# ## The method of the papers: ADMM
#
# Put $z = (m, h)$, $E = \operatorname{diag}(\tilde C, \tilde B)$ and split $u = E z$, $u \in H$ (the
# product of the $L$ hulls). Alternating over $u$ and $z$ with a scaled multiplier $a$:
#
# $$u \leftarrow \operatorname{proj}_H(E z - a), \qquad
#   z \leftarrow (E^\top E + \tfrac{2}{\rho} I)^{-1} E^\top (a + u), \qquad
#   a \leftarrow a + u - E z .$$
#
# The first step is the projection of lesson 11 for all $L$ hulls at once; the second is two Cholesky
# factors, computed once. At a fixed point $2 z = \rho E^\top a$, so $\rho\, a$ is a dual vector, and
# every tenth iterate is certified: the loop stops when it has *proved* the tolerance. Twenty
# instances, none of them chosen:

# %% tags=["nbval-ignore-output"]
rows = []
for seed in tqdm(range(20), desc="instances"):
    instance, its_truth = branchhull.gaussian(np.random.default_rng(seed), L=160, K=20, N=20)
    program = branchhull.BranchHull(instance)
    paper = branchhull.solve(program, "admm", tol=1e-6)
    reference = branchhull.solve(program, "cvxpy", tol=1e-6)
    rows.append(
        (
            paper.report.run.iterations,
            paper.report.certificate.gap,
            paper.report.certificate.upper / reference.report.certificate.upper - 1,
            branchhull.recovery_error(paper.h, paper.m, its_truth),
        )
    )

# %%
iterations, gaps, excess, errors = np.array(rows).T
print(f"certified to 1e-6:                    {np.sum(gaps <= 1e-6)} of 20")
print(f"value equal to Clarabel's to 1e-6:    {np.sum(np.abs(excess) <= 1e-6)} of 20")
print(f"truth reached to 1e-6:                {np.sum(errors <= 1e-6)} of 20")
print(f"iterations at most 300:               {np.sum(iterations <= 300)} of 20")
assert np.all(gaps <= 1e-6) and np.all(np.abs(excess) <= 1e-6) and np.all(errors <= 1e-6)

# %% [markdown]
# ## Noise
#
# Let $y = (B h)\circ(C m)\circ(1 + 0.05\, g)$ with a standard normal $g$. Products that came out too
# small are no trouble, the truth is still feasible there. Products that came out too large cut the
# truth off, and the answer moves. The optimum is still one convex program away.
#
# **Guess first.** Noise of 5 percent on each product: is the error of the answer larger or smaller
# than 5 percent? And does the ADMM need more iterations, or fewer?

# %% tags=["nbval-ignore-output"]
noisy_rows = []
for seed in tqdm(range(20), desc="noisy instances"):
    noisy, its_truth = branchhull.gaussian(
        np.random.default_rng(seed), L=160, K=20, N=20, noise=0.05
    )
    reference = branchhull.solve(branchhull.BranchHull(noisy), "cvxpy", tol=1e-6)
    noisy_rows.append(
        (
            reference.report.certificate.gap,
            branchhull.recovery_error(reference.h, reference.m, its_truth),
        )
    )

# %%
noisy_gaps, noisy_errors = np.array(noisy_rows).T
print(f"certified to 1e-6:   {np.sum(noisy_gaps <= 1e-6)} of 20")
print(f"error, median of 20: {np.median(noisy_errors):.3f}")
assert np.all(noisy_gaps <= 1e-6)

# %% tags=["nbval-ignore-output"]
noisy, _ = branchhull.gaussian(np.random.default_rng(0), L=160, K=20, N=20, noise=0.05)
noisy_problem = branchhull.BranchHull(noisy)
settings = {
    "no noise": (data, 2.0),
    "noise, rho = 2": (noisy, 2.0),
    "noise, rho = 20": (noisy, 20.0),
}
runs = {}
for label, (instance, rho) in settings.items():
    with tqdm(total=3000, desc=label) as bar:
        found = branchhull.solve(
            branchhull.BranchHull(instance),
            "admm",
            tol=1e-6,
            max_iter=3000,
            rho=rho,
            callback=lambda state, bar=bar: bar.update() and False,
        )
    runs[label] = found.report.run

# %%
figure, facts = figures.convergence(runs)
figure

# %%
for label, fact in facts.items():
    reached = "at most 1e-6" if fact["gap"] <= 1e-6 else "still above 1e-6"
    within = next(limit for limit in (300, 1500, 3000) if fact["iterations"] <= limit)
    print(f"{label:16s} gap {reached} within {within:4d} iterations")
assert facts["no noise"]["gap"] <= 1e-6 and facts["no noise"]["iterations"] <= 300
assert facts["noise, rho = 2"]["gap"] > 1e-6
assert runs["noise, rho = 2"].status is Status.MAX_ITER

# %% [markdown]
# Why is noise hard for the ADMM? Without noise all $L = 160$ constraints touch at the answer; it is a
# sharp corner, and the iterates fall into it. With noise far fewer touch, the answer is held only
# loosely along some directions, and a first-order method creeps along them. The penalty $\rho$
# matters, and which one is good is not known beforehand. (Lesson
# [13](13_admm.ipynb) predicts the rate.)
# Count the touching constraints:

# %%
for label, instance in (("no noise", data), ("5 % noise", noisy)):
    solved = branchhull.solve(branchhull.BranchHull(instance))
    Bt, Ct, d = branchhull.canonical(instance)
    touching = np.sum((Bt @ solved.h) * (Ct @ solved.m) <= d * (1 + 1e-4))
    print(
        f"{label:9s}: {touching} of 160 constraints touch, {data.shape[1] + data.shape[2]} unknowns"
    )

# %% [markdown]
# This shows a price of the relaxation too: where a constraint does not touch,
# $(b_\ell^\top h)(c_\ell^\top m)$ is larger than $y_\ell$ in modulus. The program's answer reproduces all
# products only when recovery is exact; with noise, look at the product residual before you trust it.
#
# ## How many measurements? The law, measured
#
# For Gaussian $B$ and $C$ the chance of exact recovery is known exactly (derived for this course from a
# theorem of Wendel, 1962, about random cones; the derivation belongs to lesson 14):
#
# $$P(\text{success}) = P\bigl(\mathrm{Bin}(L - 1, \tfrac12) \ge K + N - 2\bigr) ,$$
#
# fifty percent at $L = 2 (K + N - 2)$. The paper's theorem asks for $L$ well above $2 (K + N)$, and
# this is the same threshold. We try $K = N = 4$.
#
# **Guess first.** $K + N = 8$ unknowns, minus one for the scaling. How many products are enough to be
# nearly sure: 8, 16 or 24?

# %% tags=["nbval-ignore-output"]
K = N = 4
lengths, trials = np.array([8, 10, 12, 15, 19, 24]), 150
rng = np.random.default_rng(2026)
hits = np.zeros(lengths.size)
for place, L in enumerate(tqdm(lengths, desc="measurements")):
    jobs = [branchhull.gaussian(rng, L, K, N) for _ in range(trials)]
    stacks = (np.array([getattr(job, of) for job, _ in jobs]) for of in ("B", "C", "y", "signs"))
    found = branchhull.solve_batch(*stacks)  # the same program, many small ones at once
    for h, m, (_, small_truth) in zip(found.h, found.m, jobs, strict=True):
        hits[place] += branchhull.recovery_error(h, m, small_truth) < 1e-4

# %%
promised = binom.sf(K + N - 3, lengths - 1, 0.5)
figure, facts = figures.success(lengths, hits / trials, promised, trials)
figure

# %%
for L, hit, chance in zip(lengths, hits, promised, strict=True):
    print(f"L = {L:2d}: measured {hit / trials:.2f}, promised {chance:.2f}")
print(
    caption(
        "The largest difference is {largest difference:.2f}, {in standard deviations:.1f} standard "
        "deviations of {trials} trials.",
        facts,
    )
)
assert facts["in standard deviations"] < 4

# %% [markdown]
# ## Beside its rivals
#
# What else could one do with the same data? Four rivals, with $K = N = 20$, ten instances each:
#
# * **lifting** (lesson [10](10_bilinear_lifting.ipynb)): convex, no signs, $K N = 400$ unknowns;
# * **alternating** least squares, ten random starts: for fixed $m$ the best $h$ is linear, and back;
# * **Gauss-Newton**, ten random starts: repeated linear least squares in $(h, m)$;
# * **Gauss-Newton from the signs**: one start, $h = \tilde B^\top \sqrt d$, $m = \tilde C^\top \sqrt d$, which
#   uses the same knowledge as BranchHull does.
#
# **Guess first.** Which of the five needs the fewest products? Does the convex program win?

# %% tags=["nbval-ignore-output"]
methods = {
    "BranchHull": lambda data, rng: branchhull.solve(branchhull.BranchHull(data)),
    "lifting": lambda data, rng: branchhull.lift(data, tol=1e-4),
    "alternating, 10 starts": lambda data, rng: branchhull.alternate(
        data, rng, starts=10, start="random", max_iter=300
    ),
    "Gauss-Newton, 10 starts": lambda data, rng: branchhull.descend(
        data, rng, "gauss-newton", starts=10, start="random"
    ),
    "Gauss-Newton, signs": lambda data, rng: branchhull.descend(
        data, rng, "gauss-newton", start="signs"
    ),
}
products = (50, 80, 160)
recovered = {name: [] for name in methods}
for L in tqdm(products, desc="products"):
    for name, method in methods.items():
        errors = []
        for seed in range(10):
            job, its_truth = branchhull.gaussian(np.random.default_rng(seed), L, 20, 20)
            found = method(job, np.random.default_rng(100 + seed))
            errors.append(branchhull.recovery_error(found.h, found.m, its_truth))
        recovered[name].append(int(np.sum(np.array(errors) < 1e-3)))


# %%
def in_words(hits):
    """A count of ten as far as chance lets another machine find the same."""
    return "few" if hits <= 3 else "most" if hits >= 5 else "some"


print("recovered (few: <= 3, most: >= 5) ", *(f"L = {L:<4d}" for L in products))
for name, row in recovered.items():
    print(f"{name:34s}", *(f"{in_words(hits):8s}" for hits in row))
assert all(row[-1] == 10 for row in recovered.values())

# %% [markdown]
# The convex program does **not** need the fewest products. Local methods do with fewer, most of all the one
# that starts from the signs; lifting needs the most. What BranchHull has and no rival has is that its
# answer comes with a proof of optimality, for noisy data too, without a start point; and that for Gaussian
# data we know exactly when that optimum is the truth. A rival that reproduces all products has also
# explained the data; one that does not has told us nothing. Lesson
# [14](14_how_many_measurements.ipynb) draws these curves.
#
# ## Signs that nobody has to measure
#
# Sensors with unknown *positive* gains: lesson [16](17_calibration.ipynb) recovers the gains of an array
# from what it sees of unknown sources. In two lines, 24 sensors and 4 snapshots. (These data are **simulated**, as
# all in this lesson and in lesson 17: no recording of an array ships with the packages that the course uses. The
# only measured data in this half of the course are the photograph of lesson [17](18_images.ipynb), and there
# the light is simulated.)

# %%
sensors, its_truth = branchhull.self_calibration(np.random.default_rng(0), 24, 4, 6, snapshots=4)
calibrated = branchhull.solve(branchhull.BranchHull(sensors))
error = branchhull.recovery_error(calibrated.h, calibrated.m, its_truth)
print(sensors)
print(f"all signs +1: {np.all(sensors.signs == 1)}; recovered to 1e-6: {error < 1e-6}")
assert error < 1e-6

# %% [markdown]
# ## Explore
#
# Every move solves a new program. Take $L$ down to 36 $= 2 (K + N - 2)$, where the law says one half, and
# try other instances: some are recovered, some are not, and **both are certified**. The right picture tells
# which: an answer that is not the truth leaves products unexplained. Then add noise.

# %%
explorer(
    figures.live,
    L=IntSlider(60, min=4, max=200, description="products L"),
    K=IntSlider(10, min=1, max=30, description="unknowns K"),
    N=IntSlider(10, min=1, max=30, description="unknowns N"),
    noise=FloatSlider(0.0, min=0, max=0.5, step=0.01, description="noise"),
    seed=IntSlider(0, min=0, max=20, description="instance"),
)

# %% [markdown]
# ## In the ledger
#
# The kit measures each result inside its hypotheses, and again with one of them broken
# (`kit.experiments.theorems`). Those of this lesson, each with the measured number beside the promised one:

# %%
for name in (
    "Balance of norms",
    "Weak duality",
    "Noise that shrinks",
    "Infeasible data have a ray",
    "Law of success",
):
    print(table(examine(LEDGER[name], np.random.default_rng(0))), end="\n\n")

# %% [markdown]
# ## Break it yourself
#
# Give the program three wrong signs. With $L$ much larger than $K$ hardly any $h$ has *exactly* those
# signs, and the answer is not a vector but a proof:

# %%
wrong, _ = branchhull.gaussian(np.random.default_rng(0), L=160, K=20, N=20, wrong_signs=3)
refused = branchhull.solve(branchhull.BranchHull(wrong))
print(refused.report.run.status)
Bt, _, d = branchhull.canonical(wrong)
ray = refused.dual[0]
assert np.all(ray >= 0) and ray @ d > 0
assert np.linalg.norm(Bt.T @ ray) <= 1e-12 * (ray @ np.linalg.norm(Bt, axis=1))
print("al >= 0, Bt'al = 0 and sum al d > 0: checked")

# %% [markdown]
# Try more: `noise=2.0` (then some products change their sign), `L=60` (the answer is certified
# optimal, and it is not the truth: optimality is proved, recovery is a matter of enough
# measurements), or scale `B` by $10^4$.
#
# ## Which method when
#
# | method | when |
# |---|---|
# | `"interior"` | a second-order cone method made for this program: 10 to 20 iterations on any data, to a gap of $10^{-8}$ |
# | `"cvxpy"` | the reference: independent code, by a general solver; it stalls at gaps between $10^{-9}$ and $10^{-7}$ |
# | `"admm"` | the papers' method: noiseless data with $L$ well above $2(K+N)$; to see the iterates |
# | `"auto"` | picks one and says in the report which and why |
#
# The interior point method takes Newton steps on the optimality conditions; lesson
# [13](13_admm.ipynb) derives it. On the noisy instance that took the ADMM thousands of iterations:

# %%
fast = branchhull.solve(noisy_problem, "interior")
print(fast.report.run.status)
print(f"at most 25 iterations: {fast.report.run.iterations <= 25}")
assert fast.report.certificate.gap <= 1e-8

# %% [markdown]
# ## Take away
#
# * Known signs turn $L$ products into $L$ convex hulls, with $K + N$ unknowns and no start point.
# * The certificate is one inequality, added up. It holds for any dual, from any method.
# * 50 percent recovery at $L = 2(K + N - 2)$, measured beside the law.
# * Noise blunts the corner: the optimum stays certifiable, the ADMM becomes slow.
#
# **Exercise**: [12_certificate](../exercises/12_certificate.ipynb), about the certificate.
#
# ## Sources
#
# * The program and the theorem "$L \gg 2(K+N)$": A. Aghasi, A. Ahmed, P. Hand, B. Joshi, arXiv
#   1702.04342 (Applied and Computational Harmonic Analysis 49(2), 2020).
# * The ADMM: arXiv 1809.08359, eqs (4)-(6) of the poster, here without slack and with the l2 objective.
# * J. G. Wendel, *A problem in geometric probability*, Mathematica Scandinavica 11, 1962.
# * The certificate and the law are derived for this kit (`kit.branchhull.certificate`).
