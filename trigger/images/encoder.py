"""Encoder: one way from events to raw integer pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy.typing as npt

from trigger.events.batch import EventBatch
from trigger.images.contract import InputContract

Pixels = npt.NDArray[Any]
"""(n, *input shape) raw integers in the smallest dtype that holds the format."""


class Mirror(Enum):
    """How an image may be mirrored; the value is the word in design files."""

    FLIP_X = "flip_x"
    """Left and right change places."""
    FLIP_Y = "flip_y"
    """Top and bottom change places."""

    @property
    def axis(self) -> int:
        """Of an image, (rows, columns, channels)."""
        return 1 if self is Mirror.FLIP_X else 0


@dataclass(frozen=True, slots=True)
class Encoder:
    """What draws one kind of event."""

    contract: type[InputContract]
    """Its choices: the keys of a design's ``input``."""
    batch: type[EventBatch]
    """The events that it draws."""
    encode: Callable[[Any, Any], Pixels]
    """(batch, contract) -> pixels; the same for the same event in whatever batch."""
    fit_scale: Callable[[Any, Any], int]
    """(batch, contract) -> the scale for these events."""
    mirrors: tuple[Mirror, ...] = ()
    """Mirrored images that are, pixel by pixel, those of events that are as likely, of the same
    class."""
