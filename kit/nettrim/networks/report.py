"""What pruning a network came to: to be read as a table, or taken on as data."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kit.results import Array, Pruned


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


def _share(value: float) -> str:
    """A share in percent with two digits; large ones as factors."""
    if not np.isfinite(value):
        return "-"
    if value < 10:
        return f"{100 * value:.2g}%"
    return f"{value:.0f}x" if value < 1e4 else f"{value:.0e}"
