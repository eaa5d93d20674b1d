"""Statistics of weights against slow, plain counting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from trigger.design import IOType
from trigger.errors import EstimateError
from trigger.estimate.descriptor import Kind, LayerDescriptor, csd_digit_counts, weight_statistics


def non_adjacent_digits(number: int) -> int:
    """Count the non-zero digits of the non-adjacent form, digit by digit."""
    number, count = abs(number), 0
    while number:
        if number % 2:
            count += 1
            number -= 2 - number % 4
        number //= 2
    return count


@given(st.integers(-(2**40), 2**40))
def test_csd_digits_are_those_of_the_non_adjacent_form(number: int) -> None:
    assert csd_digit_counts(np.array([number]))[0] == non_adjacent_digits(number)


@given(
    arrays.arrays(
        np.int64,
        arrays.array_shapes(min_dims=2, max_dims=4, max_side=5),
        elements=st.integers(-40, 40),
    )
)
def test_statistics_count_what_they_say(weights: np.ndarray) -> None:
    found = weight_statistics(weights)
    flat = [int(weight) for weight in weights.ravel()]
    rows = weights.reshape(-1, weights.shape[-1]).tolist()
    assert found.n == len(flat)
    assert found.zeros == flat.count(0)
    assert found.nonzeros == len(flat) - flat.count(0)
    assert found.csd_digits == sum(map(non_adjacent_digits, flat))
    for least in range(1, 5):
        assert found.row_distinct_by_csd[least - 1] == sum(
            non_adjacent_digits(weight) >= least for row in rows for weight in set(row)
        )


@pytest.mark.parametrize("weights", [np.zeros((0, 3), int), np.ones((2, 2)), np.int64(3)])
def test_weights_must_be_integers_and_exist(weights) -> None:
    with pytest.raises(EstimateError, match="a non-empty array of raw integers"):
        weight_statistics(weights)


def test_shapes_of_a_convolution() -> None:
    layer = LayerDescriptor(
        "conv", Kind.CONV, (20, 18, 3), (20, 18, 8), IOType.STREAM, kernel=(3, 3), padding=(2, 2)
    )
    assert (layer.n_in, layer.n_out, layer.products) == (27, 8, 216)
    assert (layer.in_pixels, layer.out_pixels) == (22 * 20, 360)


def test_shapes_of_a_dense_layer_that_reads_a_stream_of_pixels() -> None:
    layer = LayerDescriptor("dense", Kind.DENSE, (4, 4, 8), (10,), IOType.STREAM)
    assert (layer.n_in, layer.n_out, layer.products, layer.in_pixels) == (128, 10, 1280, 16)
