"""Which hls4ml a project's functions are of, where versions compute otherwise.

The project's own copy of a header decides; where people keep none, the text of ``parameters.h``
bounds the version. What cannot be told is not guessed.
"""

from __future__ import annotations

import re
from enum import Enum

from trigger.design import IOType
from trigger.errors import UnsupportedLayerError
from trigger.project.folder import own_header, read_text
from trigger.project.source import Source, io_type_of
from trigger.project.top import Call, blank

Version = tuple[int, int]


class Change(Enum):
    """What became different: version, header, and a pattern of the header's text since then."""

    PRODUCT = (0, 7), "nnet_mult", r"classw_T>classmult\b"
    """Products are exact; before, they were cast: to the input, or to the result they go to."""
    NORMALIZE = (0, 7), "nnet_batchnorm", r"scale_t>::product"
    POOL_STREAM = (0, 7), "nnet_pooling_stream", r"\A(?!.*value_typepool_window)"
    """Line buffers pool in the accumulator; before, in the type of the input."""
    POOL_PADDING = (0, 7), "nnet_pooling", r"ii\+jj-CONFIG_T::pad_left"
    """The windows of padded images lie where they should."""
    POOL_ACCUMULATOR = (1, 0), "nnet_pooling", r"typenameaccum_t>accum_tavg"
    POOL_WINDOW = (1, 2), "nnet_pooling", r"-CONFIG_T::pool_width\)"
    """The window may differ from the stride."""
    RECURRENT = (1, 1), "nnet_recurrent", r"recurrent_weight_t"
    """Activations go from accumulator to accumulator."""
    AVERAGE = (1, 2), "nnet_merge", r"ap_ufixed<1,0>\(0\.5\)"
    """A mean is half the exact sum; before, an integer quotient."""
    CONCATENATE = (0, 6), "nnet_merge", r"axis==3\|\|CONFIG_T::axis==-1\)"
    """Axes count from 1 on."""
    CONCATENATE3D = (
        (1, 2),
        "nnet_merge",
        r"kk<CONFIG_T::n_elem2_2;kk\+\+\)\{intres_idx=[^;]*\+kk\+CONFIG_T::n_elem1_2;",
    )
    """The last axis may be of different lengths."""
    COUNT_BITS = (1, 2), "nnet_mult", r"x\*2-CONFIG_T::n_in"
    """Equal bits of an odd number are counted without a remainder."""
    BINARY_TANH = (1, 2), "nnet_activation", r"binary_cast"
    """0 counts as positive."""
    SELU = (1, 2), "nnet_activation", r"selu_const_t"

    @property
    def version(self) -> Version:
        version: Version = self.value[0]
        return version


_SINCE: tuple[tuple[Version, str], ...] = (
    ((1, 3), r"\bn_elem1\s*="),
    ((1, 2), r"\bexp_table_size\b|\bdense_da\b|\bdistributed_arithmetic\b"),
    ((1, 1), r"\brecurrent_weight_t\b"),
    ((1, 0), r"\A(?!(?s:.*):\s*nnet::conv1d_config\b)(?s:.*)\busing\s+kernel\b"),
    ((1, 0), r"\bconv_kernel\b"),
    ((0, 7), r"class\s+y_T\s*>\s*using\s+product\b"),
)
"""Kernels alone were there before 1.0, too: only with them convolutions name theirs."""
_BEFORE: tuple[tuple[Version, str, str], ...] = (
    ((0, 7), r"class\s+res_T\s*>\s*using\s+product\b", r"using\s+kernel"),
    ((1, 0), r":\s*nnet::dense_config\b", r"\busing\s+kernel\b|\bdense_da\b"),
    ((1, 1), r":\s*nnet::(?:lstm|gru)_config\b", r"\brecurrent_weight_t\b"),
    ((1, 2), r"\bexp_table_t\b", r"\bexp_table_size\b"),
)
"""Of (version, a, b): a text that has a and no b is older."""


_STREAMED = ("nnet_activation", "nnet_batchnorm", "nnet_merge")
"""Headers whose functions on streams stand in a header of their own and changed likewise."""


def is_older(source: Source, call: Call, change: Change) -> bool:
    """Tell whether a call meets the function as it was before a change.

    Raises:
        UnsupportedLayerError: neither a header nor parameters.h tells.
    """
    _, header, pattern = change.value
    if header in _STREAMED and io_type_of(call) is IOType.STREAM:
        header += "_stream"
    path = own_header(source.files, f"{header}.h")
    if path is not None:
        squeezed = re.sub(r"\s+", "", blank(read_text(path)))
        return re.search(pattern, squeezed) is None
    text = blank(read_text(source.files.parameters))
    if any(version >= change.version and re.search(mark, text) for version, mark in _SINCE):
        return False
    for version, mark, newer in _BEFORE:
        if version <= change.version and re.search(mark, text) and not re.search(newer, text):
            return True
    raise UnsupportedLayerError(
        f"hls4ml {_spell(change.version)} changed nnet::{call.function}, and the project does not "
        f"tell whether layer {call.layer!r} is older",
        where=source.where(call.line),
        allowed=f"a project with its own {header}.h",
        remedy="copy nnet_utils/ of the hls4ml that wrote it into the firmware folder",
    )


def refuse_older(source: Source, call: Call, change: Change, what: str) -> None:
    """Raise UnsupportedLayerError where a call meets an older function, which does ``what``."""
    if is_older(source, call, change):
        raise UnsupportedLayerError(
            f"layer {call.layer!r}: nnet::{call.function} of hls4ml before "
            f"{_spell(change.version)} {what}",
            where=source.where(call.line),
            allowed=f"that of hls4ml {_spell(change.version)} or later",
            remedy="simulate the project with csim only, or write it again with a newer hls4ml",
        )


def _spell(version: Version) -> str:
    return ".".join(map(str, version))
