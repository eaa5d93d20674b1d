"""Calls of pooling functions -> layers; hls4ml before 1.0 and 1.2 pooled otherwise."""

from __future__ import annotations

from math import prod

from trigger.design import IOType
from trigger.errors import UnsupportedLayerError
from trigger.fixed import FixedFormat, Overflow, Rounding, from_values
from trigger.layers import GlobalPooling, Layer, Pool, Pooling1D, Pooling2D, Shape
from trigger.project.declarations import Config
from trigger.project.source import (
    Fields,
    LayerReader,
    Source,
    accumulator_of,
    input_format,
    io_type_of,
)
from trigger.project.tensors import frame, pair
from trigger.project.top import Call
from trigger.project.version import Change, is_older, refuse_older


def _pool(source: Source, call: Call, config: Config) -> Pool:
    word = source.declarations.word(config, "pool_op").lower()
    if word not in (pool.value for pool in Pool):
        raise UnsupportedLayerError(
            f"layer {call.layer!r} pools by {word!r}",
            where=config.where,
            allowed=", ".join(pool.value for pool in Pool),
        )
    return Pool(word)


def _pooling1d(source: Source, call: Call, fields: Fields) -> Layer:
    config, declared = source.config(call), source.declarations
    size, stride = pair(declared, config, "pool_width", "stride_width")
    padding = frame(declared, config)[1]
    images = ((declared.number(config, "n_in"), size, stride, padding),)
    count_padding = bool(declared.number(config, "count_pad", 0))
    return Pooling1D(
        **fields,
        pool=_pool(source, call, config),
        size=size,
        stride=stride,
        padding=padding,
        count_padding=count_padding,
        accumulator=_windows_accumulator(source, call, config, images),
        io_type=io_type_of(call),
    )


def _pooling2d(source: Source, call: Call, fields: Fields) -> Layer:
    config, declared = source.config(call), source.declarations
    image = pair(declared, config, "in_height", "in_width")
    size = pair(declared, config, "pool_height", "pool_width")
    stride = pair(declared, config, "stride_height", "stride_width")
    padding = frame(declared, config)
    return Pooling2D(
        **fields,
        pool=_pool(source, call, config),
        size=size,
        stride=stride,
        padding=padding,
        count_padding=bool(declared.number(config, "count_pad", 0)),
        accumulator=_windows_accumulator(
            source, call, config, tuple(zip(image, size, stride, padding, strict=True))
        ),
        io_type=io_type_of(call),
    )


def _global_pooling(source: Source, call: Call, fields: Fields) -> Layer:
    config = source.config(call)
    cells = prod(source.shapes[fields["inputs"][0]][:-1])
    return GlobalPooling(
        **fields,
        pool=_pool(source, call, config),
        accumulator=_accumulator(source, call, config, cells),
        io_type=io_type_of(call),
    )


_Axis = tuple[int, int, int, tuple[int, int]]
"""Length, window, stride and padding."""


def _windows_accumulator(
    source: Source, call: Call, config: Config, axes: tuple[_Axis, ...]
) -> FixedFormat:
    """Return the accumulator of windows; refuse those that an older hls4ml pools in its own way."""
    cells = prod(size for _, size, _, _ in axes)
    if io_type_of(call) is IOType.STREAM:
        word = source.declarations.word(config, "implementation", "linebuffer")
        declared = _accumulator(source, call, config, cells)
        if declared == input_format(source, call) or word != "linebuffer":
            return declared
        older = is_older(source, call, Change.POOL_STREAM)
        return input_format(source, call) if older else declared
    if any(size != stride for _, size, stride, _ in axes):
        refuse_older(source, call, Change.POOL_WINDOW, "takes the stride for the window")
    pool, padded = _pool(source, call, config), any(any(padding) for *_, padding in axes)
    if (pool is Pool.AVERAGE or padded) and is_older(source, call, Change.POOL_ACCUMULATOR):
        if padded:
            _check_older_padding(source, call, pool, axes)
        if pool is Pool.AVERAGE:
            _check_rescale(source, call, tuple(size for _, size, _, _ in axes))
    return _accumulator(source, call, config, cells)


def _accumulator(source: Source, call: Call, config: Config, cells: int) -> FixedFormat:
    """Return the accumulator; before 1.0 parallel pooling took none from its configuration."""
    form, pool = input_format(source, call), _pool(source, call, config)
    if io_type_of(call) is IOType.STREAM or (pool is Pool.MAX and "accum_t" in config.types):
        declared = accumulator_of(source.declarations, config)
        if io_type_of(call) is IOType.STREAM or form.grid == declared.grid:
            return declared
    if not is_older(source, call, Change.POOL_ACCUMULATOR):
        return accumulator_of(source.declarations, config)
    plain = form.rounding is Rounding.TRN and form.overflow is Overflow.WRAP
    if pool is Pool.AVERAGE and form.signed and plain:
        more = cells.bit_length()  # ap_int and ap_fixed get a sum that cannot overflow
        return FixedFormat(form.width + more, form.integer + more)
    return form


def _check_older_padding(source: Source, call: Call, pool: Pool, axes: tuple[_Axis, ...]) -> None:
    """Refuse padded windows that lie elsewhere, or whose mean is scaled, before 1.0."""
    whole = all((length + sum(padding)) % stride == 0 for length, _, stride, padding in axes)
    if pool is Pool.AVERAGE or not whole or is_older(source, call, Change.POOL_PADDING):
        refuse_older(source, call, Change.POOL_ACCUMULATOR, "pools padded images in its own way")


def _check_rescale(source: Source, call: Call, sizes: Shape) -> None:
    """Refuse means whose last factor, size / cells in the input's type, is not exactly 1."""
    form = input_format(source, call)
    for number in (1, *sizes):
        if int(from_values(number, form)) * form.step != number:
            refuse_older(
                source,
                call,
                Change.POOL_ACCUMULATOR,
                f"scales the mean by {number} in {form}, which does not hold it",
            )


_SEQUENCE = ("n_in", "n_filt")
_IMAGE = ("in_height", "in_width", "n_filt")

POOLING_READERS: dict[str, LayerReader] = {
    "pooling1d_cl": LayerReader(_pooling1d, _SEQUENCE),
    "pooling2d_cl": LayerReader(_pooling2d, _IMAGE),
    "global_pooling1d_cl": LayerReader(_global_pooling, _SEQUENCE),
    "global_pooling2d_cl": LayerReader(_global_pooling, _IMAGE),
}
"""From the ``nnet::`` function to what reads its calls."""
