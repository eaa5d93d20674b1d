"""Einstein sums against hls4ml's own C++, in formats that hls4ml would not choose."""

from __future__ import annotations

from math import prod

import pytest

from tests.layers.nnet import Case, array, assert_equal
from tests.layers.test_recurrent_in_cpp import draw
from trigger.design import Strategy
from trigger.fixed import FixedFormat
from trigger.layers import Einsum, EinsumDense, Tensor

pytestmark = [pytest.mark.csim, pytest.mark.slow]

HEADERS = ("nnet_types.h", "nnet_einsum_dense.h", "nnet_einsum.h")
FORMATS = [
    # left, right, bias, accumulator, result
    "ap_fixed<8,3> ap_ufixed<6,2> ap_fixed<5,2> ap_fixed<9,4,AP_RND,AP_SAT> ap_fixed<7,3>",
    "ap_fixed<9,-1> ap_fixed<5,7> ap_ufixed<6,1> ap_fixed<12,5,AP_RND_CONV> ap_fixed<20,9,AP_RND>",
    "ap_ufixed<7,7> ap_fixed<4,1> ap_fixed<9,3> ap_fixed<18,14> ap_fixed<5,3,AP_RND,AP_SAT_SYM>",
    "ap_fixed<40,12> ap_fixed<37,20> ap_fixed<30,10> ap_fixed<44,20> ap_fixed<50,22,AP_RND_INF>",
]


def transposed(name: str, shape: tuple[int, ...], order: tuple[int, ...]) -> str:
    """Return a struct as ``nnet::transpose`` reads it."""
    to_shape = [shape[axis] for axis in order]
    strides = [prod(shape[axis + 1 :]) for axis in order]
    lists = {"from_shape": shape, "to_shape": to_shape, "perm": order, "perm_strides": strides}
    return (
        f"struct {name} {{ static const unsigned dims = {len(shape)};"
        f"static const unsigned N = {prod(shape)};"
        + "".join(
            f"static constexpr unsigned {key}[] = {{{', '.join(map(str, values))}}};"
            for key, values in lists.items()
        )
        + "};"
    )


def numbers(**values: int) -> str:
    return "".join(f"static const unsigned {name} = {value};" for name, value in values.items())


PRODUCT = "template <class a, class b> using product = nnet::product::mult<a, b>;"


def test_einsum_dense(tmp_path):
    """abc,bcd->dba and the like: b shared, c contracted."""
    cases = []
    for texts in FORMATS:
        source, weight, bias, accumulator, result = map(FixedFormat.parse, texts.split())
        shape, shared, free, contracted, outputs = (2, 3, 4), 3, 2, 4, 5
        layer = EinsumDense(
            name="sum",
            inputs=("x",),
            result=result,
            order=(1, 0, 2),
            kernel=draw(weight, (shared, contracted, outputs), 1),
            kernel_format=weight,
            bias=draw(bias, (shared, free, outputs), 2),
            bias_format=bias,
            accumulator=accumulator,
            strategy=Strategy.LATENCY,
            reuse_factor=1,
            product_shape=(3, 2, 5),
            result_order=(2, 0, 1),
        )
        dense = (
            "struct dense_conf : nnet::dense_config {"
            + numbers(n_in=contracted, n_out=outputs, reuse_factor=1, multiplier_limit=99)
            + f"typedef {accumulator} accum_t; typedef {bias} bias_t; typedef {weight} weight_t;"
            "template<class a, class b, class c> using kernel = nnet::DenseLatency<a, b, c>;"
            + PRODUCT
            + "};"
        )
        config = (
            transposed("tpose_inp_conf", shape, layer.order)
            + transposed("tpose_out_conf", layer.product_shape, layer.result_order)
            + dense
            + f"typedef {bias} bias_t; typedef {accumulator} accum_t;"
            + numbers(n_free_data=free, n_free_kernel=outputs, n_contract=contracted)
            + numbers(n_inplace=shared, strategy=0, parallelization_factor=1)
        )
        constants = array("w", layer.kernel, weight) + array("b", layer.bias, bias)
        call = "einsum_dense<{x0}, {y}, {config}>"
        tensor = Tensor(draw(source, (60, *shape), 3), source)
        cases.append(
            Case(
                layer,
                call,
                config,
                (tensor,),
                constants=constants,
                headers=HEADERS,
                after=("w", "b"),
            )
        )
    assert_equal(cases, tmp_path)


def test_einsum(tmp_path):
    """abc,cdb->bda: b shared, c contracted."""
    cases = []
    for texts in FORMATS:
        left, right, _, accumulator, result = map(FixedFormat.parse, texts.split())
        layer = Einsum(
            name="sum",
            inputs=("x", "y"),
            result=result,
            accumulator=accumulator,
            dimensions=((2, 3, 4), (4, 5, 3)),
            orders=((1, 0, 2), (2, 1, 0)),
            shared=3,
            contracted=4,
            product_shape=(3, 2, 5),
            result_order=(0, 2, 1),
        )
        config = (
            transposed("tpose_inp0_config", layer.dimensions[0], layer.orders[0])
            + transposed("tpose_inp1_config", layer.dimensions[1], layer.orders[1])
            + transposed("tpose_out_conf", layer.product_shape, layer.result_order)
            + f"typedef {accumulator} accum_t;"
            + numbers(n_free0=2, n_free1=5, n_contract=4, n_inplace=3, reuse_factor=1)
            + numbers(multiplier_limit=99)
            + PRODUCT
        )
        tensors = (
            Tensor(draw(left, (60, 2, 3, 4), 3), left),
            Tensor(draw(right, (60, 4, 5, 3), 4), right),
        )
        call = "einsum<{x0}, {x1}, {y}, {config}>"
        cases.append(Case(layer, call, config, tensors, headers=HEADERS))
    assert_equal(cases, tmp_path)
