"""Which hits of a drift chamber are noise: a small fully convolutional network, pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from trigger.errors import DesignError
from trigger.images import Encoding, InputContract, encode
from trigger.images.hit_maps import HitMapContract
from trigger.training.loss import Loss, PixelCrossEntropy
from trigger.training.tasks.base import Lesson, Material, Task
from trigger.training.tasks.track_class import check_hits


@dataclass(frozen=True, slots=True)
class HitNoise(Task):
    """Tell signal from noise at every lit pixel, with one score each.

    A pixel is lit if one of its raw numbers is not 0; nothing is learnt or counted elsewhere, for
    there a trigger has nothing to drop. A lit pixel with at least one hit of a particle is signal,
    also if a noise hit meets it there: to drop it would cost the track a hit.
    """

    @property
    def unit(self) -> str:
        return "lit pixels"

    def classes(self, events: tuple[str, ...]) -> tuple[str, ...]:
        return ("noise", "signal")

    def outputs(self, contract: InputContract, events: tuple[str, ...]) -> list[tuple[int, ...]]:
        check_hits(contract)
        if not (isinstance(contract, HitMapContract) and contract.keep_noise):
            raise DesignError(
                "the images have no noise", where="task", remedy="set input.keep_noise to true"
            )
        return [(*contract.shape, 1)]

    @property
    def loss(self) -> Loss:
        return PixelCrossEntropy()

    def lesson(self, given: Material) -> Lesson:
        contract, sample = given.contract, given.sample
        assert isinstance(contract, HitMapContract)  # as outputs() saw
        hits = replace(
            contract, encoding=Encoding.BINARY, scale=1, keep_noise=False, stereo_views=False
        )
        signal = encode(given.drawn.batch, hits) > 0
        lit = np.any(sample.pixels_raw, axis=-1, keepdims=True)
        targets = np.where(lit, signal, np.float32(np.nan))
        return Lesson(replace(sample, targets=targets.astype(np.float32)))

    def warnings(self) -> tuple[str, ...]:
        return ("Intervals take lit pixels for independent; those of one event are not quite.",)
