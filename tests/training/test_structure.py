"""What goes together in firmware, and numbers of few signed digits: laws on arrays."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger.design import LayerSpec, ModelSpec
from trigger.errors import DesignError
from trigger.estimate.descriptor import csd_digit_counts
from trigger.fixed import FixedFormat
from trigger.training import PruningSpec, PruningStructure, TrainingSpec, least_zeros
from trigger.training.pruning import find_levels, group_kernels
from trigger.training.spec import KernelZeros
from trigger.training.structure import (
    allowed_constants,
    group_weights,
    nearest_level,
    prune_kernel,
    signed_digit_levels,
    zero_groups,
)

WEIGHTS = "quantized_bits(6, 0, alpha=1)"
QUANTISED = {"kernel_quantizer": WEIGHTS, "bias_quantizer": WEIGHTS}
DEPTHWISE = {"depthwise_quantizer": WEIGHTS, "bias_quantizer": WEIGHTS}
MODEL = ModelSpec(
    (6, 6, 2),
    FixedFormat(8, 0, signed=False),
    (
        LayerSpec("QConv2D", "conv", {"filters": 4, "kernel_size": 3, **QUANTISED}),
        LayerSpec("QDepthwiseConv2D", "depthwise", {"kernel_size": 2, **DEPTHWISE}),
        LayerSpec("Flatten", "flat"),
        LayerSpec("QDense", "score", {"units": 3, **QUANTISED}),
    ),
)


def taken_by_multipliers(n_in: int, n_out: int, rf: int) -> dict[int, set[tuple[int, int]]]:
    """Return the (input, output) of every weight that each multiplier of the C++ takes.

    The loops of ``nnet_dense_resource.h`` as they are written there, ``weights`` being transposed.
    """
    taken: dict[int, set[tuple[int, int]]] = {}
    block_factor = -(-n_in * n_out // rf)
    for ir in range(rf):
        for im in range(block_factor):
            w_index = ir + rf * im
            if w_index >= n_in * n_out:
                continue
            taken.setdefault(im, set()).add((w_index % n_in, w_index // n_in))
    return taken


@pytest.mark.parametrize(
    ("n_in", "n_out", "rf"), [(12, 5, 4), (12, 5, 12), (6, 4, 12), (6, 4, 24), (6, 4, 1)]
)
def test_a_group_is_what_one_multiplier_takes(n_in, n_out, rf):
    groups = group_weights(PruningStructure.MULTIPLIER, (n_in, n_out), reuse_factor=rf)
    ours = [{divmod(int(place), n_out) for place in group} for group in groups]
    assert ours == list(taken_by_multipliers(n_in, n_out, rf).values())


def test_a_depthwise_kernel_is_taken_as_it_is():
    groups = group_weights(PruningStructure.MULTIPLIER, (2, 2, 3), reuse_factor=3, depthwise=True)
    assert groups.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]


def test_a_reuse_factor_that_divides_nothing_is_refused():
    with pytest.raises(DesignError, match=r"10 weights are not shared by multipliers of 4"):
        group_weights(PruningStructure.MULTIPLIER, (5, 2), reuse_factor=4)


@given(
    structure=st.sampled_from(PruningStructure),
    share=st.floats(0, 0.99),
    seed=st.integers(0, 1000),
)
def test_whole_groups_of_the_least_norm_become_zero(structure, share, seed):
    kernel = np.random.default_rng(seed).integers(1, 99, (2, 3, 4))
    groups = group_weights(structure, kernel.shape, reuse_factor=6)
    pruned = prune_kernel(kernel, groups, share).ravel()[groups]
    before = kernel.ravel()[groups]
    zero = ~pruned.any(axis=1)
    assert np.array_equal(pruned[~zero], before[~zero])
    assert zero.sum() == zero_groups(len(groups), share) < len(groups)
    assert abs(zero.sum() - share * len(groups)) <= 1
    norms = np.square(before).sum(axis=1)
    assert norms[zero].max(initial=0) <= norms[~zero].min()


@given(
    width=st.integers(2, 9),
    integer=st.integers(-2, 4),
    digits=st.integers(1, 4),
    symmetric=st.booleans(),
)
def test_levels_are_the_numbers_of_few_digits(width, integer, digits, symmetric):
    form = FixedFormat(width, integer)
    raw = np.arange(form.raw_min + symmetric, form.raw_max + 1)
    levels = signed_digit_levels(form, digits, symmetric=symmetric)
    assert levels.tolist() == raw[csd_digit_counts(raw) <= digits].tolist()
    near = nearest_level(raw, levels)
    distance = np.abs(raw[:, None] - levels).min(axis=1)
    assert np.array_equal(np.abs(raw - near), distance)
    assert near[raw == 0] == 0


def least_error(row: np.ndarray, levels: np.ndarray, sizes: int) -> float:
    """Return the least sum of squares of all choices of so many sizes, each weight next to one."""
    return min(
        np.square(np.abs(row)[:, None] - [0, *chosen]).min(axis=1).sum()
        for chosen in combinations(levels[levels > 0], min(sizes, np.sum(levels > 0)))
    )


@given(
    form=st.builds(FixedFormat, st.integers(2, 5), st.integers(-1, 2)),
    sizes=st.integers(1, 3),
    digits=st.none() | st.integers(1, 2),
    shape=st.sampled_from([(2, 3, 5), (1, 1), (4, 6)]),
    raw=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_no_other_choice_of_sizes_is_nearer_to_the_kernel(form, sizes, digits, shape, raw, seed):
    pruning = PruningSpec(0, signed_digits=digits, equal_constants=sizes)
    constants = allowed_constants(form, pruning)
    rng = np.random.default_rng(seed)
    kernel = rng.integers(8 * form.raw_min, 8 * form.raw_max + 1, shape) * rng.integers(0, 2, shape)
    kernel = kernel // 8 if raw else kernel / 8
    nearest = constants.nearest(kernel)
    assert nearest.dtype == constants.levels.dtype
    assert np.isin(nearest, constants.levels).all()
    assert not nearest[kernel == 0].any()
    assert np.array_equal(constants.nearest(nearest), nearest)
    rows = zip(kernel.reshape(-1, shape[-1]), nearest.reshape(-1, shape[-1]), strict=True)
    for before, after in rows:
        assert len(set(np.abs(after)) - {0}) <= sizes
        error = np.square(before - after).sum()
        assert error == least_error(before, constants.levels, sizes)


def test_the_answer_and_the_layers_to_keep_are_not_pruned():
    pruning = PruningSpec(0.5, structure=PruningStructure.UNIT)
    sizes = {name: groups.shape for name, groups in group_kernels(MODEL, pruning).items()}
    assert sizes == {"conv": (4, 18), "depthwise": (4, 4)}
    pruning = replace(
        pruning,
        structure=PruningStructure.MULTIPLIER,
        reuse_factors={"conv": 9, "score": 18},
        keep=("depthwise",),
    )
    sizes = {name: groups.shape for name, groups in group_kernels(MODEL, pruning).items()}
    assert sizes == {"conv": (8, 9), "score": (6, 18)}
    share = replace(pruning, final_sparsity=0.4)
    assert least_zeros(MODEL, share, KernelZeros("conv", 0, 72)) == 3 * 9
    assert least_zeros(MODEL, share, KernelZeros("depthwise", 0, 16)) == 0
    own = replace(share, layer_sparsity={"conv": 0.6})
    assert least_zeros(MODEL, own, KernelZeros("conv", 0, 72)) == 4 * 9
    assert least_zeros(MODEL, own, KernelZeros("score", 0, 108)) == 2 * 18


@pytest.mark.parametrize("layer", ["depthwise", "other"])
def test_a_share_of_zeros_is_for_a_layer_that_is_pruned(layer):
    pruning = PruningSpec(0.5, keep=("depthwise",), layer_sparsity={layer: 0.5})
    with pytest.raises(DesignError, match=rf"layer_sparsity: {layer} is no.*pruned.*conv, score"):
        group_kernels(MODEL, pruning)


def test_levels_are_those_of_each_quantiser():
    levels = find_levels(MODEL, PruningSpec(0, signed_digits=1, keep=("depthwise",)))
    assert list(levels) == ["conv", "score"]
    powers = [2.0**-power for power in range(1, 6)]
    assert levels["conv"].levels.tolist() == sorted([-1, 0, *powers, *(-power for power in powers)])
    assert find_levels(MODEL, PruningSpec(0)) == {}
    equal = find_levels(MODEL, PruningSpec(0, equal_constants=2, keep=("score",)))
    assert list(equal) == ["conv"]  # an input of a depthwise kernel meets one weight
    assert equal["conv"].sizes == 2
    assert equal["conv"].levels.tolist() == (np.arange(-32, 32) / 32).tolist()
    plain = LayerSpec("DepthwiseConv2D", "depthwise", {"kernel_size": 2})
    model = replace(MODEL, layers=(MODEL.layers[0], plain, *MODEL.layers[2:]))
    assert list(find_levels(model, PruningSpec(0, equal_constants=2))) == ["conv", "score"]
    both = find_levels(MODEL, PruningSpec(0, signed_digits=1, equal_constants=2))
    assert {name: each.sizes for name, each in both.items()} == {
        "conv": 2,
        "depthwise": None,
        "score": 2,
    }
    conv, *others = MODEL.layers
    ternary = replace(conv, options={**conv.options, "kernel_quantizer": "ternary(alpha=1)"})
    model = replace(MODEL, layers=(ternary, *others))
    assert "conv" not in find_levels(model, PruningSpec(0, signed_digits=1))


@pytest.mark.parametrize("key", ["signed_digits", "equal_constants"])
@pytest.mark.parametrize(
    ("layer", "match"),
    [
        (
            LayerSpec("Dense", "score", {"units": 3}),
            "score.*{key} is.*no kernel_quantizer.*quantised layers",
        ),
        (
            LayerSpec(
                "QDense",
                "score",
                {**QUANTISED, "units": 3, "kernel_quantizer": "quantized_bits(30, 0, alpha=1)"},
            ),
            "score.*{key} is.*30 bits.*at most 24",
        ),
    ],
    ids=["no quantiser", "too wide"],
)
def test_kernels_without_exact_levels_are_refused(key, layer, match):
    model = replace(MODEL, layers=(*MODEL.layers[:-1], layer))
    with pytest.raises(DesignError, match=match.format(key=key)):
        find_levels(model, PruningSpec(0, **{key: 2}))


def test_digits_are_few():
    with pytest.raises(DesignError, match=r"signed_digits is 5.*1 to 4"):
        TrainingSpec(epochs=2, pruning=PruningSpec(0, signed_digits=5))


def test_an_input_meets_one_size_at_least():
    with pytest.raises(DesignError, match=r"pruning\.equal_constants is 0.*1 or more, or left out"):
        PruningSpec(0, equal_constants=0)
