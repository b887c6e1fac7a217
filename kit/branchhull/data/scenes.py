"""Illuminated pictures, y = scene o light with a known truth: rng first, a Scene out.

The picture itself is h (B = I, all signs +1), piecewise constant or a photograph; the light is
x = C m. Dictionaries C (L, N) for the light, all scaled to |C|_F = |B|_F = sqrt(L):

    "random"  independent Gaussian entries, m standard normal: x of mixed signs
    "dct"     the constant and N - 1 products of cosines at random frequencies, m standard normal:
              mixed signs; the dictionary of the mousepad experiment of arXiv 1809.08359
    "smooth"  the N lowest products of cosines, x = 1 + ripple: positive
    "bessel"  the constant and N - 1 Bessel profiles J_nu(Z) whose order nu runs along the pixel
              index, x = 1 + ripple: positive; the dictionary of the rice experiment there

With exponential=True the light is exp(C a), scaled likewise: then log x, not x, is in the
subspace, as the log-domain rival supposes.

Sources: the experiments of arXiv 1809.08359 and its published code for the two dictionaries; the
scenes and the laws of m are the kit's own.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import eye_array
from scipy.special import jv

from kit.arguments import choice, generator, number, real_array, whole
from kit.branchhull.problem import Bilinear, BranchHull, Truth
from kit.branchhull.variation import image_shape, pair
from kit.results import Array

MIXED = ("random", "dct")
LIGHTS = (*MIXED, "smooth", "bessel")
PHOTOGRAPHS = ("china.jpg", "flower.jpg")


@dataclass(frozen=True, eq=False)
class Scene:
    """What is measured, what is true, and the shape (p, q) of the picture, columns stacked."""

    data: Bilinear  # B = I as a scipy sparse array
    truth: Truth  # h the picture; m is the best fit where the light is not in the subspace
    shape: tuple[int, int]
    light: Array  # (L,), the true x

    def problem(self, mu: float, lam: float | None = None, gamma: float = 1.0) -> BranchHull:
        """The program TV(h) + mu |h|_1 + gamma |m|_1 + lam |xi|_1 for this scene."""
        return BranchHull(self.data, "tv", lam=lam, gamma=gamma, mu=mu, shape=self.shape)

    def __repr__(self) -> str:
        p, q = self.shape
        return f"Scene({p} x {q} pixels, light of {self.truth.m.size} unknowns)"


def picture(v: Array, shape: tuple[int, int]) -> Array:
    """The image (p, q) of a vector (L,) that holds its columns."""
    v = real_array("v", v, 1)
    return v.reshape(image_shape(shape, v.size), order="F")


def contrast_error(h: Array, truth: Array) -> float:
    """max |c h - truth| / (max truth - min truth), c from least squares: no scale, no units."""
    h, truth = real_array("h", h, 1), real_array("truth", truth, 1)
    if h.shape != truth.shape:
        raise ValueError(f"h must have the {truth.size} entries of truth, got {h.size}")
    c = (h @ truth) / max(h @ h, np.finfo(float).tiny)
    return float(np.abs(c * h - truth).max() / max(np.ptp(truth), np.finfo(float).tiny))


def scene(
    rng: np.random.Generator,
    shape: tuple[int, int] = (64, 64),
    N: int = 40,
    *,
    light: str = "random",
    objects: int = 3,
    heights: tuple[float, ...] = (0.5, 2.5),
    **lighting: Any,
) -> Scene:
    """Objects of constant brightness on a background of 1, under an unknown light.

    objects >= 0    rectangles with sides of a sixth to a third of the picture's, at random places,
                    later ones on top; each has one of the heights > 0
    light           the dictionary of x = C m (module docstring); N columns
    lighting        ripple = 0.6: max |x - 1| of the positive lights, 0 <= ripple < 1;
                    exponential = False: log x, not x, in the subspace (positive lights only);
                    noise = 0.0: y -> y (1 + noise g), g standard normal

    Raises ValueError for sizes below 1, N above L, or laws that do not exist.
    """
    rng, shape = generator(rng), pair(shape, 3)
    whole("objects", objects, least=0)
    heights = real_array("heights", heights, 1)
    if heights.min() <= 0:
        raise ValueError(f"heights must be > 0, got {heights.min():g}")
    p, q = shape
    image = np.ones(shape)
    for _ in range(objects):
        size = [max(1, int(rng.integers(n // 6, n // 3 + 1))) for n in shape]
        top, left = (int(rng.integers(0, n - s + 1)) for n, s in zip(shape, size, strict=True))
        image[top : top + size[0], left : left + size[1]] = rng.choice(heights)
    return _lit(rng, image.ravel(order="F"), (p, q), N, light, **lighting)


def photograph(
    rng: np.random.Generator,
    name: str = "china.jpg",
    shape: tuple[int, int] = (64, 64),
    N: int = 40,
    *,
    light: str = "smooth",
    **lighting: Any,
) -> Scene:
    """A photograph that ships with scikit-learn, in grey, under an unknown generated light.

    The largest middle part with the ratio of shape is averaged down to shape; grey values from 0.05
    to 1. The options are those of `scene`. A photograph is not piecewise constant: no exact
    recovery is promised or found.
    """
    rng, (p, q) = generator(rng), pair(shape, 3)
    from sklearn.datasets import load_sample_image  # a second to import, for two pictures

    grey = load_sample_image(choice("name", name, PHOTOGRAPHS)).mean(axis=2) / 255
    side = min(grey.shape[0] // p, grey.shape[1] // q)
    if side < 1:
        raise ValueError(f"shape must be at most {grey.shape}, got {shape}")
    top, left = (grey.shape[0] - side * p) // 2, (grey.shape[1] - side * q) // 2
    part = grey[top : top + side * p, left : left + side * q]
    image = part.reshape(p, side, q, side).mean(axis=(1, 3))
    image = np.maximum(image / image.max(), 0.05)
    return _lit(rng, image.ravel(order="F"), (p, q), N, light, **lighting)


def light_dictionary(rng: np.random.Generator, shape: tuple[int, int], N: int, light: str) -> Array:
    """The dictionary C (L, N) of the module docstring; its constant column, if any, first."""
    choice("light", light, LIGHTS)
    L = shape[0] * shape[1]
    if whole("N", N, least=1) > L:
        raise ValueError(f"N must be at most the number of pixels, {L}, got {N}")
    if light == "random":
        C = rng.standard_normal((L, N))
    elif light == "bessel":
        C = _bessel(rng, L, N)
    else:
        down, across = (
            np.cos(np.pi * (np.arange(n)[:, None] + 0.5) * np.arange(n) / n) for n in shape
        )
        k, l = np.indices(shape)
        order = np.argsort(((k / shape[0]) ** 2 + (l / shape[1]) ** 2).ravel(), kind="stable")
        if light == "dct":
            order = np.concatenate([order[:1], rng.permutation(order[1:])])
        chosen = order[:N]
        columns = [np.outer(down[:, i // shape[1]], across[:, i % shape[1]]) for i in chosen]
        C = np.stack([column.ravel(order="F") for column in columns], axis=1)
    if light != "bessel":  # equal columns; the Bessel profiles keep their own sizes
        C = C / np.linalg.norm(C, axis=0)
    return C * np.sqrt(L) / np.linalg.norm(C)


def _bessel(rng: np.random.Generator, L: int, N: int) -> Array:
    """A constant, as large as the largest of the profiles, and N - 1 profiles J_nu(Z)."""
    run = np.linspace(-9, 4, L)
    columns = [np.ones(L)]
    for _ in range(N - 1):
        n1, n2, n3 = np.abs(rng.standard_normal(3))
        columns.append(jv(run / (6 + 0.1 * n1) + 5 * n2, 0.1 + 10 * n3))
    C = np.stack(columns, axis=1)
    C[:, 0] = np.abs(C[:, 1:]).max() if N > 1 else 1.0
    return C


def _lit(
    rng: np.random.Generator,
    image: Array,
    shape: tuple[int, int],
    N: int,
    light: str,
    *,
    ripple: float = 0.6,
    exponential: bool = False,
    noise: float = 0.0,
) -> Scene:
    """The scene under its light, measured."""
    ripple, noise = number("ripple", ripple, least=0), number("noise", noise, least=0)
    if ripple >= 1:
        raise ValueError(f"ripple must be below 1, got {ripple:g}")
    C = light_dictionary(rng, shape, N, light)
    if exponential and light in MIXED:
        raise ValueError(f"exponential must be False for light of mixed signs, got {light!r}")
    L, m = image.size, rng.standard_normal(N)
    if light not in MIXED:
        m[0] = 0.0
        largest = np.abs(C @ m).max()
        m = m * (np.log1p(ripple) if exponential else ripple) / max(largest, np.finfo(float).tiny)
        m[0] = 0.0 if exponential else 1 / C[0, 0]
    x = C @ m
    if exponential:
        x = np.exp(x)
        m = np.linalg.lstsq(C, x, rcond=None)[0]
    y = image * x * (1 + noise * rng.standard_normal(L))
    data = Bilinear(eye_array(L, format="csr"), C, y, np.ones(L))
    return Scene(data, Truth(image, m), shape, x)
