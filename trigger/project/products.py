"""How a layer's configuration says that it multiplies."""

from __future__ import annotations

from trigger.design import Strategy
from trigger.errors import UnsupportedLayerError
from trigger.layers.products import Product
from trigger.project.declarations import Config, Declarations
from trigger.project.source import Source
from trigger.project.top import Call


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
    return Product(word)


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
