"""The verdict: one check per limit, unknown is not a pass, and bands are told."""

import math
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger.budget import (
    Budget,
    Check,
    Cost,
    Figure,
    LayerCost,
    Outcome,
    Quantity,
    Source,
    best,
    judge,
)
from trigger.device import find
from trigger.errors import DesignError


def figure(value: float, low: float | None = None, high: float | None = None) -> Figure:
    return Figure(value, Source.ESTIMATE, low, high, coverage=0.8 if low is not None else None)


def cost(clock_period_ns: float = 3.125, **figures: Figure) -> Cost:
    return Cost(
        Source.ESTIMATE,
        LayerCost("total", "design", **figures),
        (),
        "xcvu13p",
        clock_period_ns,
        "Vitis HLS",
        "test",
    )


def only(budget: Budget, price: Cost, part: str | None = "xcvu13p", **qualities: Figure):
    (check,) = judge(budget, price, find(part) if part else None, qualities).checks
    return check


@pytest.mark.parametrize(
    ("budget", "value"),
    [
        (Budget(latency_ns=100.0), 100.0),
        (Budget(latency_cycles=32), 32.0),
        (Budget(latency_bx=4), 4.0),
    ],
    ids=["ns", "cycles", "crossings"],
)
def test_latency_in_three_units_and_equal_is_kept(budget: Budget, value: float) -> None:
    check = only(budget, cost(latency_cycles=figure(32)))
    assert (check.outcome, check.value, check.margin) == (Outcome.PASS, value, 0.0)
    assert only(budget, cost(latency_cycles=figure(33))).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("clock", "multiplexing", "limit"),
    [(3.125, 1, 8), (5.0, 1, 5), (4.0, 1, 6), (2.5, 6, 60), (25.0 / 9, 1, 9)],
)
def test_interval_counts_whole_cycles_of_the_crossings(clock, multiplexing, limit) -> None:
    budget = Budget(interval_bx=1, time_multiplexing=multiplexing)
    at = only(budget, cost(clock, interval_cycles=figure(limit)))
    over = only(budget, cost(clock, interval_cycles=figure(limit + 1)))
    assert (at.limit, at.outcome, over.outcome) == (limit, Outcome.PASS, Outcome.FAIL)
    assert f"{limit} whole cycles" in at.note


def test_another_collider_has_another_crossing_period() -> None:
    budget = Budget(interval_bx=1, crossing_period_ns=8.0)
    assert only(budget, cost(4.0, interval_cycles=figure(2))).limit == 2


@pytest.mark.parametrize(
    "budget",
    [
        Budget(latency_ns=1e9),
        Budget(interval_bx=1e9),
        Budget(interval_cycles=1e9),
        Budget(device={"lut": 1.0}),
        Budget(per_slr={"bram_18k": 1.0}),
        Budget(auc_loss=1.0),
        Budget(quality={"efficiency_loss": 1.0}),
    ],
)
def test_unknown_is_never_a_pass(budget: Budget) -> None:
    verdict = judge(budget, cost(), find("xcvu13p"))
    assert verdict.outcome is Outcome.UNKNOWN
    assert "unknown, so not passed" in verdict.checks[0].note
    assert verdict.checks[0].margin is None


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_no_number_is_unknown(value: float) -> None:
    assert only(Budget(latency_ns=1), cost(latency_cycles=figure(value))).outcome is Outcome.UNKNOWN


def test_without_a_device_fractions_are_unknown() -> None:
    check = only(Budget(device={"lut": 0.5}), cost(lut=figure(1)), part=None)
    assert check.outcome is Outcome.UNKNOWN
    assert "device is not known" in check.note


def test_a_count_that_the_device_lacks_is_unknown() -> None:
    check = only(Budget(device={"lut": 0.5}), cost(lut=figure(1)), part="Arria10")
    assert check.outcome is Outcome.UNKNOWN


def test_a_design_that_fits_the_device_but_not_one_slr_says_so() -> None:
    price = cost(dsp=figure(4000))
    assert only(Budget(device={"dsp": 1.0}), price).outcome is Outcome.PASS
    check = only(Budget(per_slr={"dsp": 1.0}), price)
    assert check.outcome is Outcome.FAIL
    assert check.value == pytest.approx(4000 / 3072)
    assert "fits the device of 4 SLRs but not one of them" in check.note
    too_large = only(Budget(per_slr={"dsp": 1.0}), cost(dsp=figure(20000)))
    assert "but not one" not in too_large.note


def test_a_resource_that_the_part_has_none_of() -> None:
    used = only(Budget(device={"uram": 0.5}), cost(uram=figure(2)), part="xcku115")
    assert (used.outcome, used.value) == (Outcome.FAIL, 2)
    unused = only(Budget(device={"uram": 0.5}), cost(uram=figure(0)), part="xcku115")
    assert unused.outcome is Outcome.PASS


def test_a_misspelt_resource_is_an_error() -> None:
    with pytest.raises(DesignError, match=r"luts is not a resource\..*bram_18k.*mean lut"):
        Budget(device={"luts": 0.5})


@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, math.nan])
@pytest.mark.parametrize(
    "name", [field.name for field in fields(Budget) if field.name.endswith(("_ns", "_bx"))]
)
def test_times_are_finite_and_above_zero(name: str, value: float) -> None:
    with pytest.raises(DesignError, match=rf"{name}: .*a finite number above 0"):
        Budget(**{name: value})


@pytest.mark.parametrize("value", [-0.1, 1.1, math.inf, math.nan])
def test_fractions_lie_between_nothing_and_all(value: float) -> None:
    for scope in ("device", "per_slr", "quality"):
        name = "efficiency_loss" if scope == "quality" else "lut"
        with pytest.raises(DesignError, match=rf"{scope}\.{name}: .*a fraction from 0 to 1"):
            Budget(**{scope: {name: value}})
    with pytest.raises(DesignError, match=r"auc_loss: .*a fraction from 0 to 1"):
        Budget(auc_loss=value)
    assert Budget(device={"uram": 0.0}, per_slr={"lut": 1.0}).auc_loss is None


def test_the_band_is_told_and_does_not_decide() -> None:
    over = only(Budget(latency_cycles=10), cost(latency_cycles=figure(9, 7, 12)))
    assert over.outcome is Outcome.PASS
    assert "80% band reaches 12, over the limit" in over.note
    under = only(Budget(latency_cycles=10), cost(latency_cycles=figure(11, 7, 12)))
    assert under.outcome is Outcome.FAIL
    assert "begins at 7, within the limit" in under.note
    clear = only(Budget(latency_cycles=10), cost(latency_cycles=figure(5, 4, 6)))
    assert "band" not in clear.note


def test_a_loss_is_limited_and_a_gain_is_not() -> None:
    def answer(loss: float, limit: float) -> Outcome:
        measured = Figure(loss, Source.MEASURED)
        return only(Budget(auc_loss=limit), cost(), auc_loss=measured).outcome

    assert answer(0.004, 0.005) is Outcome.PASS
    assert answer(0.004, 0.003) is Outcome.FAIL
    assert answer(-0.4, 0.003) is Outcome.PASS


def test_one_failure_fails_and_nothing_asked_is_unknown() -> None:
    budget = Budget(latency_ns=10, interval_bx=1, auc_loss=0.1)
    verdict = judge(budget, cost(latency_cycles=figure(50), interval_cycles=figure(1)))
    outcomes = [check.outcome for check in verdict.checks]
    assert outcomes == [Outcome.FAIL, Outcome.PASS, Outcome.UNKNOWN]
    assert verdict.outcome is Outcome.FAIL
    assert judge(Budget(), cost()).outcome is Outcome.UNKNOWN


@given(value=st.floats(0, 1e6), limit=st.floats(1e-3, 1e6), more=st.floats(0, 1e6))
def test_a_larger_limit_never_turns_a_pass_into_a_failure(value, limit, more) -> None:
    price = cost(latency_cycles=figure(value))
    if only(Budget(latency_ns=limit), price).outcome is Outcome.PASS:
        assert only(Budget(latency_ns=limit + more), price).outcome is Outcome.PASS


def test_figures_are_found_by_quantity() -> None:
    price = cost(latency_min_cycles=figure(3))
    assert price.total.figure(Quantity.LATENCY_MIN_CYCLES) == figure(3)
    assert price.total.figure(Quantity.URAM) is None


def test_each_figure_is_taken_from_the_best_source() -> None:
    def read(source: Source, **values: float) -> Cost:
        figures = {name: Figure(value, source, note="file") for name, value in values.items()}
        return replace(cost(**figures), source=source, origin=source.value)

    estimated = cost(latency_cycles=figure(10), lut=figure(100), uram=figure(0))
    csynth = read(Source.CSYNTH, latency_cycles=12, lut=200, ff=50)
    cosim = read(Source.RTL_SIMULATION, latency_cycles=11)
    synthesis = read(Source.SYNTHESIS, lut=80)
    chosen = best([estimated, csynth, cosim, synthesis])
    assert (chosen.source, chosen.layers) == (Source.SYNTHESIS, ())
    sources = {each: chosen.total.figure(each) for each in Quantity}
    assert {each: found.source for each, found in sources.items() if found} == {
        Quantity.LATENCY_CYCLES: Source.RTL_SIMULATION,
        Quantity.LUT: Source.SYNTHESIS,
        Quantity.FF: Source.CSYNTH,
        Quantity.URAM: Source.ESTIMATE,
    }
    assert best([estimated]).total == estimated.total
    check = only(Budget(latency_cycles=20), chosen)
    assert (check.source, check.note.split("; ")[-1]) == (Source.RTL_SIMULATION, "read from file")


def test_a_design_that_spans_dies_is_told_even_where_only_the_device_is_limited() -> None:
    class Two:
        part, slrs = "xctwo", 2

        def capacity(self, resource: str, *, per_slr: bool = False) -> float:
            return 1000.0 if per_slr else 2000.0

    total = LayerCost(
        "total", "", lut=Figure(1500.0, Source.CSYNTH), ff=Figure(800.0, Source.CSYNTH)
    )
    cost = Cost(Source.CSYNTH, total, (), "xctwo", 5.0, "", "")
    checks = judge(Budget(device={"lut": 0.9, "ff": 0.9}), cost, Two()).checks
    assert [check.outcome for check in checks] == [Outcome.PASS, Outcome.PASS]
    assert "more than one SLR has (1000)" in checks[0].note
    assert "SLR" not in checks[1].note


def test_a_limit_within_the_band_of_a_value_is_told_apart():
    sure = Check("latency_ns", 80.0, 100.0, "ns", Outcome.PASS, Source.ESTIMATE, 70.0, 90.0)
    assert not sure.within_band
    assert replace(sure, high=110.0).within_band
    assert replace(sure, value=105.0, outcome=Outcome.FAIL, low=95.0, high=120.0).within_band
    assert not replace(sure, low=None, high=None).within_band
