"""Clone: one stream for several readers (``nnet_stream.h``: clone_stream)."""

from __future__ import annotations

from dataclasses import dataclass

from trigger.layers.linear import Linear


@dataclass(frozen=True, kw_only=True, eq=False)
class Clone(Linear):
    """The input, as it is; the C++ writes it to several streams, which are one tensor here."""
