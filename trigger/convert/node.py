"""What one node of hls4ml's graph says: formats, constants, ports."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from trigger.design import IOType
from trigger.errors import ConversionError, UnsupportedLayerError
from trigger.fixed import FixedFormat, RawArray, from_values
from trigger.layers.base import frozen_array
from trigger.layers.products import Product, factors


def format_of(node: Any, role: str) -> FixedFormat:
    named = node.types.get(role)
    if named is None:
        raise ConversionError(f"hls4ml gives no {role}", where=node.name)
    return FixedFormat.parse(str(named.precision), where=f"{node.name}.{role}")


def constant_of(node: Any, role: str, shape: tuple[int, ...]) -> tuple[RawArray, FixedFormat]:
    """Return a weight variable as raw integers of its type, as the C++ reads its decimal text.

    The text has as many decimals as the type has fractional bits, so that it rounds numbers that
    lie between two of the type.

    Raises:
        UnsupportedLayerError: the type holds exponents.
        ConversionError: hls4ml took over another number of weights than the layer has.
    """
    variable = node.weights[role]
    kinds = {kind.__name__ for kind in type(variable.type.precision).__mro__}
    if "ExponentPrecisionType" in kinds:  # hls4ml derives classes of its own for each backend
        raise UnsupportedLayerError(
            f"layer {node.name!r} keeps its {role} as powers of two",
            where="conversion",
            remedy="quantise it with quantized_bits",
        )
    form = FixedFormat.parse(str(variable.type.precision), where=f"{node.name}.{role}")
    if variable.data.size != math.prod(shape):
        raise ConversionError(
            f"the {role} of {node.name!r} has {variable.data.size} numbers",
            where="conversion",
            allowed=f"{math.prod(shape)}, of shape {shape}",
            remedy="use the layer with its default options; hls4ml does not know all of Keras'",
        )
    raw = from_values(np.array([float(text) for text in variable]), form)
    return frozen_array(raw.reshape(shape), form.width), form


def product_of(node: Any, role: str) -> Product:
    """Return how hls4ml multiplies a node's numbers by its constants of a role.

    Raises:
        UnsupportedLayerError: in another way than by ordinary products.
    """
    backend = node.model.config.backend
    data = node.get_input_variable().type.precision
    name = backend.product_type(data, node.weights[role].type.precision)
    if name not in (product.value for product in Product):
        raise UnsupportedLayerError(
            f"layer {node.name!r} multiplies by hls4ml's product {name!r}",
            where="conversion",
            allowed=", ".join(product.value for product in Product),
            remedy="give its input more than one bit, and its weights no exponents",
        )
    return Product(name)


def kernel_of(node: Any, role: str, shape: tuple[int, ...]) -> tuple[RawArray, FixedFormat]:
    """Return weights of ``shape`` as an ordinary product takes them; Resource keeps them reversed.

    Raises:
        UnsupportedLayerError: the input is of one bit, and so are taken the layer's own numbers.
    """
    product = product_of(node, role)
    if product.one_bit_data:
        raise UnsupportedLayerError(
            f"layer {node.name!r} reads numbers of one bit",
            where="conversion",
            remedy="give its input more than one bit",
        )
    if node.get_attr("_weights_transposed", False):
        raw, form = constant_of(node, role, shape[::-1])
        raw = frozen_array(raw.T, form.width)
    else:
        raw, form = constant_of(node, role, shape)
    return factors(raw, form, product)


def common_fields(node: Any, inputs: tuple[str, ...]) -> dict[str, Any]:
    return {"name": node.name, "inputs": inputs, "result": format_of(node, "result_t")}


def io_type(graph: Any) -> IOType:
    return IOType(graph.config.get_config_value("IOType"))


def pack_of(node: Any) -> int:
    """Return how many numbers the stream that a node reads transports at once."""
    variable = node.get_input_variable()
    return int(getattr(variable.type, "n_elem", variable.shape[-1]))
