"""Encoder: one way from events to raw integer pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from trigger.events.batch import EventBatch
from trigger.images.contract import InputContract

Pixels = npt.NDArray[Any]
"""(n, *input shape) raw integers in the smallest dtype that holds the format."""


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
