"""Trials of images: does the well-posed program find the scene, at which mu, with how much light?

A row keeps the error, in shares of the scene's contrast, beside the value and the gap that prove
that the answer is the program's minimiser: an error that is not small is the program's, not the
solver's.
"""

import numpy as np

from kit import branchhull

RIVALS = ("branchhull", "free", "log")
EXACT = 1e-3  # shares of the contrast; a gap of 1e-7 leaves errors of about 1e-6 where it is exact


def image_recovery(rng: np.random.Generator, light: str, N: int, mu: float) -> dict:
    """error, value, gap of a 64 x 64 scene of three rectangles under N columns of light."""
    scene = branchhull.scene(rng, (64, 64), N, light=light)
    return _row(scene, scene.problem(mu))


def positive_light(rng: np.random.Generator, exponential: bool, mu: float, method: str) -> dict:
    """error, value, gap of a 48 x 48 scene under smooth positive light of 9 columns.

    exponential  False: x is in the subspace, as BranchHull supposes; True: log x is
    method       "branchhull"; "free": with the non-constant columns of C a thousand times larger,
                 so that |m|_1 is about mean(x) and they cost nothing; "log": the log-domain rival
    """
    scene = branchhull.scene(rng, (48, 48), 9, light="smooth", exponential=exponential)
    data = scene.data
    if method == "log":
        answer = branchhull.log_domain(data.y, data.C, scene.shape)
        error = branchhull.contrast_error(answer.w, scene.truth.h)
        gap = (answer.upper - answer.lower) / answer.upper
        return {"error": error, "value": answer.upper, "gap": max(gap, 0.0)}
    if method == "free":
        C = data.C * np.r_[1.0, np.full(8, 1e3)]
        data = branchhull.Bilinear(data.B, C, data.y, data.signs)
    return _row(scene, branchhull.BranchHull(data, "tv", mu=mu, shape=scene.shape))


def strip(rng: np.random.Generator, width: int, length: int = 16) -> branchhull.Scene:
    """A 32 x 32 scene of 1 with one dark strip of 0.5, under 10 random columns of light.

    The strip can be found only if mu >= perimeter / area = 2 (length + width) / (length width):
    lesson 18. Source: derived.
    """
    blank = branchhull.scene(rng, (32, 32), 10, objects=0)
    image = np.ones((32, 32))
    image[4 : 4 + length, 10 : 10 + width] = 0.5
    h = image.ravel(order="F")
    data = branchhull.Bilinear(blank.data.B, blank.data.C, h * blank.light, np.ones(h.size))
    return branchhull.Scene(data, branchhull.Truth(h, blank.truth.m), blank.shape, blank.light)


def _row(scene: branchhull.Scene, program: branchhull.BranchHull) -> dict:
    answer = branchhull.solve(program, tol=1e-7)
    certificate = answer.report.certificate
    error = branchhull.contrast_error(answer.h, scene.truth.h)
    return {"error": error, "value": certificate.upper, "gap": certificate.gap}
