"""Images: events become raw integer pixels in the format that the hardware would see.

``ENCODERS`` names every encoding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from trigger.events.batch import EventBatch
from trigger.images import (
    constituent_sets,
    hit_maps,
    jet_images,
    object_planes,
    object_rgb,
    object_set,
    region_grids,
    shower_layers,
)
from trigger.images.contract import Encoding, InputContract
from trigger.images.encoder import Encoder, Mirror, Pixels

__all__ = ["ENCODERS", "Encoder", "Encoding", "InputContract", "Mirror", "Pixels", "encode", "fit"]

ENCODERS: Mapping[Encoding, Encoder] = MappingProxyType(
    {
        Encoding.BINARY: hit_maps.ENCODER,
        Encoding.TOTAL: hit_maps.ENCODER,
        Encoding.AVERAGE: hit_maps.ENCODER,
        Encoding.PER_HIT: hit_maps.ENCODER,
        Encoding.JET_IMAGE: jet_images.ENCODER,
        Encoding.CONSTITUENTS: constituent_sets.ENCODER,
        Encoding.SHOWER_PLANES: shower_layers.ENCODER,
        Encoding.SHOWER_CELLS: shower_layers.ENCODER,
        Encoding.REGION_GRID: region_grids.ENCODER,
        Encoding.OBJECT_PLANES: object_planes.ENCODER,
        Encoding.OBJECT_RGB: object_rgb.ENCODER,
        Encoding.OBJECT_SET: object_set.ENCODER,
    }
)
"""What draws the events, by encoding."""


def fit(contract: InputContract, batch: EventBatch) -> InputContract:
    """Return the contract with a scale: its own, or else one fitted on these events.

    Raises:
        ImageError: the events hold nothing to fit it on.
    """
    if contract.scale is not None:
        return contract
    return replace(contract, scale=ENCODERS[contract.encoding].fit_scale(batch, contract))


def encode(batch: EventBatch, contract: InputContract) -> Pixels:
    """Return the pixels of all events as raw integers, shape (n, *contract.input_shape)."""
    return ENCODERS[contract.encoding].encode(batch, contract)
