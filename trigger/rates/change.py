"""How a share of events moves when the same events are decided again."""

from __future__ import annotations

from dataclasses import dataclass

from trigger.errors import ReportError
from trigger.rates.efficiency import COVERAGE, clopper_pearson


@dataclass(frozen=True, slots=True)
class Change:
    """Events that pass now and did not before, and the other way round."""

    gained: int
    lost: int
    total: int
    low: float
    """Of the change of the share."""
    high: float
    coverage: float
    """Confidence level of [low, high]; it covers at least this."""

    @property
    def value(self) -> float:
        """Share of events that pass now, less the share that passed before."""
        return (self.gained - self.lost) / self.total


def measure_change(gained: int, lost: int, total: int, coverage: float = COVERAGE) -> Change:
    """Return the change of a share, counted on the same events before and after.

    Only events whose decision changes carry it. The interval is that of the difference of two
    binomial shares, gained and lost, each with half of the error (Bonferroni): it never claims
    that nothing can move because nothing did.

    Raises:
        ReportError: counts that do not go together, or an impossible coverage.
    """
    if min(gained, lost) < 0 or gained + lost > total:
        raise ReportError(
            f"{gained} gained and {lost} lost of {total} events",
            where="change of a share",
            allowed="counts of at least 0, together no more than the events",
        )
    each = 1 - (1 - coverage) / 2
    gain_low, gain_high = clopper_pearson(gained, total, each)
    loss_low, loss_high = clopper_pearson(lost, total, each)
    return Change(gained, lost, total, gain_low - loss_high, gain_high - loss_low, coverage)
