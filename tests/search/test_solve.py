"""The solver's front is the best of all legal settings: brute force says so."""

import functools
import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from tests.builders import conv2d, dense, pixels_in, pooling2d, relu, weights
from trigger.budget import Budget, Cost, Outcome, Quantity
from trigger.design import IOType, Strategy, Target
from trigger.device import find
from trigger.errors import EstimateError
from trigger.estimate import describe, estimate, estimate_layers
from trigger.estimate.coefficients import Coefficients, read_coefficients
from trigger.estimate.context import context_for
from trigger.fixed import FixedFormat
from trigger.layers import Conv2D, LayerNormalization, MultiplyAccumulate, Reshape
from trigger.layers.reuse import legal_parallelization_factors, legal_reuse_factors
from trigger.network import Network
from trigger.search import Candidate, Setting, apply_settings, solve
from trigger.search.composition import COLUMNS, Column, Top, compose
from trigger.search.pareto import nondominated
from trigger.search.settings import find_knobs, with_setting
from trigger.search.solve import find_front, find_nearest, prepare

WIDE = FixedFormat.parse("ap_fixed<12,4>")
"""Wider than what is multiplied in LUTs, so that DSP blocks count."""
LIMITED = (
    Quantity.LATENCY_CYCLES,
    Quantity.INTERVAL_CYCLES,
    Quantity.LUT,
    Quantity.DSP,
    Quantity.FF,
    Quantity.BRAM_18K,
)


MANY_BITS = {"kernel_format": FixedFormat.parse("ap_fixed<10,1>")}


def heavy(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return weights of many digits: each takes a multiplier of its own, unless it is shared."""
    return rng.integers(-500, 500, shape)


def target(io_type: IOType, backend: str = "Vitis") -> Target:
    return Target(backend, "xcvu13p-flga2577-2-e", 3.125, io_type)


def mlp(seed: int, *sizes: int) -> Network:
    rng = np.random.default_rng(seed)
    layers = [pixels_in((sizes[0],), WIDE)]
    for number, (before, after) in enumerate(itertools.pairwise(sizes)):
        name = f"dense{number}"
        layers.append(
            dense(
                name, layers[-1].name, heavy(rng, before, after), weights(rng, after), **MANY_BITS
            )
        )
        layers.append(relu(f"relu{number}", name))
    return Network(tuple(layers), (layers[-1].name,))


def cnn(seed: int) -> Network:
    rng = np.random.default_rng(seed)
    form = FixedFormat.parse("ap_ufixed<6,2,AP_RND_CONV,AP_SAT>")
    return Network(
        (
            pixels_in((5, 3, 1), WIDE),
            conv2d("conv", "pixels", heavy(rng, 2, 2, 1, 2), weights(rng, 2), **MANY_BITS),
            relu("relu", "conv"),
            pooling2d("pool", "relu"),
            Reshape(name="flat", inputs=("pool",), result=form, dimensions=(4,)),
            dense("score", "flat", heavy(rng, 4, 2), weights(rng, 2), **MANY_BITS),
        ),
        ("score",),
    )


def long_tail() -> Network:
    """Return a network whose dense layers can take longer than its convolution, or not."""
    rng = np.random.default_rng(9)
    form = FixedFormat.parse("ap_ufixed<6,2,AP_RND_CONV,AP_SAT>")
    return Network(
        (
            pixels_in((3, 3, 1), WIDE),
            conv2d("conv", "pixels", heavy(rng, 2, 2, 1, 1), weights(rng, 1), **MANY_BITS),
            relu("relu", "conv", WIDE),
            Reshape(name="flat", inputs=("relu",), result=WIDE, dimensions=(4,)),
            dense("first", "flat", heavy(rng, 4, 3), weights(rng, 3), **MANY_BITS, result=WIDE),
            dense("last", "first", heavy(rng, 3, 2), weights(rng, 2), **MANY_BITS, result=form),
        ),
        ("last",),
    )


def every_setting(network: Network, io_type: IOType):
    """Yield every legal choice of settings: all factors, not those alone that the solver tries."""
    choices = []
    for layer in network.layers:
        if isinstance(layer, MultiplyAccumulate):
            elements, outputs = layer.matrix.shape
            pixels = math.prod(network.shapes[layer.name][:-1])
            parallel = isinstance(layer, Conv2D) and io_type is IOType.PARALLEL
            factors = legal_parallelization_factors(pixels) if parallel else (1,)
            choices.append(
                [
                    (layer.name, Setting(strategy, reuse, factor))
                    for strategy in (Strategy.LATENCY, Strategy.RESOURCE)
                    for reuse in legal_reuse_factors(elements, outputs, strategy)
                    for factor in factors
                ]
            )
    for chosen in itertools.product(*choices):
        yield dict(chosen)


def figures(cost: Cost) -> dict[Quantity, float]:
    found = {quantity: cost.total.figure(quantity) for quantity in LIMITED}
    return {quantity: figure.value for quantity, figure in found.items() if figure is not None}


def exaggerated() -> Coefficients:
    """Return coefficients of a top function that adds so much that no rule of it may be missed."""
    fitted = read_coefficients()
    more = {"tail": 0.95, "calls_vitis": 3.0, "calls_vivado": 2.0, "between_bits": 9.0}
    laws = {
        key: {term: more.get(term, value) for term, value in law.items()}
        if key[0].startswith("top")
        else law
        for key, law in fitted.laws.items()
    }
    return replace(fitted, laws=laws)


COEFFICIENTS = {"fitted": read_coefficients, "exaggerated": exaggerated}


@functools.cache
def all_figures(name: str, on: Target, laws: str) -> list[dict[Quantity, float]]:
    """Return what the estimator says of every legal choice; but where it has no law."""
    network, coefficients = NETWORKS[name](), COEFFICIENTS[laws]()
    layers = describe(network, on.io_type)
    found = []
    for settings in every_setting(network, on.io_type):
        changed = [
            with_setting(layer, settings[layer.name]) if layer.name in settings else layer
            for layer in layers
        ]
        found.append(figures(estimate_layers(changed, context_for(on, changed), coefficients)))
    return [total for total in found if len(total) == len(LIMITED)]


def front_of(points) -> set[tuple[float, float]]:
    return {
        point
        for point in points
        if not any(
            other != point and other[0] <= point[0] and other[1] <= point[1] for other in points
        )
    }


NETWORKS = {
    "one layer": lambda: mlp(1, 8, 6),
    "two layers": lambda: mlp(2, 5, 4, 3),
    "three layers": lambda: mlp(3, 3, 2, 2, 1),
    "convolution": lambda: cnn(4),
    "convolution, long tail": long_tail,
}


CASES = [
    ("one layer", IOType.PARALLEL, "Vitis", "fitted"),
    ("two layers", IOType.PARALLEL, "Vivado", "fitted"),
    ("two layers", IOType.PARALLEL, "Vitis", "exaggerated"),
    ("two layers", IOType.STREAM, "Vitis", "exaggerated"),
    ("three layers", IOType.PARALLEL, "Vitis", "exaggerated"),
    ("three layers", IOType.PARALLEL, "Vivado", "exaggerated"),
    ("three layers", IOType.STREAM, "Vitis", "fitted"),
    ("convolution", IOType.PARALLEL, "Vitis", "fitted"),
    ("convolution", IOType.PARALLEL, "Vivado", "exaggerated"),
    ("convolution", IOType.STREAM, "Vivado", "fitted"),
    ("convolution, long tail", IOType.STREAM, "Vitis", "fitted"),
    ("convolution, long tail", IOType.STREAM, "Vivado", "exaggerated"),
]


@pytest.mark.parametrize(("name", "io_type", "backend", "laws"), CASES)
def test_no_legal_setting_betters_the_front(name, io_type, backend, laws):
    network, on, coefficients = NETWORKS[name](), target(io_type, backend), COEFFICIENTS[laws]()
    every = all_figures(name, on, laws)
    rng, prepared = np.random.default_rng(5), prepare(Candidate(network, on), None, coefficients)
    for trial in range(12):
        limits = {}
        if trial:  # some limits, each within what there is
            for quantity in rng.choice(LIMITED, size=min(trial, 3), replace=False):
                values = sorted(total[quantity] for total in every)
                limits[quantity] = values[rng.integers(len(values) // 8, len(values))]
        allowed = {
            (total[Quantity.LATENCY_CYCLES], total[Quantity.LUT] + 55 * total[Quantity.DSP])
            for total in every
            if all(total[quantity] <= limit for quantity, limit in limits.items())
        }
        found = find_front(prepared, limits, luts_per_dsp=55)
        ours = {(point.totals[Quantity.LATENCY_CYCLES], point.luts) for point in found}
        assert ours == front_of(allowed)
        for point in found if laws == "fitted" else ():
            real = figures(estimate(apply_settings(network, point.settings), on))
            assert {quantity: point.totals[quantity] for quantity in real} == real


@pytest.mark.parametrize("name", ["two layers", "convolution"])
@pytest.mark.parametrize("io_type", IOType)
def test_nothing_legal_is_nearer_than_the_nearest(name, io_type):
    network, on = NETWORKS[name](), target(io_type)
    every = all_figures(name, on, "fitted")
    rng, prepared = np.random.default_rng(6), prepare(Candidate(network, on))
    for _ in range(8):
        limits = {
            quantity: min(total[quantity] for total in every) * rng.uniform(0.3, 1.5)
            for quantity in rng.choice(LIMITED, size=3, replace=False)
        }
        limits = {quantity: limit for quantity, limit in limits.items() if limit > 0}
        factor = min(
            max(1.0, *(total[quantity] / limit for quantity, limit in limits.items()))
            for total in every
        )
        found = find_nearest(prepared, limits)
        assert found is not None
        point, excess = found
        assert excess == pytest.approx(factor)
        passed = {quantity: point.totals[quantity] / limit for quantity, limit in limits.items()}
        assert max(1.0, *passed.values()) == pytest.approx(factor)


def test_the_answer_is_the_cheapest_and_its_verdict_is_the_estimate_s():
    network, on = cnn(4), target(IOType.STREAM)
    loose = solve([Candidate(network, on)], Budget(), find(on.part))
    budget = Budget(latency_ns=loose.best.latency_ns - 1)
    answer = solve([Candidate(network, on)], budget, find(on.part))
    assert answer.met
    assert answer.excess == 1
    assert answer.best.luts == min(point.luts for point in answer.front)
    assert answer.cost == estimate(answer.network, on)
    assert [check.outcome for check in answer.verdict.checks] == [Outcome.PASS]
    assert loose.best.luts < answer.best.luts


def test_what_cannot_be_met_is_answered_with_the_nearest_and_the_limits_that_bind():
    network, on = cnn(4), target(IOType.STREAM)
    budget = Budget(latency_cycles=10, device={"lut": 0.9}, auc_loss=0.1)
    answer = solve([Candidate(network, on)], budget, find(on.part))
    assert not answer.met
    assert answer.front == ()
    assert [check.name for check in answer.binding] == ["latency_cycles"]
    assert answer.excess == answer.cost.total.latency_cycles.value / (10 * (1 + 1e-9))


def test_of_several_clocks_the_cheapest_that_is_fast_enough_is_taken():
    network, on = cnn(4), target(IOType.STREAM)
    clocks = [Candidate(network, replace(on, clock_period_ns=clock)) for clock in (2.5, 10.0)]
    least = min(point.latency_ns for point in solve(clocks, Budget(), None).front)
    fast = solve(clocks, Budget(latency_ns=least), None)
    assert fast.best.candidate.target.clock_period_ns == 2.5
    slow = solve(clocks, Budget(), None)
    alone = [solve([clock], Budget(), None).best.luts for clock in clocks]
    assert slow.best.luts == min(alone)


def test_a_layer_that_can_saturate_keeps_its_settings():
    """The strategies add in different orders, which a saturating sum notices."""
    network = mlp(2, 4, 3, 2)
    tight = FixedFormat.parse("ap_fixed<8,2,AP_TRN,AP_SAT>")
    layers = tuple(
        replace(layer, accumulator=tight) if layer.name == "dense0" else layer
        for layer in network.layers
    )
    names = {layer.name for layer in find_knobs(Network(layers, network.outputs))}
    assert names == {"dense1"}


def test_a_cost_that_no_law_gives_is_an_error_that_names_the_layer():
    pixels = pixels_in((3, 2), WIDE)
    norm = LayerNormalization(
        name="norm",
        inputs=("pixels",),
        result=WIDE,
        scale=np.ones(2, dtype=np.int64),
        scale_format=WIDE,
        bias=np.zeros(2, dtype=np.int64),
        bias_format=WIDE,
        accumulator=WIDE,
        table=np.ones(4, dtype=np.int64),
        table_format=WIDE,
        range_power=0,
    )
    network = Network((pixels, norm), ("norm",))
    with pytest.raises(EstimateError, match=r"norm: no law gives the .* normalisation layer"):
        prepare(Candidate(network, target(IOType.PARALLEL)))


def test_points_that_another_one_betters_are_left_out():
    rng = np.random.default_rng(7)
    for coordinates in (1, 2, 3, 5):
        points = rng.integers(0, 6, (700, coordinates)).astype(float)
        kept = nondominated(points)
        for number, point in enumerate(points):
            others = np.all(points <= point, axis=1)
            better = others & np.any(points < point, axis=1)
            first = not better.any() and np.flatnonzero(np.all(points == point, axis=1))[0]
            assert (number in kept) == (not better.any() and first == number)


def test_where_events_take_turns_the_interval_is_tracked_apart_from_the_latency():
    """Calls of processes add to the one and not to the other."""
    layers = describe(mlp(1, 3, 2), IOType.PARALLEL)
    context = context_for(target(IOType.PARALLEL), layers)
    stored = compose(Top.STORED, layers, context, read_coefficients())
    rows = np.zeros((2, len(COLUMNS)))
    rows[:, COLUMNS.index(Column.WAIT)] = 5, 6
    rows[:, COLUMNS.index(Column.LATENCY)] = 9, 8
    tracked = frozenset({Quantity.INTERVAL_CYCLES})
    assert len(nondominated(stored.keys(rows, tracked))) == 2
    assert len(nondominated(stored.keys(rows, frozenset()))) == 1


def test_settings_that_vivado_hls_is_known_to_stop_at_are_left_out():
    """More than 4,096 multiplications unrolled at once; Vitis HLS has no such limit."""
    network = mlp(5, 100, 50)
    strategies = {
        backend: {
            setting.strategy
            for _, choices in prepare(Candidate(network, target(IOType.STREAM, backend))).forms
            for choice in choices
            for setting in choice.settings
            if setting is not None
        }
        for backend in ("Vivado", "Vitis")
    }
    assert strategies["Vivado"] == {Strategy.RESOURCE}
    assert strategies["Vitis"] == {Strategy.RESOURCE, Strategy.LATENCY}
