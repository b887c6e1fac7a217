"""Where y = (B h) o (C m) with known signs comes from: blind deconvolution and self-calibration.

Blind deconvolution with a real transform. The discrete Hartley transform of v (L,),

    H(v)_k = 1/sqrt(L) sum_n v_n cas(2 pi k n / L),    cas t = cos t + sin t,

is real, orthogonal and its own inverse; with the unitary Fourier transform F, H v = Re F v - Im F v
for real v. For the circular convolution of a real x with an EVEN kernel w, w_n = w_(L-n),

    H(w * x) = sqrt(L) H(w) o H(x).

Proof: the sines of an even w cancel, so F w is real and equals H w. Take real minus imaginary parts
of F(w * x) = sqrt(L) F w o F x. For a kernel that is not even F w is complex, and the transform of
w * x mixes H(x)_k with H(x)_(-k): no entrywise product.

Which signs are known? sqrt(L) H(w)_k = w_0 + 2 sum_n w_n cos(2 pi k n / L) for n = 1..K-1 is at
least w_0 - 2 sum |w_n|. A kernel dominated by its centre, w_0 > 2 sum |w_n|, has a positive
spectrum: all signs are +1, and no coefficient needs to be known for that.

Self-calibration. Sensors with unknown positive gains g = B h, smooth along the array, see T unknown
sources: y_t = g o (A m_t). Stacked, B repeats T times and C is block diagonal. All signs are +1.

Sources: the Hartley transform, Bracewell, J. Opt. Soc. Am. 73 (1983) 1832; the two models are those
which arXiv 1702.04342 names as its applications, the laws below are the kit's own.
"""

import numpy as np

from kit.arguments import generator, number, real_array, whole
from kit.branchhull.problem import Bilinear, Truth
from kit.results import Array


def hartley(v: Array) -> Array:
    """The orthonormal Hartley transform along the first axis; it is its own inverse."""
    spectrum = np.fft.fft(v, axis=0, norm="ortho")
    return spectrum.real - spectrum.imag


def convolve(w: Array, x: Array) -> Array:
    """Circular convolution (w * x)_n = sum_j w_j x_(n-j) of two (L,), by its definition."""
    w, x = real_array("w", w, 1), real_array("x", x, 1)
    if w.size != x.size:
        raise ValueError(f"x must have the {w.size} entries of w, got {x.size}")
    return sum(weight * np.roll(x, j) for j, weight in enumerate(w))


def even_kernels(L: int, K: int) -> Array:
    """Basis (L, K) of the even kernels of half-width K - 1: the centre, then pairs at +-n."""
    if whole("K", K, least=1) > (whole("L", L, least=1) + 1) // 2:
        raise ValueError(f"K must be at most (L + 1) // 2 = {(L + 1) // 2}, got {K}")
    basis, n = np.zeros((L, K)), np.arange(K)
    basis[n, n] = basis[-n, n] = 1.0
    return basis


def self_calibration(
    rng: np.random.Generator,
    sensors: int,
    K: int,
    N: int,
    *,
    snapshots: int = 1,
    ripple: float = 0.5,
    noise: float = 0.0,
) -> tuple[Bilinear, Truth]:
    """Sensors with unknown smooth positive gains; L = sensors x snapshots, sensor running fastest.

    g = D h         the gains, (sensors,): D holds the first K cosines of the DCT, all entries in
                    [-1, 1], the first column 1; h_0 = 1, the others N(0, 1) / k, scaled so that
                    max |g - 1| = ripple (for K > 1): 0 <= ripple < 1, so g > 0
    y_t = g o A m_t each snapshot t = 1..T has its own source m_t (N,), N(0, 1) entries; the
                    response A (sensors, N) has independent N(0, 1 / sensors) entries
    data            B = D, T times; C = block diagonal A; m = (m_1, ..., m_T), N T unknowns; signs 1
    noise >= 0      y -> y (1 + noise g'), g' standard normal

    Raises ValueError for sizes below 1, K above sensors, or a ripple outside [0, 1).
    """
    rng = generator(rng)
    sensors, K, N, snapshots = (
        whole(name, n, least=1)
        for name, n in (("sensors", sensors), ("K", K), ("N", N), ("snapshots", snapshots))
    )
    if sensors < K:
        raise ValueError(f"K must be at most sensors = {sensors}, got {K}")
    ripple, noise = number("ripple", ripple, least=0), number("noise", noise, least=0)
    if ripple >= 1:
        raise ValueError(f"ripple must be below 1, got {ripple:g}")
    n, k = np.arange(sensors)[:, None], np.arange(K)
    D = np.cos(np.pi * (n + 0.5) * k / sensors)
    A = rng.standard_normal((sensors, N)) / np.sqrt(sensors)
    m = rng.standard_normal(N * snapshots)
    h = rng.standard_normal(K) / np.maximum(k, 1)
    h[0] = 0.0
    largest = np.abs(D @ h).max()
    h *= ripple / largest if largest > 0 else 0.0
    h[0] = 1.0
    B, C = np.tile(D, (snapshots, 1)), np.kron(np.eye(snapshots), A)
    y = (B @ h) * (C @ m) * (1 + noise * rng.standard_normal(len(B)))
    return Bilinear(B, C, y, np.ones(len(B))), Truth(h, m)
