"""What pruning a network came to: to be read as a table, looked at, or taken on as data."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kit.results import Array, Pruned

if TYPE_CHECKING:
    from matplotlib.figure import Figure  # of the extra `pictures`: a kit without it can prune

BLUE, ORANGE = "#0072B2", "#D55E00"  # of Okabe and Ito, told apart by everybody


@dataclass(frozen=True, eq=False)
class PrunedNetwork:
    """A pruned network, the certified answers it is made of, and measured beside promised errors.

    network      of the kind that went in: Network, estimator, module
    layers       one Pruned for every layer, None where a layer was left alone; with normalise=True
                 they belong to the link-normalised network; before a refit
    epsilon      eps_l, absolute (0 where left alone)
    realised     error of one layer alone: parallel |relu(W^_l'Y_(l-1)) - Y_l|_F on the original
                 input, cascade |Y^_l - Y_l|_F
    discrepancy  |Y^_l - Y_l|_F, all layers together, as both networks have shown on the samples
    bound        what the discrepancy cannot exceed, by norms of the weights that are there now; inf
                 where the layer is not in a chain (kit/nettrim/networks/promises.py)
    theorem      what Theorem 1 or 2 promises before anything is solved, for networks that are not
                 link-normalised; inf where a refit leaves no promise
    notes        what was decided on the way
    shapes, zeros, sizes    (N, M), share of exact zeros without biases, |Y_l|_F
    moved        |outputs after - outputs before|_F / |outputs before|_F
    """

    network: Any
    layers: tuple[Pruned | None, ...]
    epsilon: Array  # (n_layers,)
    realised: Array  # (n_layers,)
    discrepancy: Array  # (n_layers,)
    bound: Array  # (n_layers,)
    theorem: Array  # (n_layers,)
    notes: tuple[str, ...]
    names: tuple[str, ...]
    shapes: tuple[tuple[int, int], ...]
    zeros: Array  # (n_layers,)
    sizes: Array  # (n_layers,)
    moved: float

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary for every layer, errors as shares of |Y_l|_F."""
        errors = {"epsilon": self.epsilon, "alone": self.realised, "discrepancy": self.discrepancy}
        errors |= {"bound": self.bound, "theorem": self.theorem}
        found = []
        for k, answer in enumerate(self.layers):
            row = {"layer": self.names[k], "shape": "x".join(map(str, self.shapes[k]))}
            row["zeros"] = float(self.zeros[k])
            row |= {name: float(e[k] / (self.sizes[k] or 1.0)) for name, e in errors.items()}
            row["gap"] = answer.report.certificate.gap if answer else np.nan
            row["status"] = answer.report.run.status.name if answer else "left alone"
            found.append(row)
        return found

    def to_frame(self) -> Any:
        """`rows` as a pandas DataFrame. ValueError where pandas is not installed."""
        try:
            import pandas as pd
        except ImportError:
            raise ValueError("to_frame needs pandas: pip install pandas, or use rows()") from None
        return pd.DataFrame(self.rows()).set_index("layer")

    def __repr__(self) -> str:
        name = "-".join(map(str, getattr(self.network, "sizes", ()))) or type(self.network).__name__
        lines = [
            f"PrunedNetwork({name}): outputs moved by {self.moved:.2%}; errors in shares of a "
            f"layer's answers"
        ]
        shares = {"zeros": "zeros", "epsilon": "epsilon", "discrepancy": "discrepancy"}
        shares |= {"bound": "promised", "theorem": "theorem"}
        cells = [("layer", "shape", *shares.values(), "    gap", "status")]
        for row in self.rows():
            gap = "" if np.isnan(row["gap"]) else f"{row['gap']:.0e}"
            told = [_share(row[name]) for name in shares]
            cells.append((row["layer"], row["shape"], *told, gap, row["status"]))
        wide = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for first, *middle, last in cells:
            parts = [first.ljust(wide[0]), *map(str.rjust, middle, wide[1:]), last]
            lines.append("  " + "  ".join(parts))
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])

    def plot(self) -> "Figure":
        """Share of zeros, and measured beside promised errors (logarithmic), layer by layer."""
        from matplotlib.figure import Figure

        rows, place = self.rows(), np.arange(len(self.layers))
        fig = Figure(figsize=(max(6.4, 2.4 + 0.9 * len(rows)), 3.4))
        left, right = fig.subplots(1, 2)
        left.bar(place, [100 * row["zeros"] for row in rows], color=BLUE)
        left.set(ylim=(0, 100), ylabel="zeros (%)")
        shares = np.array([[row[name] for row in rows] for name in ("discrepancy", "bound")])
        known = np.isfinite(shares)
        shown = shares[known & (shares > 0)]
        least = (shown.min() if shown.size else 1e-3) / 3
        looks = (-0.2, BLUE, "", "measured"), (0.2, ORANGE, "//", "promised at most")
        for share, at, (shift, colour, hatch, label) in zip(shares, known, looks, strict=True):
            look = {"color": colour, "hatch": hatch, "edgecolor": "white", "label": label}
            right.bar((place + shift)[at], np.maximum(share[at], least), 0.38, **look)
        for k in np.flatnonzero(~known[1]):
            right.text(k + 0.2, least * 1.1, "no promise", rotation=90, fontsize=7, ha="center")
        right.set(yscale="log", ylim=(least, None), ylabel="error, share of the answers")
        right.legend(frameon=False, fontsize=8)
        for ax in (left, right):
            turn = 45 if max(map(len, self.names)) > 3 else 0
            ax.set_xticks(place, self.names, rotation=turn, ha="right" if turn else "center")
            ax.set_xlabel("layer")
            ax.spines[["top", "right"]].set_visible(False)
        fig.tight_layout()
        return fig


def _share(value: float) -> str:
    """A share in percent with two digits; large ones as factors."""
    if not np.isfinite(value):
        return "-"
    if value < 10:
        return f"{100 * value:.2g}%"
    return f"{value:.0f}x" if value < 1e4 else f"{value:.0e}"
