"""How the efficiency rises with a quantity of the event."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trigger.errors import ReportError
from trigger.rates.efficiency import COVERAGE, Efficiency, measure_efficiency


def measure_turn_on(
    passed: npt.ArrayLike,
    variable: npt.ArrayLike,
    edges: npt.ArrayLike,
    coverage: float = COVERAGE,
) -> tuple[Efficiency | None, ...]:
    """Return the efficiency in each bin of a variable; None where no event lies.

    Args:
        passed: ``(events,)`` booleans.
        variable: ``(events,)``, such as the total charge.
        edges: one more than bins, rising; a bin holds its lower edge, the last both. Events outside
            are left out.

    Raises:
        ReportError: shapes that do not go together, or edges that do not rise.
    """
    decisions, values = np.asarray(passed, dtype=bool), np.asarray(variable)
    borders = np.asarray(edges)
    if decisions.shape != values.shape or decisions.ndim != 1:
        raise ReportError(
            f"{decisions.shape} decisions and {values.shape} values",
            where="turn-on",
            allowed="one of each for every event",
        )
    if borders.ndim != 1 or len(borders) < 2 or not np.all(np.diff(borders) > 0):
        raise ReportError("the edges do not rise", where="turn-on", allowed="two or more, rising")
    total, _ = np.histogram(values, borders)
    accepted, _ = np.histogram(values[decisions], borders)
    return tuple(
        measure_efficiency(int(good), int(every), coverage) if every else None
        for good, every in zip(accepted, total, strict=True)
    )


def equal_shares(variable: npt.ArrayLike, bins: int) -> npt.NDArray[np.float64]:
    """Return edges of at most ``bins`` bins that hold about equally many events each."""
    return np.unique(np.quantile(np.asarray(variable, np.float64), np.linspace(0, 1, bins + 1)))
