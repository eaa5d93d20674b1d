"""The lookup tables that hls4ml's C++ fills when it starts (``nnet_activation.h``: init_*_table).

Each step is taken in the type in which the C++ takes it: float32 where it says ``float``, float64
where a ``1.`` or an ``8.0`` makes it ``double``. Sums, products and quotients are IEEE and the
same everywhere. ``expf``, ``tanhf`` and ``log`` are this machine's, as they are for a C simulation
on it: their last bit differs between C libraries, which a table of more than some 20 significant
bits can show. A table is made once, when a network is read, and is data from then on.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from trigger.errors import NetworkError
from trigger.fixed import FixedFormat, RawArray, from_values, requantise
from trigger.layers.base import frozen_array

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Real = TypeVar("Real", np.float32, np.float64)

_INFINITY = FixedFormat(2, 1026)
"""``ap_fixed`` takes an infinite double for a finite one with its exponent: 2**1024."""


class Function(Enum):
    """A function of one number that the C++ looks up."""

    SIGMOID = "sigmoid"
    TANH = "tanh"
    SOFTPLUS = "softplus"
    SOFTSIGN = "softsign"
    ELU = "elu"
    SELU = "selu"


@lru_cache(maxsize=256)
def function_table(function: Function, size: int, form: FixedFormat) -> RawArray:
    """Return the raw table of a function, an entry for each of ``table_inputs``."""
    x = table_inputs(function, size)
    match function:
        case Function.SIGMOID:
            y = (1.0 / (np.float32(1) + exp(-x)).astype(np.float64)).astype(np.float32)
        case Function.TANH:
            y = _libm("tanhf", x)
        case Function.SOFTPLUS:
            grown = exp(x).astype(np.float64) + 1.0
            y = _libm("log", grown).astype(np.float32)
        case Function.SOFTSIGN:
            y = (x.astype(np.float64) / (np.abs(x).astype(np.float64) + 1.0)).astype(np.float32)
        case Function.ELU:
            y = (exp(x).astype(np.float64) - 1.0).astype(np.float32)
        case Function.SELU:
            scaled = 1.6732632423543772848170429916717 * (exp(x).astype(np.float64) - 1.0)
            y = (1.0507009873554804934193349852946 * scaled).astype(np.float32)
    return frozen_array(as_raw(y, form), form.width)


def table_inputs(function: Function, size: int) -> Floats:
    """Return the numbers at which a table is filled: a range around 0, or 0 down to -8."""
    index = np.arange(size)
    if function in (Function.ELU, Function.SELU):
        return (-8.0 * index / float(size)).astype(np.float32)
    half = 4.0 if function is Function.TANH else 8.0
    centred = index.astype(np.float32) - np.float32(np.float32(size) / 2.0)
    return (2 * half * centred.astype(np.float64) / float(size)).astype(np.float32)


@lru_cache(maxsize=256)
def exp_table(
    index: FixedFormat, size: int, form: FixedFormat, scale: float = 1.0, negative: bool = False
) -> RawArray:
    """Return the table of exp(x) or exp(-x); its index is the top bits of numbers in ``index``."""
    x = _real_from_index(index, size) * np.float32(scale)
    return frozen_array(as_raw(exp(-x if negative else x), form), form.width)


@lru_cache(maxsize=256)
def inverse_table(index: FixedFormat, size: int, form: FixedFormat) -> RawArray:
    """Return the table of 1/x; its index is the top bits of numbers in ``index``."""
    with np.errstate(divide="ignore"):
        inverse = np.float32(1) / _real_from_index(index, size)
    return frozen_array(as_raw(inverse, form), form.width)


@lru_cache(maxsize=256)
def legacy_exp_table(size: int, form: FixedFormat) -> RawArray:
    """Return exp(x) for x from -8 to 8 (``init_exp_table_legacy``)."""
    return frozen_array(as_raw(exp(table_inputs(Function.SIGMOID, size)), form), form.width)


@lru_cache(maxsize=256)
def legacy_inverse_table(size: int, form: FixedFormat) -> RawArray:
    """Return 1/x for x from 0 to 64, and 0 for 0 (``init_invert_table_legacy``)."""
    x = (64.0 * np.arange(size) / float(size)).astype(np.float32).astype(np.float64)
    inverse = np.divide(1.0, x, out=np.zeros(size), where=x > 0)
    return frozen_array(as_raw(inverse, form), form.width)


@lru_cache(maxsize=256)
def inverse_root_table(
    size: int, epsilon_power: int, range_power: int, form: FixedFormat
) -> RawArray:
    """Return 1/sqrt(x) for x from 10**-epsilon_power on, over a range of 2**-range_power."""
    least = np.float32(10.0**-epsilon_power)
    step = np.float32(2.0**-range_power) / np.float32(size)
    x = least + step * np.arange(size).astype(np.float32)
    return frozen_array(as_raw(1.0 / np.sqrt(x).astype(np.float64), form), form.width)


def exp(x: Floats) -> Floats:
    """Return exp(x) in float32; infinite where that ends."""
    return _libm("expf", x)


def as_raw(values: Floats | Doubles, form: FixedFormat) -> RawArray:
    """Return real numbers as raw values, as ``ap_fixed(double)`` does, infinite ones included."""
    infinite = np.isinf(values)
    raw = from_values(np.where(infinite, 0, values), form)
    if infinite.any():
        ends = requantise(np.array([-1, 1]), _INFINITY, form)
        raw = np.where(infinite, np.where(values < 0, ends[0], ends[1]), raw)
    return raw


def _real_from_index(index: FixedFormat, size: int) -> Floats:
    """Return the number whose top bits are each index, the bits below being zero."""
    bits = (size - 1).bit_length()
    if bits > index.width:
        raise NetworkError(
            f"{size} entries are looked up by {index}: the C++ reads bits that do not exist",
            where="lookup table",
            allowed=f"at most {1 << index.width} entries",
            remedy="lower TableSize",
        )
    raw = np.arange(size).astype(object) << (index.width - bits)
    raw = np.where(raw > index.raw_max, raw - (1 << index.width), raw)
    values = [np.ldexp(float(number), -index.fractional) for number in raw]
    return np.array(values, dtype=np.float32)


def _libm(name: str, x: npt.NDArray[Real]) -> npt.NDArray[Real]:
    """Return a function of the C library of each number, in the type of the numbers."""
    c_type = ctypes.c_float if x.dtype == np.float32 else ctypes.c_double
    function = _function(name, c_type)
    return np.array([function(number) for number in x.tolist()], dtype=x.dtype)


@lru_cache(maxsize=8)
def _function(name: str, c_type: type) -> Callable[[float], float]:
    function = ctypes.CDLL(ctypes.util.find_library("m"))[name]
    function.argtypes, function.restype = [c_type], c_type
    return function
