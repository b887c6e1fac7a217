"""Figures of the image program (lesson 18). Each returns (Figure, facts)."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from kit import branchhull
from kit.branchhull import Scene
from kit.branchhull.methods.admm_tv import tv_admm
from kit.course.figures.style import (
    ESTIMATE,
    MARK,
    NEUTRAL,
    SIGN_NEG,
    SIGN_POS,
    new_figure,
    tidy,
)
from kit.results import Array, Recovered, Status

LIGHTS = {"random": "random columns", "dct": "random cosines", "smooth": "smooth, positive"}


def pictures(panels: Mapping[str, Array], signed: Sequence[str] = ()) -> Figure:
    """Grey pictures (p, q) side by side; those named in `signed` in blue and red around 0."""
    figure = new_figure(2.35 * len(panels), 2.6)
    for k, (title, image) in enumerate(panels.items()):
        ax = figure.add_subplot(1, len(panels), k + 1)
        if title in signed:
            size = np.abs(image).max()
            ax.imshow(image, cmap="RdBu", vmin=-size, vmax=size, interpolation="nearest")
        else:
            ax.imshow(image, cmap="gray", vmin=0, vmax=1.15 * image.max(), interpolation="nearest")
        ax.set_title(title, fontsize=9)
        ax.set_axis_off()
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=0.88, wspace=0.05)
    return figure


def measured(scene: Scene) -> tuple[Figure, dict[str, object]]:
    """What is measured beside what is true: y, the picture, the light.

    Facts: the share of negative products, the heights in the picture, the share of its differences
    that are 0.
    """
    show = {name: branchhull.picture(v, scene.shape) for name, v in _parts(scene).items()}
    figure = pictures(show, signed=("measured y", "light x"))
    image = branchhull.picture(scene.truth.h, scene.shape)
    steps = np.concatenate([np.diff(image, axis=axis).ravel() for axis in (0, 1)])
    return figure, {
        "negative": float(np.mean(scene.data.y < 0)),
        "heights": sorted({float(height) for height in np.unique(scene.truth.h)}),
        "flat": float(np.mean(steps == 0)),
    }


def recovery(scene: Scene, answer: Recovered) -> tuple[Figure, dict[str, object]]:
    """The measured y, the true picture, the answer's picture, its light.

    Facts: error in shares of the contrast, the certified gap, the value, the excess of
    (B h) o (C m) over y where it is largest.
    """
    data = scene.data
    w, x = data.B @ answer.h, data.C @ answer.m
    c = (w @ scene.truth.h) / max(w @ w, np.finfo(float).tiny)
    show = {
        "measured y": data.y,
        "true picture": scene.truth.h,
        "recovered picture": c * w,
        "recovered light": x / c,
    }
    panels = {name: branchhull.picture(v, scene.shape) for name, v in show.items()}
    certificate = answer.report.certificate
    on = data.y != 0
    return pictures(panels, signed=("measured y", "recovered light")), {
        "error": branchhull.contrast_error(w, scene.truth.h),
        "gap": certificate.gap,
        "value": certificate.upper,
        "largest excess": float(np.max(w[on] * x[on] / data.y[on]) - 1),
    }


def path(history: Mapping[str, Array]) -> tuple[Figure, dict[str, object]]:
    """Value, TV and mean brightness along the ADMM, both axes logarithmic.

    history  Run.history of method "admm" on an image program
    Facts: each of the three at the tenth of the iterations, and at the last one.
    """
    figure = new_figure(6.4, 3.6)
    ax = figure.subplots()
    facts: dict[str, object] = {"iterations": history["objective"].size}
    names = {"value": "objective", "total variation": "variation", "mean": "brightness"}
    for (label, name), colour in zip(names.items(), (SIGN_POS, SIGN_NEG, NEUTRAL), strict=True):
        curve = history[name]
        k = np.arange(1, curve.size + 1)
        ax.loglog(k[9:], np.maximum(curve[9:], 1e-12), **MARK[colour], label=label)
        facts[f"{label}, early"] = float(curve[max(curve.size // 10 - 1, 0)])
        facts[f"{label}, late"] = float(curve[-1])
    tidy(ax, "iteration", "", "the published program, run on")
    ax.legend(fontsize=9)
    figure.subplots_adjust(left=0.1, right=0.97, bottom=0.15, top=0.9)
    return figure, facts


def moments(scene: Scene, iterations: Sequence[int], rho: float) -> tuple[Figure, dict]:
    """The true picture, and those on the way of the ADMM on the published program (mu = 0).

    It runs the ADMM.

    Facts: iteration -> error in shares of the contrast, and the best of all iterations.
    """
    program = scene.problem(mu=0.0, lam=1000.0)
    panels = {"true picture": branchhull.picture(scene.truth.h, scene.shape)}
    facts, best = {}, (np.inf, 0)
    for k, state in enumerate(tv_admm(program, rho=rho), start=1):
        error = branchhull.contrast_error(state.h, scene.truth.h)
        best = min(best, (error, k))
        if k in iterations:
            panels[f"iteration {k}"] = branchhull.picture(np.maximum(state.h, 0), scene.shape)
            facts[k] = error
        if k >= max(iterations):
            break
    return pictures(panels), {"errors": facts, "best": best[0], "best at": best[1]}


def recovery_map(rows: Sequence[Mapping], below: float) -> tuple[Figure, dict[str, object]]:
    """Share of scenes found, over mu and N, one panel for each dictionary.

    rows   of the sweep "image-map": light, N, mu, trial, error, gap
    below  the error, in shares of the contrast, that counts as found
    Facts: "light, N, mu" -> share; scenes a cell; the largest gap of all rows.
    """
    lights = [light for light in LIGHTS if any(row["light"] == light for row in rows)]
    Ns, mus = (sorted({row[axis] for row in rows}) for axis in ("N", "mu"))
    figure = new_figure(7.2, 3.0)
    share, counts = {}, set()
    for k, light in enumerate(lights):
        table = np.full((len(Ns), len(mus)), np.nan)
        for i, N in enumerate(Ns):
            for j, mu in enumerate(mus):
                cell = [row["error"] < below for row in rows
                        if (row["light"], row["N"], row["mu"]) == (light, N, mu)]  # fmt: skip
                counts.add(len(cell))
                table[i, j] = share[light, N, mu] = float(np.mean(cell))
        ax = figure.add_subplot(1, len(lights), k + 1)
        ax.imshow(table, cmap="gray", vmin=0, vmax=1, aspect="auto", origin="lower")
        for (i, j), value in np.ndenumerate(table):
            ax.text(j, i, f"{value:.0%}", ha="center", va="center", fontsize=7,
                    color="black" if value > 0.5 else "white")  # fmt: skip
        ax.set_xticks(range(len(mus)), [f"{mu:g}" for mu in mus])
        ax.set_yticks(range(len(Ns)), [str(N) for N in Ns])
        tidy(ax, "weight mu", "columns N" if k == 0 else "", LIGHTS[light])
    figure.subplots_adjust(left=0.09, right=0.98, bottom=0.17, top=0.88, wspace=0.18)
    return figure, {
        "share": share,
        "scenes a cell": min(counts),
        "largest gap": max(row["gap"] for row in rows),
    }


def positive(rows: Sequence[Mapping]) -> tuple[Figure, dict[str, object]]:
    """Errors under smooth positive light, for both models of it: every scene a mark.

    rows  of the sweep "image-positive": exponential, mu, method, error
    Facts: (method with mu, model) -> median error.
    """
    figure = new_figure(7.2, 3.2)
    facts: dict[str, object] = {}
    runs = sorted({(row["method"], row["mu"]) for row in rows})
    names = [_label(method, mu) for method, mu in runs]
    ax = figure.subplots()
    for model, colour, shift in ((False, SIGN_POS, -0.12), (True, ESTIMATE, 0.12)):
        for k, run in enumerate(runs):
            errors = [
                row["error"]
                for row in rows
                if (row["method"], row["mu"], row["exponential"]) == (*run, model)
            ]
            facts[names[k], "log x" if model else "x"] = float(np.median(errors))
            marks = {**MARK[colour], "linestyle": "none", "marker": "s" if model else "o"}
            label = ("log x" if model else "x") + " in the subspace"
            ax.plot(np.full(len(errors), k + shift), np.maximum(errors, 1e-7), **marks,
                    alpha=0.6, label=label if k == 0 else None)  # fmt: skip
    ax.set_yscale("log")
    ax.set_xticks(range(len(names)), names, fontsize=7)
    tidy(ax, "", "error, shares of the contrast", "smooth positive light")
    ax.legend(fontsize=8)
    figure.subplots_adjust(left=0.1, right=0.98, bottom=0.16, top=0.9)
    return figure, facts


def explore(
    seed: int = 0,
    light: str = "random",
    N: int = 10,
    mu: float = 2.0,
    method: str = "solve",
    iterations: int = 30,
) -> tuple[Figure, dict[str, object]]:
    """A 24 x 24 scene, solved live: by the interior point method, or the ADMM's path.

    method      "solve": to a gap of 1e-6; "path": so many iterations of the ADMM, with slack
                lam = 1000 as published, rho = 2
    Facts: status, error, certified gap, TV of the picture, its mean.
    """
    scene = branchhull.scene(np.random.default_rng(seed), (24, 24), N, light=light, objects=2)
    if method == "path":
        program = scene.problem(mu, lam=1000.0)
        answer = branchhull.solve(program, "admm", max_iter=iterations)
    else:
        answer = branchhull.solve(scene.problem(mu), tol=1e-6)
    figure, facts = recovery(scene, answer)
    status = answer.report.run.status
    certified = status is not Status.UNATTAINED and np.isfinite(facts["gap"])
    return figure, {
        "status": str(status),
        "error, shares of the contrast": _small(facts["error"], 1e-3),
        "certified gap": _small(facts["gap"], 1e-6)
        if certified
        else "none: nothing above 0 can be proved",
        "total variation": branchhull.total_variation(answer.h, scene.shape),
        "mean": float(np.mean(np.abs(answer.h))),
    }


def _small(value: float, below: float) -> float | str:
    """The value, or in words that it is below what the solver's tolerance leaves of it."""
    return f"below {below:g}" if value < below else value


def _parts(scene: Scene) -> dict[str, Array]:
    return {"measured y": scene.data.y, "picture w = h": scene.truth.h, "light x": scene.light}


def _label(method: str, mu: float) -> str:
    return {"log": "log domain", "free": f"|m| free\nmu {mu:g}"}.get(method, f"plain\nmu {mu:g}")
