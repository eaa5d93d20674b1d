"""Layers of the strategy ``distributed_arithmetic``: the generated functions of a project as data.

They stand in ``nnet_utils/nnet_code_gen.h``: what a window goes through (``dense_da_<N>``), and of
parallel convolutions what each window holds (``fill_buffer_<N>``), which is where their padding
is written.
"""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import numpy as np

from trigger.errors import FormatError, NetworkError, ProjectError
from trigger.fixed import FixedFormat, RawArray
from trigger.layers import DistributedArithmetic, Layer, Shape
from trigger.layers.adder_code import read_adders
from trigger.layers.adder_graph import AdderGraph
from trigger.project.declarations import Config
from trigger.project.folder import own_header, read_text
from trigger.project.source import Fields, Source, input_format
from trigger.project.top import Call, blank, line_of, matching_brace

_BUFFER = re.compile(
    r"\bpartition\s*==\s*(\d+)|\bbuffer\s*\[\s*(\d+)\s*\]\s*\[\s*(\d+)\s*\]\s*=\s*"
    r"(?:data\s*\[\s*(\d+)\s*\]|0)\s*;"
)
_WRAPPED = re.compile(r"\bvoid\s+dense\s*\([^{]*\{\s*(\w+)\s*\(\s*inp\s*,\s*out\s*\)\s*;\s*\}")


def dense_function(source: Source, call: Call, fields: Fields) -> Layer:
    """Read a call of a generated function itself."""
    return _layer(fields, _called(source, call))


def function_inputs(source: Source, call: Call) -> Shape:
    """Return the shape in which a call of a generated function reads its input."""
    return (_called(source, call).inputs,)


def _called(source: Source, call: Call) -> AdderGraph:
    name = call.function.rsplit("::", 1)[-1]
    whole = re.match(r"ap_u?int\b", source.declarations.spelling(call.reads[0].type))
    # bit_shift of an ap_int is another than that of the ap_fixed of the same numbers
    entering = None if whole else input_format(source, call)
    return _graph(source, name, source.where(call.line), entering)


def streamed_dense(source: Source, config: Config, fields: Fields) -> Layer:
    return _layer(
        fields, _graph(source, source.declarations.word(config, "dense_da"), config.where)
    )


def _layer(fields: Fields, graph: AdderGraph) -> Layer:
    return DistributedArithmetic(
        **fields, window=(), stride=(), padding=(), parallelization_factor=1, graph=graph
    )


def streamed_convolution(
    source: Source,
    config: Config,
    fields: Fields,
    padding: tuple[tuple[int, int], ...],
) -> Layer:
    """Read a convolution over a stream; its function is called by a wrapper."""
    declared = source.declarations
    mult = declared.config(declared.word(config, "mult_config"), config.where)
    wrapper = declared.word(mult, "kernel")
    text, start, end = _block(source, rf"\bstruct\s+{re.escape(wrapper)}\b", wrapper, mult.where)
    call = _WRAPPED.search(text, start, end)
    if call is None:
        raise ProjectError(
            f"cannot understand struct {wrapper}",
            where=f"{_file(source)}:{line_of(text, start)}",
            allowed="static void dense(...) { dense_da_<N>(inp, out); }",
        )
    return _convolution(source, config, fields, _graph(source, call[1], mult.where), padding)


def parallel_convolution(source: Source, call: Call, fields: Fields) -> Layer:
    """Read ``conv1d_cl`` or ``conv2d_cl``, whose configuration is the first template argument."""
    config = _first_config(source, call)
    graph = _graph(source, source.declarations.word(config, "dense_da"), config.where)
    axes = _axes(call)
    read = source.declarations.numbers
    image = read(config, *(f"in_{axis}" for axis in axes))
    size = read(config, *(f"filt_{axis}" for axis in axes))
    stride = read(config, *(f"stride_{axis}" for axis in axes))
    counts = read(config, *(f"out_{axis}" for axis in axes))
    missing = [
        max((count - 1) * step + window - length, 0)
        for count, step, window, length in zip(counts, stride, size, image, strict=True)
    ]
    channels = source.declarations.number(config, "n_chan")
    name = source.declarations.word(config, "fill_buffer")
    filled = _buffer(source, name, config, (*counts, int(np.prod(size)) * channels))
    # the padding is the one whose windows are those of the text
    for before in product(*(range(each + 1) for each in missing)):
        padding = tuple((first, all_ - first) for first, all_ in zip(before, missing, strict=True))
        layer = _convolution(source, config, fields, graph, padding)
        elements = np.arange(1, int(np.prod(image)) * channels + 1).reshape(1, *image, channels)
        if np.array_equal(layer.windows(elements)[0], filled):
            return layer
    raise ProjectError(
        f"the windows of {name} are not those of a convolution",
        where=config.where,
        allowed=f"windows of {size} with strides {stride} on an image of {image} with zeros around",
    )


def image_shape(source: Source, call: Call) -> Shape:
    """Return the shape in which a parallel convolution reads its input."""
    lengths = (f"in_{axis}" for axis in _axes(call))
    return source.declarations.numbers(_first_config(source, call), *lengths, "n_chan")


def _convolution(
    source: Source,
    config: Config,
    fields: Fields,
    graph: AdderGraph,
    padding: tuple[tuple[int, int], ...],
) -> DistributedArithmetic:
    declared = source.declarations
    axes = ("height", "width")[-len(padding) :]
    pixels = int(np.prod(declared.numbers(config, *(f"out_{axis}" for axis in axes))))
    return DistributedArithmetic(
        **fields,
        window=declared.numbers(config, *(f"filt_{axis}" for axis in axes)),
        stride=declared.numbers(config, *(f"stride_{axis}" for axis in axes)),
        padding=padding,
        parallelization_factor=pixels // declared.number(config, "n_partitions", pixels),
        graph=graph,
    )


def _axes(call: Call) -> tuple[str, ...]:
    return ("width",) if "1d" in call.function else ("height", "width")


def _first_config(source: Source, call: Call) -> Config:
    name = call.types[0] if call.types else ""
    return source.declarations.config(name, source.where(call.line))


def _file(source: Source) -> Path:
    name = "nnet_code_gen.h"
    return own_header(source.files, name) or source.files.firmware / "nnet_utils" / name


def _block(source: Source, head: str, name: str, where: str) -> tuple[str, int, int]:
    """Return the generated text without comments, and where a block of it begins and ends."""
    text = blank(read_text(_file(source)))
    found = re.search(head, text)
    if found is None:
        raise ProjectError(
            f"{_file(source).name} has no {name}",
            where=where,
            allowed=", ".join(re.findall(r"\bvoid\s+(\w+_da_\d+)\b", text)) or "none",
            remedy="keep the nnet_utils folder that hls4ml wrote with the project",
        )
    return text, found.start(), matching_brace(text, text.find("{", found.start()))


def _graph(
    source: Source, name: str, where: str, entering: FixedFormat | None = None
) -> AdderGraph:
    text, start, end = _block(source, rf"\bvoid\s+{re.escape(name)}\s*\(", name, where)
    try:
        return read_adders(text[start : end + 1], _file(source), line_of(text, start), entering)
    except (NetworkError, FormatError) as error:
        raise ProjectError(
            error.problem, where=error.where, allowed=error.allowed, remedy=error.remedy
        ) from error


def _buffer(source: Source, name: str, config: Config, shape: Shape) -> RawArray:
    """Return which element each window holds, counted from 1; 0 where it holds zero.

    Args:
        shape: (*positions, window elements).
    """
    text, start, end = _block(source, rf"\bclass\s+{re.escape(name)}\b", name, config.where)
    together = source.declarations.number(config, "n_pixels")
    filled = np.full((int(np.prod(shape[:-1])), shape[-1]), -1)
    partition = 0
    for match in _BUFFER.finditer(text, start, end):
        if match[1]:
            partition = int(match[1])
            continue
        pixel, element = partition * together + int(match[2]), int(match[3])
        if pixel >= len(filled) or element >= shape[-1]:
            raise ProjectError(
                f"window {pixel} has an element {element}",
                where=f"{_file(source)}:{line_of(text, match.start())}",
                allowed=f"{len(filled)} windows of {shape[-1]} elements",
            )
        filled[pixel, element] = int(match[4]) + 1 if match[4] else 0
    return filled.reshape(shape)
