"""Calls of Einstein sums -> layers."""

from __future__ import annotations

from trigger.design import Strategy
from trigger.errors import UnsupportedLayerError
from trigger.layers import Einsum, EinsumDense, Layer, Shape
from trigger.project.declarations import Config
from trigger.project.products import kernel_of, sized_constant, strategy_of
from trigger.project.source import Fields, LayerReader, Source, accumulator_of
from trigger.project.tensors import list_of
from trigger.project.top import Call


def _einsum_dense(source: Source, call: Call, fields: Fields) -> Layer:
    config, declared = source.config(call), source.declarations
    strategy = strategy_of(declared, config)
    if strategy is not Strategy.LATENCY:
        raise UnsupportedLayerError(
            f"layer {call.layer!r} has the strategy {strategy.value}",
            where=config.where,
            allowed=Strategy.LATENCY.value,
        )
    shared, free, contracted, outputs = declared.numbers(
        config, "n_inplace", "n_free_data", "n_contract", "n_free_kernel"
    )
    dense = _part(source, config, "dense_conf")
    kernel, kernel_format = kernel_of(source, call, dense, 2, (shared, contracted, outputs))
    bias, bias_format = sized_constant(source, call, config, 3, (shared, free, outputs))
    products = _part(source, config, "tpose_out_conf")
    return EinsumDense(
        **fields,
        order=list_of(source, _part(source, config, "tpose_inp_conf"), "perm"),
        kernel=kernel,
        kernel_format=kernel_format,
        bias=bias,
        bias_format=bias_format,
        accumulator=accumulator_of(declared, dense),
        strategy=strategy,
        reuse_factor=declared.number(dense, "reuse_factor"),
        product_shape=list_of(source, products, "from_shape"),
        result_order=list_of(source, products, "perm"),
    )


def _einsum(source: Source, call: Call, fields: Fields) -> Layer:
    config, declared = source.config(call), source.declarations
    product = declared.word(config, "product", "mult")
    if product != "mult":
        raise UnsupportedLayerError(
            f"layer {call.layer!r} multiplies by nnet::product::{product}",
            where=config.where,
            allowed="nnet::product::mult",
        )
    first, second = (_part(source, config, f"tpose_inp{which}_config") for which in (0, 1))
    products = _part(source, config, "tpose_out_conf")
    return Einsum(
        **fields,
        accumulator=accumulator_of(declared, config),
        dimensions=(list_of(source, first, "from_shape"), list_of(source, second, "from_shape")),
        orders=(list_of(source, first, "perm"), list_of(source, second, "perm")),
        shared=declared.number(config, "n_inplace"),
        contracted=declared.number(config, "n_contract"),
        product_shape=list_of(source, products, "from_shape"),
        result_order=list_of(source, products, "perm"),
    )


def _part(source: Source, config: Config, name: str) -> Config:
    """Return the configuration that a configuration names."""
    return source.declarations.config(source.declarations.word(config, name), config.where)


def _shape(source: Source, call: Call) -> Shape:
    return list_of(source, _part(source, source.config(call), "tpose_inp_conf"), "from_shape")


EINSUM_READERS: dict[str, LayerReader] = {
    "einsum_dense": LayerReader(_einsum_dense, _shape),
    "einsum": LayerReader(_einsum, keeps_shape=False, reads=2),
}
"""From the ``nnet::`` function to what reads its calls."""
