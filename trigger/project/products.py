"""How a layer's configuration says that it multiplies."""

from __future__ import annotations

from math import prod

from trigger.design import Strategy
from trigger.errors import ProjectError, UnsupportedLayerError
from trigger.fixed import FixedFormat, RawArray
from trigger.layers import Shape
from trigger.layers.base import frozen_array
from trigger.layers.products import Product, factors
from trigger.project.declarations import Config, Declarations
from trigger.project.source import Source
from trigger.project.top import Call
from trigger.project.version import Change, refuse_older


def product_of(source: Source, call: Call, config: Config) -> Product:
    """Return the product class of a configuration; MULT where it names none.

    Raises:
        UnsupportedLayerError: one whose products are not those of ordinary numbers.
    """
    word = source.declarations.word(config, "product", "mult")
    if word not in (product.value for product in Product):
        raise UnsupportedLayerError(
            f"layer {call.layer!r} multiplies by nnet::product::{word}",
            where=config.where,
            allowed=", ".join(f"nnet::product::{product.value}" for product in Product),
        )
    product = Product(word)
    if product not in (Product.MULT, Product.BOTH_BINARY):
        refuse_older(source, call, Change.PRODUCT, "casts what it negates")
    if product is Product.BOTH_BINARY and source.declarations.number(config, "n_in", 0) % 2:
        refuse_older(source, call, Change.COUNT_BITS, "counts an odd number of bits otherwise")
    return product


def strategy_of(declarations: Declarations, config: Config) -> Strategy:
    """Return the strategy of a configuration.

    Raises:
        UnsupportedLayerError: one that this version does not know.
    """
    word = declarations.word(config, "strategy", "latency")
    for strategy in Strategy:
        if strategy.value.lower() == word.lower():
            return strategy
    raise UnsupportedLayerError(
        f"the strategy of struct {config.name} is {word!r}",
        where=config.where,
        allowed=", ".join(strategy.value.lower() for strategy in Strategy),
    )


def kernel_of(
    source: Source, call: Call, config: Config, place: int, shape: Shape
) -> tuple[RawArray, FixedFormat]:
    """Return weights of ``shape`` as an ordinary product takes them; Resource keeps them reversed.

    Raises:
        UnsupportedLayerError: the product is one of one-bit data.
        ProjectError: another number of weights.
    """
    product = product_of(source, call, config)
    if product.one_bit_data:
        raise UnsupportedLayerError(
            f"layer {call.layer!r} multiplies by nnet::product::{product.value}",
            where=config.where,
            allowed="an input of more than one bit",
        )
    transposed = strategy_of(source.declarations, config) is not Strategy.LATENCY
    raw, form = sized_constant(source, call, config, place, shape[::-1] if transposed else shape)
    return factors(frozen_array(raw.T, form.width) if transposed else raw, form, product)


def sized_constant(
    source: Source, call: Call, config: Config, place: int, shape: Shape
) -> tuple[RawArray, FixedFormat]:
    """Return the constant array that is a call's argument, of the shape that a struct tells.

    Raises:
        ProjectError: it has another number of elements.
    """
    raw, form = source.constant(call, place)
    if raw.size != prod(shape):
        raise ProjectError(
            f"{call.arguments[place]} has {raw.size} numbers",
            where=config.where,
            allowed=f"{prod(shape)}, by struct {config.name}",
        )
    return frozen_array(raw.reshape(shape), form.width), form
