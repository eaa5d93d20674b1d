"""Fixed-point formats: spelling, growth laws both ways, and conversion against exact arithmetic."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger.errors import FormatError
from trigger.fixed import FixedFormat, Overflow, Rounding, from_values, requantise

formats = st.builds(
    FixedFormat,
    width=st.integers(1, 80),
    integer=st.integers(-20, 60),
    signed=st.booleans(),
    rounding=st.sampled_from(Rounding),
    overflow=st.sampled_from(Overflow),
)


def converted(value: Fraction, target: FixedFormat) -> int:
    """Return a value's raw number in ``target`` by the words of the two modes."""
    steps = value / target.step
    down = floor(steps)
    rest = steps - down
    half = Fraction(1, 2)
    up = {
        Rounding.TRN: False,
        Rounding.TRN_ZERO: steps < 0 and rest > 0,
        Rounding.RND: rest >= half,
        Rounding.RND_ZERO: rest > half or (rest == half and steps < 0),
        Rounding.RND_INF: rest > half or (rest == half and steps >= 0),
        Rounding.RND_MIN_INF: rest > half,
        Rounding.RND_CONV: rest > half or (rest == half and down % 2 == 1),
    }[target.rounding]
    raw = down + up
    if target.raw_min <= raw <= target.raw_max and not (
        target.overflow is Overflow.SAT_SYM
        and target.signed
        and target.width > 1
        and raw == target.raw_min
    ):
        return raw
    match target.overflow:
        case Overflow.WRAP:
            return (raw - target.raw_min) % 2**target.width + target.raw_min
        case Overflow.SAT:
            return target.raw_max if raw > 0 else target.raw_min
        case Overflow.SAT_ZERO:
            return 0
        case Overflow.SAT_SYM:
            if raw > 0:
                return target.raw_max
            one_bit = target.width == 1  # -1 is all that a signed bit can clip to
            return 0 if not target.signed else -1 if one_bit else -target.raw_max


@given(source=formats, target=formats, data=st.data())
def test_requantise_is_round_then_overflow(source, target, data):
    raw = data.draw(
        st.lists(st.integers(source.raw_min, source.raw_max), min_size=1, max_size=5).map(
            lambda raws: [source.raw_min, source.raw_max, *raws]
        )
    )
    array = np.array(raw, dtype=object if source.width > 62 else np.int64)

    result = requantise(array, source, target)

    assert result.dtype == (object if target.width > 63 else np.int64)
    assert result.tolist() == [converted(number * source.step, target) for number in raw]


@given(target=formats, values=st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=8))
def test_real_numbers_enter_a_format_as_exact_dyadic_rationals(target, values):
    result = from_values(values, target)

    assert result.tolist() == [converted(Fraction(value), target) for value in values]


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(FormatError, match="not finite"):
        from_values([1.0, float("nan")], FixedFormat(8, 4))


@given(formats)
def test_the_text_of_a_format_is_read_back(form):
    assert FixedFormat.parse(str(form)) == form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("ap_fixed<16,6>", FixedFormat(16, 6)),
        ("ap_ufixed< 8 , 0 >", FixedFormat(8, 0, signed=False)),
        ("fixed<6,1,TRN,WRAP,0>", FixedFormat(6, 1)),
        (
            "ufixed<6,2,RND_CONV,SAT,0>",
            FixedFormat(6, 2, False, Rounding.RND_CONV, Overflow.SAT),
        ),
        (
            "ap_ufixed<16,4,AP_RND,AP_SAT,AP_SAT>",
            FixedFormat(16, 4, False, Rounding.RND, Overflow.SAT),
        ),
        ("ap_fixed<9,3,AP_TRN,AP_WRAP,AP_SAT>", FixedFormat(9, 3)),
        ("ap_int<9>", FixedFormat(9, 9)),
        ("uint<1>", FixedFormat(1, 1, signed=False)),
        ("ac_fixed<16,6,true,AC_RND,AC_SAT>", FixedFormat(16, 6, True, Rounding.RND, Overflow.SAT)),
        ("ap_fixed<8,-2>", FixedFormat(8, -2)),
    ],
)
def test_types_are_read_as_people_write_them(text, form):
    assert FixedFormat.parse(text) == form


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("float", "cannot read the type 'float'"),
        ("ap_fixed<a,b>", "cannot read the type"),
        ("ap_fixed<16>", "cannot read the type"),
        ("ap_int<8,AP_RND>", "cannot read the type"),
        ("ap_fixed<8,4,AP_RUND>", r"'AP_RUND' .* is not a mode of rounding.*AP_RND_CONV"),
        ("ap_fixed<8,4,AP_RND,AP_WRAP_SM>", "not a mode of overflow"),
        ("ap_fixed<8,4,AP_RND,AP_WRAP,2>", "2 saturation bits"),
        ("ap_fixed<8,4,AP_RND,AP_WRAP,AP_WRAP>", "AP_WRAP saturation bits"),
        ("ap_fixed<8,4,AP_RND,AP_SAT,AP_SATT>", "AP_SATT saturation bits"),
        ("ap_fixed<8,4,AP_TRN,AP_TRK>", "'AP_TRK' .* is not a mode of overflow.*AP_SAT_SYM"),
        ("ap_fixed<8,4,AP_TRN,AP_WRAP,0,TRK>", "cannot read the type"),
        ("ac_fixed<8,4,maybe>", "cannot read the type"),
        ("ap_fixed<1 6,4>", "cannot read the type"),
        ("ap_fixed<1_6,4>", "cannot read the type"),
        ("ap_ufixed<0,0>", "has 0 bits, 0 of them integer. Allowed: 1 to 32768 bits"),
        ("ap_fixed<8,999999999999>", "has 8 bits, 999999999999 of them integer"),
    ],
)
def test_other_types_are_refused_with_their_place_and_what_is_allowed(text, message):
    with pytest.raises(FormatError, match=f"^defines.h:7: .*{message}"):
        FixedFormat.parse(text, "defines.h:7")


small = st.builds(
    FixedFormat, width=st.integers(1, 6), integer=st.integers(-3, 8), signed=st.booleans()
)


def extremes(form):
    return (form.raw_min * form.step, form.raw_max * form.step)


@given(small, small)
def test_a_product_format_is_sufficient_and_one_bit_fewer_is_not(left, right):
    product = FixedFormat.for_product(left, right)
    values = [a * b for a in extremes(left) for b in extremes(right)]
    low, high = extremes(product)
    assert all(low <= value <= high and (value / product.step).denominator == 1 for value in values)

    if product.width > 1:
        low, high = extremes(FixedFormat(product.width - 1, product.integer - 1, product.signed))
        assert any(value < low or value > high for value in values)


@given(small, st.integers(1, 40))
def test_a_sum_format_is_sufficient_and_one_bit_fewer_is_not(terms, count):
    total = FixedFormat.for_sum(terms, count)
    low, high = extremes(total)
    values = [count * value for value in extremes(terms)]
    assert all(low <= value <= high for value in values)

    if total.width > 1:
        low, high = extremes(FixedFormat(total.width - 1, total.integer - 1, total.signed))
        assert any(value < low or value > high for value in values)


@given(st.integers(-(2**70), 2**70), st.integers(-(2**70), 2**70), st.integers(-5, 5))
def test_a_range_format_is_the_narrowest(first, second, fractional):
    low, high = sorted((first, second))
    form = FixedFormat.for_range(low, high, fractional)
    assert form.raw_min <= low <= high <= form.raw_max
    assert form.fractional == fractional
    if form.width > 1:
        narrower = FixedFormat(form.width - 1, form.integer - 1, form.signed)
        assert not narrower.raw_min <= low <= high <= narrower.raw_max
