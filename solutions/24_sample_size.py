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
# # Exercise 24: how many samples a theorem asks for, and how many a certificate needs
#
# **The task.** A sparse neuron can be found again from its answers to random samples. A theorem says
# how many are enough; a certificate can prove, for the samples at hand, that they were. Compute both.
#
# **You need** lesson 24, logarithms, least squares. **Time**: 15 minutes for the core, 20 to go further.
#
# **How it works.** Replace each `raise NotImplementedError` by your code, run the cell, run the
# check under it. `check.hint()` gives hints one by one; `check.solution()` opens when you are right,
# or after three tries. Every try draws other numbers.

# %%
# %matplotlib inline
import numpy as np

from kit.course.checks import Seen, judge, returns, same, takes
from kit.course.practice import exercise

# %% [markdown]
# ## What the theorem says
#
# The columns of $X \in R^{N \times P}$ are independent $N(0, I_N)$, the neuron's weights $w$ have $s$
# nonzeros, and $y = (X^T w)_+$. For every $\mu > 1$,
#
# $$P = (11 s + 7) \, \mu \log N \quad \Longrightarrow \quad
#   w \text{ is the only solution, with probability at least } 1 - N^{1 - \mu} . \tag{1}$$
#
# **Guess first.** For $N = 100$ and $s = 5$ half of all trials succeed at $P \approx 41$ (lesson 24).
# What does (1) ask for, if it may fail once in a hundred?

# %% [markdown]
# ## First, a feel for it
#
# Find by hand the mu for which (1) fails at most once in a hundred, for N = 100; then for N = 1000.

# %%
N, mu = 100, 1.5  # change mu, then N
print(f"it may fail with probability {N ** (1 - mu):.4f}")

# %% [markdown]
# ## Core: the promised number


# %%
def promised(N, s, failure):
    """The smallest whole P for which (1) promises a probability of failing of at most `failure`."""
    ### BEGIN SOLUTION
    mu = 1 - np.log(failure) / np.log(N)
    return int(np.ceil((11 * s + 7) * mu * np.log(N)))
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "24_sample_size",
    "promised",
    points=2,
    hints=(
        "First find mu: N^(1 - mu) = failure. Take logarithms.",
        "Samples come in whole numbers, and fewer than P are not promised anything.",
    ),
)
def check(answer, seed=0):
    """Judge a number by solving (1) for the probability of failing."""
    rng = np.random.default_rng(seed)
    cases = [
        (int(rng.integers(20, 900)), int(rng.integers(1, 20)), 10.0 ** rng.uniform(-4, -0.3))
        for _ in range(10)
    ]

    def all_of(f):
        return np.array([float(f(*case)) for case in cases])

    def fails(f, less=0):
        """The probability that (1) allows at the reader's P."""
        P = all_of(f) - less
        return np.array(
            [N ** (1 - p / (11 * s + 7) / np.log(N)) for p, (N, s, _) in zip(P, cases, strict=True)]
        )

    wanted = np.array([failure for *_, failure in cases])

    def matches(f, formula):
        return np.all(np.abs(all_of(f) - [formula(*case) for case in cases]) <= 1)

    def enough(f):
        k = np.argmax(fails(f) / wanted)
        return Seen(
            fails(f)[k] <= wanted[k] * (1 + 1e-9),
            f"For N = {cases[k][0]}, s = {cases[k][1]} you say {all_of(f)[k]:g}.",
        )

    return judge(
        answer,
        takes("N", "s", "failure"),
        *returns("a number", lambda f: f(*cases[0]), ()),
        (
            "need more samples for more nonzeros, and for fewer failures",
            lambda f: f(100, 9, 0.1) > f(100, 2, 0.1) and f(100, 5, 0.01) > f(100, 5, 0.2),
        ),
        ("be enough", enough),
        (
            "be no more than what is needed",
            lambda f: np.all(fails(f, less=1) > wanted * (1 - 1e-9)),
        ),
        ("be whole", lambda f: np.abs(all_of(f) - np.round(all_of(f))).max() < 1e-9),
        mistakes=(
            (
                lambda f: (
                    np.any(np.abs(all_of(f) - np.round(all_of(f))) > 1e-9)
                    and np.all(np.abs(fails(f) / wanted - 1) < 1e-6)
                ),
                "Right before rounding. Half a sample cannot be drawn.",
            ),
            (
                lambda f: (
                    np.all(fails(f, less=-1) <= wanted * (1 + 1e-9)) and np.any(fails(f) > wanted)
                ),
                "You round down, and then it is no longer enough.",
            ),
            (
                lambda f: matches(
                    f, lambda N, s, p: (11 * s + 7) * (1 - np.log(p) / np.log(N)) * np.log10(N)
                ),
                "log is the natural logarithm here, not that of base 10.",
            ),
            (
                lambda f: matches(
                    f, lambda N, s, p: (11 * s + 7) * (1 - np.log(p) / np.log(N)) * np.log2(N)
                ),
                "log is the natural logarithm here, not that of base 2.",
            ),
            (
                lambda f: matches(
                    f, lambda N, s, p: 11 * (s + 7) * (1 - np.log(p) / np.log(N)) * np.log(N)
                ),
                "11 s + 7, not 11 (s + 7).",
            ),
            (
                lambda f: matches(f, lambda N, s, p: (11 * s + 7) * -np.log(p)),
                "N^(-mu) is not N^(1 - mu): your mu is 1 too small.",
            ),
            (
                lambda f: matches(
                    f, lambda N, s, p: (11 * s + 7) * (1 + np.log(p) / np.log(N)) * np.log(N)
                ),
                "A sign: log(failure) is negative, and mu must come out above 1.",
            ),
        ),
    )


# %%
check(promised)


# %% tags=["answer"]
def by_counting(N, s, failure):
    """Count up until (1) promises it."""
    P = 1
    while N ** (1 - P / ((11 * s + 7) * np.log(N))) > failure:
        P += 1
    return P


check(by_counting)


# %% tags=["answer"]
def simplified(N, s, failure):
    """mu log N is log N - log failure."""
    return np.ceil((11 * s + 7) * np.log(N / failure))


check(simplified)

# %% tags=["wrong"]
# Mistake: not rounded.
# Hint: Half a sample
check(lambda N, s, failure: (11 * s + 7) * np.log(N / failure))

# %% tags=["wrong"]
# Mistake: rounded down.
# Hint: You round down
check(lambda N, s, failure: int((11 * s + 7) * np.log(N / failure)))

# %% tags=["wrong"]
# Mistake: base 10.
# Hint: not that of base 10
check(lambda N, s, failure: np.ceil((11 * s + 7) * (1 - np.log(failure) / np.log(N)) * np.log10(N)))

# %% tags=["wrong"]
# Mistake: base 2.
# Hint: not that of base 2
check(lambda N, s, failure: np.ceil((11 * s + 7) * (1 - np.log(failure) / np.log(N)) * np.log2(N)))

# %% tags=["wrong"]
# Mistake: a bracket.
# Hint: not 11 (s + 7)
check(lambda N, s, failure: np.ceil(11 * (s + 7) * np.log(N / failure)))

# %% tags=["wrong"]
# Mistake: failure = N^(-mu).
# Hint: your mu is 1 too small
check(lambda N, s, failure: np.ceil((11 * s + 7) * -np.log(failure)) + 0 * N)

# %% tags=["wrong"]
# Mistake: the sign of the logarithm.
# Hint: mu must come out above 1
check(lambda N, s, failure: np.ceil((11 * s + 7) * np.log(N * failure)))

# %% [markdown]
# ## Go further: a certificate for the samples at hand
#
# That $w$ is the only solution is proved by one combination of the active samples,
# $\Lambda = X_\Omega \xi$, with $\Lambda_j = \mathrm{sign}(w_j)$ where $w_j \ne 0$ and $|\Lambda_j| < 1$
# elsewhere ($\Omega$: the samples with $X^T w > 0$), if the rows of $X_\Omega$ where $w_j \ne 0$ are
# independent. Many $\Lambda$ meet the first demand; take the one with the smallest $|\xi|_2$, and look
# whether it meets the second. If not, nothing is decided: another $\Lambda$ may meet both.


# %%
def certificate(X, w):
    """Lambda (N,) = X_Omega xi, with xi the shortest vector for which Lambda = sign(w) on supp w."""
    ### BEGIN SOLUTION
    active = X[:, X.T @ w > 0]
    support = w != 0
    rows = active[support]
    xi = rows.T @ np.linalg.solve(rows @ rows.T, np.sign(w[support]))
    return active @ xi
    ### END SOLUTION


# %% tags=["check"]
@exercise(
    "24_sample_size",
    "certificate",
    points=3,
    hints=(
        "Cut X twice: columns of active samples, rows of nonzero weights.",
        "The shortest solution of A xi = b is A'(A A')^-1 b, or what `lstsq` returns.",
        "Lambda has N entries: multiply xi by all rows, not only by those of the support.",
    ),
)
def check_certificate(answer, seed=0):
    """Judge a certificate: signs on the support, a combination of active samples, shortest."""
    rng = np.random.default_rng(seed)
    N, s, P = 20, 3, 60
    X, w = rng.normal(size=(N, P)), np.zeros(N)
    w[rng.choice(N, s, replace=False)] = rng.choice([-1, 1], s) * rng.uniform(0.5, 3, s)
    Omega, support = X.T @ w > 0, w != 0
    A = X[:, Omega]
    X_few = X[:, np.r_[np.flatnonzero(Omega)[:12], np.flatnonzero(~Omega)[:12]]]

    def made(f, X=X):
        return np.asarray(f(X, w), float)

    def signs(f):
        found = made(f)[support]
        return Seen(
            same(found, np.sign(w[support]), 1e-7),
            f"On the support yours is {np.round(found, 3).tolist()}, and w is {np.round(w[support], 3).tolist()}.",
        )

    def length(f, A=A):
        """Of the shortest xi that gives the reader's Lambda, and what of Lambda it cannot give."""
        xi = np.linalg.lstsq(A, made(f, X if A.shape[1] > 12 else X_few))[0]
        return np.linalg.norm(xi), np.linalg.norm(A @ xi - made(f, X if A.shape[1] > 12 else X_few))

    def shortest(f):
        xi = np.linalg.lstsq(A, made(f))[0]
        return same(xi, A[support].T @ np.linalg.lstsq(A[support].T, xi)[0], 1e-6)

    return judge(
        answer,
        takes("X", "w"),
        *returns("N numbers", made, (N,)),
        ("be sign(w) on the support of w", signs),
        (
            "be a combination of the active samples",
            lambda f: length(f, X_few[:, X_few.T @ w > 0])[1] < 1e-7,
        ),
        ("come from the shortest xi", shortest),
        ("not change with the size of w", lambda f: same(f(X, 7 * w), made(f), 1e-7)),
        mistakes=(
            (
                lambda f: same(made(f)[support], w[support]),
                "You ask for w on its support, and the certificate for its signs.",
            ),
            (
                lambda f: same(made(f), np.sign(w)),
                "That is sign(w) itself. Off the support Lambda is whatever X_Omega xi gives.",
            ),
            (
                lambda f: same(-made(f)[support], np.sign(w[support])),
                "The signs are turned round.",
            ),
            (
                lambda f: (
                    same(made(f)[support], np.sign(w[support]), 1e-7)
                    and same(
                        np.linalg.lstsq(X, made(f))[0],
                        X[support].T
                        @ np.linalg.lstsq(X[support].T, np.linalg.lstsq(X, made(f))[0])[0],
                    )
                ),
                "All samples are used. Those where the neuron is silent cannot pull: their xi is 0.",
            ),
            (
                lambda f: same(made(f), A @ (A[support].T @ np.sign(w[support]))),
                "You leave out the inverse: X_Gamma X_Gamma' is not the identity.",
            ),
            (
                lambda f: (
                    same(made(f)[support], np.sign(w[support]) * np.mean(np.abs(made(f)[support])))
                    and not same(np.abs(made(f)[support]).max(), 1)
                    and np.any(made(f)[support])
                ),
                "The signs are right and the size is not 1.",
            ),
        ),
        hidden=(
            ### BEGIN HIDDEN TESTS
            (
                "be the Lambda of the shortest xi",
                lambda f: same(
                    made(f), A @ np.linalg.lstsq(A[support], np.sign(w[support]))[0], 1e-7
                ),
            ),
            ### END HIDDEN TESTS
        ),
    )


# %%
check_certificate(certificate)


# %% tags=["answer"]
def by_lstsq(X, w):
    """lstsq returns the shortest of all solutions."""
    A = X[:, X.T @ w > 0]
    xi = np.linalg.lstsq(A[w != 0], np.sign(w[w != 0]), rcond=None)[0]
    return A @ xi


check_certificate(by_lstsq)

# %% tags=["wrong"]
# Mistake: w instead of its signs.
# Hint: You ask for w on its support
check_certificate(
    lambda X, w: X[:, X.T @ w > 0] @ np.linalg.lstsq(X[:, X.T @ w > 0][w != 0], w[w != 0])[0]
)

# %% tags=["wrong"]
# Mistake: sign(w) everywhere.
# Hint: That is sign(w) itself
check_certificate(lambda X, w: np.sign(w))

# %% tags=["wrong"]
# Mistake: the opposite signs.
# Hint: The signs are turned round
check_certificate(lambda X, w: -certificate(X, w))

# %% tags=["wrong"]
# Mistake: silent samples too.
# Hint: All samples are used
check_certificate(lambda X, w: X @ np.linalg.lstsq(X[w != 0], np.sign(w[w != 0]))[0])

# %% tags=["wrong"]
# Mistake: no inverse.
# Hint: You leave out the inverse
check_certificate(
    lambda X, w: X[:, X.T @ w > 0] @ (X[:, X.T @ w > 0][w != 0].T @ np.sign(w[w != 0]))
)

# %% tags=["wrong"]
# Mistake: normalised to length 1.
# Hint: the size is not 1
check_certificate(lambda X, w: certificate(X, w) / np.linalg.norm(certificate(X, w)))

# %% [markdown]
# With it, count how often $|\Lambda_j| < 1$ off the support for some $P$, and compare with (1):
#
#     rng = np.random.default_rng(0)
#     for P in (40, 80, 160, 320): ...
#
# ## What to take away
#
# - (1) is far from sharp: for $N = 100$, $s = 5$ and one failure in a hundred it asks for 572 samples, and
#   half of all trials succeed at about 41 (lesson 24).
# - A certificate needs no probability: where it meets both demands, it is a proof for the samples that
#   are there.
#
# **Source.** (1): arXiv 1611.05162, supplement 4.5, Theorem 3; the certificate: its Prop. 2.
