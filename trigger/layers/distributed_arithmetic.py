"""Distributed arithmetic: dense and convolution layers whose products are shifts and additions.

Mirrors ``nnet_da_wrappers.h`` and the functions ``dense_da_<N>`` of ``nnet_code_gen.h``: a
generated function takes a window of the input; what it makes is cast to the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, TypeVar

import numpy as np

from trigger.design import Strategy
from trigger.fixed import FixedFormat, RawArray, requantise
from trigger.layers.adder_graph import AdderGraph
from trigger.layers.adder_ranges import Analysis, Linear, analyse
from trigger.layers.base import Layer, Shape, Tensor, expect, frozen_array, only
from trigger.layers.conv1d import Conv1D
from trigger.layers.conv2d import Conv2D, image_windows, window_counts
from trigger.layers.dense import Dense
from trigger.layers.multiply_accumulate import MultiplyAccumulate
from trigger.layers.reach import Reach

Entry = TypeVar("Entry")

BLOCK_ROWS = 4096
"""Windows at a time: every operation of the graph holds a number of each of them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DistributedArithmetic(Layer):
    """An adder graph on every window: of a dense layer (its whole input) or a convolution."""

    window: tuple[int, ...]
    """() of a dense layer, (width,) or (height, width) of a convolution."""
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    """Zeros (before, behind) along each axis."""
    parallelization_factor: int
    """Pixels that are computed at once in ``io_parallel``."""
    graph: AdderGraph

    def shape(self, *inputs: Shape) -> Shape:
        *image, channels = only(inputs, self, rank=len(self.window) + 1)
        expect(
            len(self.stride) == len(self.padding) == len(self.window) <= 2,
            self,
            f"window {self.window}, stride {self.stride}, padding {self.padding}",
            "an entry of each per axis, at most two",
        )
        expect(
            prod(self.window) * channels == self.graph.inputs,
            self,
            f"a function of {self.graph.inputs} numbers meets windows of "
            f"{prod(self.window) * channels}",
            "a function that takes one window",
        )
        counts = window_counts(
            _pair(tuple(image), 1), self._size, _pair(self.stride, 1), _pair(self.padding, (0, 0))
        )
        expect(
            min(counts) > 0,
            self,
            f"the image {tuple(image)} is smaller than the window {self.window}",
            "an image that holds at least one window",
        )
        return (*counts[2 - len(self.window) :], len(self.graph.outputs))

    @property
    def _size(self) -> tuple[int, int]:
        return _pair(self.window, 1)

    def windows(self, raw: RawArray) -> RawArray:
        """Return what meets the function: (events, *positions, window elements)."""
        events, *image, channels = raw.shape
        lifted = raw.reshape(events, *_pair(tuple(image), 1), channels)
        stride, padding = _pair(self.stride, 1), _pair(self.padding, (0, 0))
        found = image_windows(lifted, self._size, stride, padding)
        positions = found.shape[1:3][2 - len(self.window) :]
        return found.reshape(events, *positions, self.graph.inputs)

    def evaluate(self, *inputs: Tensor) -> RawArray:
        windows = self.windows(inputs[0].raw)
        rows = windows.reshape(-1, windows.shape[-1])
        blocks = [
            self._block(Tensor(rows[start : start + BLOCK_ROWS], inputs[0].format))
            for start in range(0, max(len(rows), 1), BLOCK_ROWS)
        ]
        return np.concatenate(blocks).reshape(*windows.shape[:-1], -1)

    def _block(self, rows: Tensor) -> RawArray:
        outputs = self.graph.evaluate(rows)
        return np.stack([requantise(each.raw, each.format, self.result) for each in outputs], -1)

    def reach(self, *inputs: Reach) -> Reach:
        """Exact where the graph is a matrix product; else an interval from step to step."""
        analysis = self.analyse(inputs[0])
        product = self._product(analysis, inputs[0])
        if product is not None:
            exact = product.reach(*inputs)
            demands = tuple(each for each in exact.demands if each.role == "result")
            return Reach(exact.low, exact.high, self.result, demands)
        ends = [analysis.reaches[output] for output in self.graph.outputs]
        fractional = max(each.format.fractional for each in ends)
        low, high = (
            np.array(
                [
                    int(getattr(each, side)[0]) << (fractional - each.format.fractional)
                    for each in ends
                ],
                dtype=object,
            )
            for side in ("low", "high")
        )
        whole = FixedFormat.for_range(int(low.min()), int(high.max()), fractional)
        shape = self.shape(inputs[0].low.shape)
        found = Reach(low, high, whole).entering(self.result)
        low, high = (np.broadcast_to(raw, shape) for raw in (found.low, found.high))
        return Reach(low, high, self.result, found.demands)

    def as_product(self, source: Reach) -> MultiplyAccumulate | None:
        """Return the dense or convolution layer that makes the same numbers of every such input.

        None if some operation rounds or overflows, so that there is none.
        """
        return self._product(self.analyse(source), source)

    def analyse(self, source: Reach) -> Analysis:
        """Follow the graph's operations for what any window can hold."""
        windows = [self.windows(raw[None])[0] for raw in (source.low, source.high)]
        low, high = (raw.reshape(-1, self.graph.inputs) for raw in windows)
        return analyse(self.graph, Reach(low.min(axis=0), high.max(axis=0), source.format))

    def _product(self, analysis: Analysis, source: Reach) -> MultiplyAccumulate | None:
        found = [analysis.linear[output] for output in self.graph.outputs]
        sums = [each for each in found if each is not None]
        if len(sums) < len(found):
            return None
        return self._of_sums(sums, analysis.fractional, source)

    def _of_sums(self, sums: list[Linear], fractional: int, source: Reach) -> MultiplyAccumulate:
        matrix = np.stack([each.factors.astype(object) for each in sums], axis=1)
        bias = np.array([each.constant for each in sums], dtype=object)
        kernel_format, bias_format = (
            FixedFormat.for_range(int(raw.min()), int(raw.max()), fraction)
            for raw, fraction in (
                (matrix, fractional - source.format.fractional),
                (bias, fractional),
            )
        )
        largest = max(source.format.raw_max, -source.format.raw_min)
        bound = int((np.abs(matrix).sum(axis=0) * largest + np.abs(bias)).max())
        width = bound.bit_length() + 1
        common: dict[str, Any] = {
            "name": self.name,
            "inputs": self.inputs,
            "result": self.result,
            "kernel": frozen_array(matrix, kernel_format.width).reshape(
                *self.window, -1, len(sums)
            ),
            "kernel_format": kernel_format,
            "bias": frozen_array(bias, bias_format.width),
            "bias_format": bias_format,
            "accumulator": FixedFormat(width, width - fractional),
            "strategy": Strategy.DISTRIBUTED_ARITHMETIC,
            "reuse_factor": 1,
        }
        pixels: dict[str, Any] = {"parallelization_factor": self.parallelization_factor}
        match len(self.window):
            case 0:
                return Dense(**common)
            case 1:
                return Conv1D(**common, **pixels, stride=self.stride[0], padding=self.padding[0])
        return Conv2D(
            **common,
            **pixels,
            stride=(self.stride[0], self.stride[1]),
            padding=(self.padding[0], self.padding[1]),
        )


def _pair(axes: tuple[Entry, ...], missing: Entry) -> tuple[Entry, Entry]:
    """Return an entry for each axis of an image; axes that a layer lacks come first."""
    first, second = (missing, missing, *axes)[-2:]
    return first, second
