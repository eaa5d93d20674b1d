"""Sums, products, steps and tables: C for exact functions of the number that a chain follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trigger.emulate.native.kernel import Kernel
from trigger.emulate.native.lanes import Lane, narrowest
from trigger.emulate.native.steps import Chain, Term, clip, overflow_to, round_to, wrap_to
from trigger.fixed import FixedFormat, Rounding
from trigger.layers.pointwise import C_INT

INTEGERS = (Lane.I32, Lane.I64)


def fork(chain: Chain) -> Chain:
    """Return a chain that goes its own way from here, in the same statements."""
    return replace(chain)


def align(chain: Chain, fractional: int) -> None:
    """Append the move to a step that is no coarser, where a number needs no rounding."""
    assert fractional >= chain.term.fractional
    round_to(chain, FixedFormat(1, 1 - fractional))


def times(chain: Chain, factors: Sequence[int], fractional: int, table: str = "") -> None:
    """Append the product with a constant, or with that of channel ``c``.

    Args:
        factors: raw, of ``fractional`` bits right of the point.
        table: C name of a function that writes them; needed where there are several.
    """
    term = chain.term
    ends = [end * factor for end in (term.low, term.high) for factor in factors]
    chain.make_room(min(*ends, *factors), max(*ends, *factors))
    lane = chain.term.lane
    factor = f"{table}_{lane.vector}[c]" if len(factors) > 1 else lane.literal(factors[0])
    after = Term(lane, min(ends), max(ends), term.fractional + fractional)
    chain.let(f"{chain.name} * {factor}", after)


def plus(chain: Chain, number: int) -> None:
    """Append the sum with a constant in the chain's own steps."""
    if number == 0:
        return
    low, high = chain.term.low + number, chain.term.high + number
    chain.make_room(min(low, number), max(high, number))
    after = replace(chain.term, low=low, high=high)
    chain.let(f"{chain.name} + {after.lane.literal(number)}", after)


def meet(left: Chain, right: Chain, low: int, high: int) -> Lane:
    """Bring two chains to one lane, which holds a range, too; return it."""
    lows, highs = (left.term.low, right.term.low, low), (left.term.high, right.term.high, high)
    lane = narrowest(min(lows), max(highs))
    left.cast(lane)
    right.cast(lane)
    return lane


def add(left: Chain, right: Chain, sign: int = 1) -> None:
    """Append left + sign x right to ``left``; both in the same steps."""
    assert left.term.fractional == right.term.fractional
    ends = sorted((sign * right.term.low, sign * right.term.high))
    low, high = left.term.low + ends[0], left.term.high + ends[1]
    lane = meet(left, right, low, high)
    after = Term(lane, low, high, left.term.fractional)
    left.let(f"{left.name} {'+' if sign > 0 else '-'} {right.name}", after)


def multiply(left: Chain, right: Chain) -> None:
    """Append left x right to ``left``."""
    a, b = left.term, right.term
    ends = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    lane = meet(left, right, min(ends), max(ends))
    after = Term(lane, min(ends), max(ends), a.fractional + b.fractional)
    left.let(f"{left.name} * {right.name}", after)


def staircase(chain: Chain, start: int, steps: Sequence[tuple[str | int, int]]) -> None:
    """Append ``start`` plus the heights of all steps that the number has reached.

    Args:
        steps: (where, height); where is a raw number or a C expression in the chain's lane.
    """
    chain.make_room(chain.term.low, chain.term.high + 1)
    term = chain.term
    whole = Lane.I64 if term.lane.bits == 64 else Lane.I32
    total = f"({chain.c_type(whole)}){{0}} + {start}"
    for place, height in steps:
        if isinstance(place, int):
            place = term.lane.literal(min(max(place, term.low), term.high + 1))
        if height:
            total += f" - {height} * ({chain.c_type(whole)})({chain.name} >= {place})"
    heights = [height for _, height in steps]
    low = start + sum(min(height, 0) for height in heights)
    high = start + sum(max(height, 0) for height in heights)
    chain.let(total, Term(whole, low, high, 0))


def lookup(kernel: Kernel, chain: Chain, name: str, numbers: Sequence[int]) -> None:
    """Append numbers[x], raw in whole steps; the caller knows that x is a place in the table."""
    chain.make_room(0, len(numbers) - 1, INTEGERS)
    assert chain.term.low >= 0
    assert chain.term.high < len(numbers)
    lane = narrowest(min(numbers), max(numbers))
    table = kernel.constants(name, lane, numbers)
    after = Term(lane, min(numbers), max(numbers), 0)
    chain.let(f"LOOKUP({chain.c_type(lane)}, {table}, {chain.name})", after)


def truncate(chain: Chain) -> None:
    """Append the cut towards zero to a whole number of steps."""
    round_to(chain, FixedFormat(1, 1, True, Rounding.TRN_ZERO))


def index_of(chain: Chain, size: int, span: int, offset: int = 0) -> None:
    """Append int(x size / span) + offset, as ``trigger.layers.pointwise.table_index`` says."""
    assert abs(span) & (abs(span) - 1) == 0, "tables span a power of two"
    fractional, halvings = chain.term.fractional, abs(span).bit_length() - 1
    times(chain, [size if span > 0 else -size], -fractional)
    chain.term = replace(chain.term, fractional=halvings + max(fractional, 0))
    truncate(chain)
    if fractional < 0:
        chain.term = replace(chain.term, fractional=fractional)
        align(chain, 0)
    plus(chain, offset)
    if chain.term.low < C_INT.raw_min or chain.term.high > C_INT.raw_max:
        wrap_to(chain, C_INT.width, True)


def into_table(chain: Chain, size: int) -> None:
    """Append the clip to the places of a table."""
    clip(chain, 0, size - 1)


def tree_sum(
    kernel: Kernel, accumulator: FixedFormat, lane: Lane, count: int
) -> tuple[list[str], Term]:
    """Return the statements that add up the array ``t`` by halving, each sum in the accumulator.

    The sum is in t[0] then; the second result says what it can be.
    """
    both = Term(lane, 2 * accumulator.raw_min, 2 * accumulator.raw_max, accumulator.fractional)
    limited = Chain(both)
    overflow_to(limited, accumulator)
    limit = kernel.function("limit", limited, both, lane)
    total = Term(lane, accumulator.raw_min, accumulator.raw_max, accumulator.fractional)
    return [
        f"for (long n = {count}; n > 1; n = (n + 1) / 2) {{",
        f"  for (long k = 0; k < n / 2; k++) t[k] = {limit}(t[2 * k] + t[2 * k + 1], 0);",
        "  if (n & 1) t[n / 2] = t[n - 1];",
        "}",
    ], total
