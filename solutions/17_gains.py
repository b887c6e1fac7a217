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
# # Exercise 17: unknown gains
#
# **The task.** Sensors with unknown gains see several unknown sources, one after the other. Put all
# that is known into the two matrices of BranchHull; then read gains and sources off its answer.
#
# **You need** lesson 17, block matrices. **Time**: 20 minutes for the core, 10 to go further.
#
# **How it works.** Replace each `raise NotImplementedError` by your code, run the cell, run the
# check under it. `check.hint()` gives hints one by one; `check.solution()` opens when you are right,
# or after three tries. Every try draws other numbers. `kit.branchhull.data.applications` holds an answer
# too: it is on your honour not to read it first.

# %%
# %matplotlib inline
import numpy as np

from kit.course.checks import Seen, judge, returns, same, takes
from kit.course.practice import exercise

# %% [markdown]
# ## The model
#
# $n$ sensors have the gains $g = D h \in R^n$, with $D \in R^{n \times K}$ known and smooth. At time
# $t = 1, \dots, T$ a source $m_t \in R^N$ reaches them through a known $A \in R^{n \times N}$:
#
# $$y_t = g \circ (A m_t) . $$
#
# All measurements in one vector, **time by time, the sensors of a time together**,
# $y = (y_1, \dots, y_T) \in R^{n T}$, and all sources in one, $m = (m_1, \dots, m_T) \in R^{N T}$. Then
# $y = (B h) \circ (C m)$ for a $B$ of $K$ columns and a $C$ of $N T$ columns.
#
# **Guess first.** How many entries of $C$ are not 0?


# %%
def array(rng, n=6, K=2, N=3):
    """Smooth columns D for the gains, and the response A."""
    D = np.cos(np.pi * (np.arange(n)[:, None] + 0.5) * np.arange(K) / n)
    return D, rng.normal(size=(n, N))


D, A = array(np.random.default_rng(0))
print("D", D.shape, "A", A.shape)

# %% [markdown]
# ## First, a feel for it
#
# Two sources, six sensors, and you cannot see the gains. Which sensors are weak? Change `h`, from which
# the gains are made: what happens to the ratio of the two rows?

# %%
h, source_1, source_2 = np.array([1.0, 0.6]), np.array([1.0, 0, 0]), np.array([0, 1.0, 0.5])
print("time 1:", np.round((D @ h) * (A @ source_1), 2))
print("time 2:", np.round((D @ h) * (A @ source_2), 2))

# %% [markdown]
# ## Core: the matrices


# %%
def matrices(D, A, T):
    """B (n T, K) and C (n T, N T) with (B h) o (C m) = (y_1, ..., y_T)."""
    ### BEGIN SOLUTION
    return np.tile(D, (T, 1)), np.kron(np.eye(T), A)
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "17_gains",
    "matrices",
    points=3,
    hints=(
        "Write down rows 1 to n of y first, then rows n + 1 to 2 n. What is the same, what is new?",
        "The gains are the same at all times; each source is seen at its own time only.",
        "numpy has `tile` and `kron`. Try both on a matrix with two rows, and look.",
    ),
)
def check(answer, seed=0):
    """Judge the two matrices by the measurements they make."""
    rng = np.random.default_rng(seed)
    D, A = array(rng)
    (n, K), N, T = D.shape, A.shape[1], int(rng.integers(3, 5))
    h, m = rng.normal(size=K), rng.normal(size=N * T)
    times = m.reshape(T, N)
    y = np.concatenate([(D @ h) * (A @ source) for source in times])

    def both(f, T=T):
        return [np.asarray(M, float) for M in f(D, A, T)]

    def gains(f):
        return (both(f)[0] @ h).reshape(T, n)

    def sources(f):
        return both(f)[1] @ m

    right = np.concatenate([A @ source for source in times])

    def measured(f):
        found = (both(f)[0] @ h) * sources(f)
        k = int(np.argmax(np.abs(found - y)))
        return Seen(
            same(found, y, 1e-9),
            f"Sensor {k % n + 1} at time {k // n + 1}: yours measures {found[k]:.4g}.",
        )

    return judge(
        answer,
        takes("D", "A", "T"),
        *returns("B and C", both, (n * T, K), (n * T, N * T)),
        (
            "be D and A themselves for T = 1",
            lambda f: same(both(f, 1)[0], D) and same(both(f, 1)[1], A),
        ),
        ("give the same gains at every time", lambda f: np.ptp(gains(f), axis=0).max() < 1e-9),
        ("give the gains D h, in the order of the sensors", lambda f: same(gains(f)[0], D @ h)),
        ("let each time see its own source only", lambda f: same(sources(f), right)),
        ("measure y", measured),
        mistakes=(
            (
                lambda f: same(both(f)[0], np.repeat(D, T, axis=0)),
                "Your B has each sensor T times in a row: that is sensor by sensor, and y is time by time.",
            ),
            (
                lambda f: same(both(f)[1], np.tile(A, (T, T))),
                "Every time sees the sum of all sources. What stands outside the diagonal blocks?",
            ),
            (
                lambda f: same(both(f)[1], np.kron(A, np.eye(T))),
                "Your C goes sensor by sensor: the two factors of the Kronecker product do not commute.",
            ),
            (
                lambda f: same(both(f)[1][:n, :N], A) and np.abs(both(f)[1][n:]).max() < 1e-9,
                "Only the first time sees its source.",
            ),
            (
                lambda f: same(both(f)[1][: n * 1, -N:], A),
                "The blocks lie on the other diagonal: time 1 sees the last source.",
            ),
            (
                lambda f: np.abs(both(f)[0][n:]).max() < 1e-9,
                "Your gains are 0 from the second time on.",
            ),
            (
                lambda f: same(gains(f)[0] * n * T, (D @ h) * n) or same(gains(f)[0] * T, D @ h),
                "Your gains are divided by T: the same gains act at every time, in full.",
            ),
        ),
    )


# %%
check(matrices)


# %% tags=["answer"]
def by_blocks(D, A, T):
    """np.block, with zeros written out."""
    O = np.zeros_like(A)
    return np.vstack([D] * T), np.block([[A if s == t else O for s in range(T)] for t in range(T)])


check(by_blocks)


# %% tags=["answer"]
def by_slices(D, A, T):
    """Fill in block after block."""
    (n, K), N = D.shape, A.shape[1]
    B, C = np.empty((n * T, K)), np.zeros((n * T, N * T))
    for t in range(T):
        B[t * n : (t + 1) * n] = D
        C[t * n : (t + 1) * n, t * N : (t + 1) * N] = A
    return B, C


check(by_slices)

# %% tags=["wrong"]
# Mistake: repeat for tile.
# Hint: each sensor T times in a row
check(lambda D, A, T: (np.repeat(D, T, axis=0), np.kron(np.eye(T), A)))

# %% tags=["wrong"]
# Mistake: A everywhere.
# Hint: Every time sees the sum
check(lambda D, A, T: (np.tile(D, (T, 1)), np.tile(A, (T, T))))

# %% tags=["wrong"]
# Mistake: the order of the Kronecker product.
# Hint: do not commute
check(lambda D, A, T: (np.tile(D, (T, 1)), np.kron(A, np.eye(T))))

# %% tags=["wrong"]
# Mistake: only one block.
# Hint: Only the first time
check(lambda D, A, T: (np.tile(D, (T, 1)), np.kron(np.diag([1.0] + [0.0] * (T - 1)), A)))

# %% tags=["wrong"]
# Mistake: the wrong diagonal.
# Hint: on the other diagonal
check(lambda D, A, T: (np.tile(D, (T, 1)), np.kron(np.eye(T)[::-1], A)))

# %% tags=["wrong"]
# Mistake: B filled up with zeros.
# Hint: Your gains are 0
check(lambda D, A, T: (np.vstack([D] + [0 * D] * (T - 1)), np.kron(np.eye(T), A)))

# %% tags=["wrong"]
# Mistake: shares the gains among the times.
# Hint: divided by T
check(lambda D, A, T: (np.tile(D, (T, 1)) / T, np.kron(np.eye(T), A)))

# %% [markdown]
# ## Go further: what can be known
#
# $(c h, m / c)$ measures the same for every $c > 0$, so the gains are known up to a factor only. Agree that
# their mean is 1, and return the gains and the sources, one source in each row.


# %%
def read_off(D, h, m, T):
    """Gains g (n,) of mean 1 and sources (T, N), so that g o (A source_t) is what (h, m) measures."""
    ### BEGIN SOLUTION
    g = D @ h
    return g / g.mean(), m.reshape(T, -1) * g.mean()
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "17_gains",
    "read_off",
    points=2,
    hints=(
        "Divide the gains by their mean. What must happen to the sources?",
        "m holds source 1 first, then source 2: `reshape` reads row by row.",
    ),
)
def check_read(answer, seed=0):
    """Judge gains and sources: mean 1, the same measurements."""
    rng = np.random.default_rng(seed)
    D, A = array(rng)
    N, T = A.shape[1], 4
    h = np.r_[rng.uniform(2, 3), rng.uniform(-1, 1, D.shape[1] - 1)]
    m = rng.normal(size=N * T)
    y = (D @ h) * (m.reshape(T, N) @ A.T)
    mean = (D @ h).mean()

    def found(f):
        return [np.asarray(v, float) for v in f(D, h, m, T)]

    return judge(
        answer,
        takes("D", "h", "m", "T"),
        *returns("gains and a source in each row", found, (len(D),), (T, N)),
        (
            "give gains of mean 1",
            lambda f: Seen(
                np.isclose(found(f)[0].mean(), 1), f"Their mean is {found(f)[0].mean():.4g}."
            ),
        ),
        ("give gains that are a multiple of D h", lambda f: same(found(f)[0] * mean, D @ h)),
        ("measure what (h, m) measures", lambda f: same(found(f)[0] * (found(f)[1] @ A.T), y)),
        mistakes=(
            (lambda f: same(found(f)[0], D @ h), "These are the gains as they come, of any scale."),
            (
                lambda f: same(found(f)[1], m.reshape(T, N)),
                "The gains are scaled and the sources are not: then they measure something else.",
            ),
            (
                lambda f: same(found(f)[1], m.reshape(T, N) / mean),
                "Gains and sources are scaled in the same direction. The product must stay.",
            ),
            (
                lambda f: same(found(f)[1], m.reshape(N, T).T * mean),
                "The sources have been cut in the wrong order.",
            ),
            (
                lambda f: np.isclose(found(f)[0].max(), 1) and np.ptp(found(f)[0]) > 1e-9,
                "Your largest gain is 1; the mean was agreed upon.",
            ),
            (
                lambda f: same(found(f)[0] * np.linalg.norm(D @ h), D @ h),
                "Your gains have length 1; the mean was agreed upon.",
            ),
        ),
    )


# %%
check_read(read_off)


# %% tags=["answer"]
def by_scaling_h(D, h, m, T):
    """Scale the pair first."""
    c = len(D) / np.sum(D @ h)
    h, m = c * h, m / c
    return D @ h, np.array(np.split(m, T))


check_read(by_scaling_h)

# %% tags=["wrong"]
# Mistake: no scale.
# Hint: as they come
check_read(lambda D, h, m, T: (D @ h, m.reshape(T, -1)))

# %% tags=["wrong"]
# Mistake: sources not scaled.
# Hint: the sources are not
check_read(lambda D, h, m, T: (read_off(D, h, m, T)[0], m.reshape(T, -1)))

# %% tags=["wrong"]
# Mistake: sources scaled the wrong way.
# Hint: in the same direction
check_read(lambda D, h, m, T: (read_off(D, h, m, T)[0], m.reshape(T, -1) / (D @ h).mean()))

# %% tags=["wrong"]
# Mistake: reshape in the wrong order.
# Hint: cut in the wrong order
check_read(lambda D, h, m, T: (read_off(D, h, m, T)[0], m.reshape(-1, T).T * (D @ h).mean()))

# %% tags=["wrong"]
# Mistake: the largest gain is 1.
# Hint: Your largest gain is 1
check_read(lambda D, h, m, T: (D @ h / (D @ h).max(), m.reshape(T, -1) * (D @ h).max()))

# %% tags=["wrong"]
# Mistake: gains of length 1.
# Hint: Your gains have length 1
check_read(
    lambda D, h, m, T: (D @ h / np.linalg.norm(D @ h), m.reshape(T, -1) * np.linalg.norm(D @ h))
)

# %% [markdown]
# ## What to take away
#
# - Calibration is BranchHull with a $C$ of blocks: $K + N T$ unknowns, $n T$ measurements.
# - Each further time brings $n$ measurements and $N$ unknowns.
#
# **Source.** The application is that of arXiv 1702.04342; the model is the kit's own.
