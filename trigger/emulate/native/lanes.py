"""Lane types: which C number holds the integers of a tensor, proven by their range."""

from __future__ import annotations

from enum import Enum

from trigger.errors import UnsupportedLayerError


class Lane(Enum):
    """A C element type; every integer within +-``exact`` is held exactly."""

    F32 = ("float", 32, 2**24)
    I32 = ("int32_t", 32, 2**31 - 1)
    F64 = ("double", 64, 2**53)
    I64 = ("int64_t", 64, 2**63 - 1)

    def __init__(self, c_type: str, bits: int, exact: int) -> None:
        self.c_type = c_type
        self.bits = bits
        self.exact = exact

    @property
    def is_float(self) -> bool:
        return self in (Lane.F32, Lane.F64)

    @property
    def vector(self) -> str:
        """C type that holds one number of every event of a vector."""
        return self.name.lower()

    @property
    def part(self) -> str:
        """C type of one machine register of it (64-bit lanes take two for all events)."""
        return self.vector if self.bits == 32 else f"{self.vector}_part"

    @property
    def parts(self) -> int:
        return self.bits // 32

    def holds(self, low: int, high: int) -> bool:
        return -self.exact - (not self.is_float) <= low and high <= self.exact

    def literal(self, number: int) -> str:
        """Return an integer as a C constant of this lane."""
        if self.is_float:
            return f"{number}.{'f' if self is Lane.F32 else '0'}"
        if number == -self.exact - 1:
            return f"INT{self.bits}_MIN"
        return f"{number}LL" if self is Lane.I64 else str(number)


def narrowest(low: int, high: int, allowed: tuple[Lane, ...] = tuple(Lane)) -> Lane:
    """Return the first lane that holds a range.

    Raises:
        UnsupportedLayerError: numbers beyond 63 bits.
    """
    for lane in allowed:
        if lane.holds(low, high):
            return lane
    raise UnsupportedLayerError(
        f"integers from {low} to {high} do not fit",
        where="native engine",
        allowed=", ".join(lane.c_type for lane in allowed),
        remedy="use the reference engine, which takes any width",
    )
