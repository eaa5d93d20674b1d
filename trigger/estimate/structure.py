"""What a layer is made of, as the laws see it: exact counts, and terms that await coefficients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from trigger.budget import Quantity
from trigger.estimate.context import Context
from trigger.estimate.descriptor import LayerDescriptor
from trigger.estimate.terms import Terms

TIMES = (Quantity.LATENCY_MIN_CYCLES, Quantity.LATENCY_CYCLES, Quantity.INTERVAL_CYCLES)


@dataclass(frozen=True, slots=True)
class Structure:
    """One layer: a quantity is its exact part plus coefficients times its terms."""

    law: str
    """Name under which bands, and the coefficients of times, stand."""
    exact: Mapping[Quantity, float] = field(default_factory=dict)
    terms: Mapping[Quantity, Terms] = field(default_factory=dict)
    area_law: str = ""
    """Name of the coefficients of LUT and FF where several laws share them; "" is ``law``."""
    time_law: str = ""
    """The same for latency and interval."""

    def law_of(self, quantity: Quantity) -> str:
        """Return the name under which the coefficients of a quantity stand."""
        return (self.time_law if quantity in TIMES else self.area_law) or self.law


Depth = Callable[[LayerDescriptor, Context], float]
"""Pipeline depth, in cycles, of the matrix product of a layer with constant weights."""

Builder = Callable[[LayerDescriptor, Context, Depth], Structure | None]
