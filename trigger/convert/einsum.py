"""hls4ml's nodes of Einstein sums -> layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trigger.convert.node import common_fields, constant_of, format_of, kernel_of
from trigger.convert.settings import strategy_of
from trigger.design import Strategy
from trigger.errors import UnsupportedLayerError
from trigger.layers import Einsum, EinsumDense, Layer


def _einsum_dense(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    get = node.get_attr
    strategy = strategy_of(node)
    if strategy is not Strategy.LATENCY:
        raise UnsupportedLayerError(
            f"layer {node.name!r} has the strategy {strategy.value}",
            where="conversion",
            allowed=Strategy.LATENCY.value,
        )
    shared, free = int(get("n_inplace")), int(get("n_free_data"))
    contracted, outputs = int(get("n_contract")), int(get("n_free_kernel"))
    kernel, kernel_format = kernel_of(node, "weight", (shared, contracted, outputs))
    bias, bias_format = constant_of(node, "bias", (shared, free, outputs))
    return EinsumDense(
        **common_fields(node, inputs),
        order=_axes(node, "inp_tpose_idxs"),
        kernel=kernel,
        kernel_format=kernel_format,
        bias=bias,
        bias_format=bias_format,
        accumulator=format_of(node, "accum_t"),
        strategy=strategy,
        reuse_factor=int(get("reuse_factor")),
        product_shape=_axes(node, "out_interpert_shape"),
        result_order=_axes(node, "out_tpose_idxs"),
    )


def _einsum(node: Any, inputs: tuple[str, ...], graph: Any) -> Layer:
    kinds = [node.get_input_variable(name).type.precision for name in node.inputs]
    product = node.model.config.backend.product_type(*kinds)
    if product != "mult":
        raise UnsupportedLayerError(
            f"layer {node.name!r} multiplies by hls4ml's product {product!r}",
            where="conversion",
            allowed="mult",
            remedy="give its inputs more than two bits",
        )
    return Einsum(
        **common_fields(node, inputs),
        accumulator=format_of(node, "accum_t"),
        dimensions=(_axes(node, "inp0_shape"), _axes(node, "inp1_shape")),
        orders=(_axes(node, "inp0_tpose_idxs"), _axes(node, "inp1_tpose_idxs")),
        shared=int(node.get_attr("n_inplace")),
        contracted=int(node.get_attr("n_contract")),
        product_shape=_axes(node, "out_interpert_shape"),
        result_order=_axes(node, "out_tpose_idxs"),
    )


def _axes(node: Any, name: str) -> tuple[int, ...]:
    return tuple(int(number) for number in node.get_attr(name))


EINSUM_EXTRACTORS: dict[str, Callable[[Any, tuple[str, ...], Any], Layer]] = {
    "EinsumDense": _einsum_dense,
    "Einsum": _einsum,
}
"""From hls4ml's layer class to the function that reads it."""
