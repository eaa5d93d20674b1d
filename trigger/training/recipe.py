"""All that the weights of a fit follow from."""

from __future__ import annotations

from dataclasses import dataclass

from trigger.design import ModelSpec, digest_of
from trigger.errors import DesignError, ModelError
from trigger.training.loss import CROSS_ENTROPY, Loss, check_lesson
from trigger.training.sample import Sample
from trigger.training.spec import ModelKind, TrainedModel, TrainingSpec
from trigger.training.store import FORMAT, package_versions


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """What a fit is given."""

    kind: ModelKind
    model: ModelSpec
    training: TrainingSpec
    """As it holds for this kind of model, whatever it is made with."""
    train: Sample
    validation: Sample
    start: TrainedModel | None = None
    """A model of the same layers whose weights are taken first; None initialises them."""
    loss: Loss = CROSS_ENTROPY
    """What is made small; all but the cross-entropy of labels need targets."""
    twin: TrainedModel | None = None
    """The trained float model, from which ``training.distillation`` lets this one learn."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "training", self.training.of(self.kind))

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of all of it, and of the versions that compute the weights."""
        samples = (self.train.digest, self.validation.digest)
        begun = None if self.start is None else self.start.digest
        records = [FORMAT, self.kind, self.model, self.training, samples, package_versions(), begun]
        # what was trained before there were other losses, or twins, is still what it was
        records += [] if self.loss == CROSS_ENTROPY else [self.loss]
        if self.training.distillation and self.twin is not None:
            records.append(self.twin.digest)
        return digest_of(*records)

    def check(self) -> None:
        """Raise where images, model and training contradict each other.

        Raises:
            DesignError: the model cannot be built, a batch would tear groups of images apart, or
                distillation is asked for without labels or without a twin.
            ModelError: images, labels or targets do not fit the model.
        """
        if self.training.distillation and (self.twin is None or self.loss != CROSS_ENTROPY):
            raise DesignError(
                f"distillation is {self.training.distillation:g}, and there is nothing to learn",
                where="training.distillation",
                allowed="0, but for models that tell classes apart and have a trained float twin",
            )
        for name, sample in (("training", self.train), ("validation", self.validation)):
            self._check_pixels(name, sample)
            check_lesson(name, sample, self.model, self.loss)
        if self.training.batch_size % self.train.group:
            raise DesignError(
                f"batch_size is {self.training.batch_size}",
                where="training.batch_size",
                allowed=f"a multiple of {self.train.group}: so many images of one event stay "
                "together",
            )

    def _check_pixels(self, name: str, sample: Sample) -> None:
        shape, format_ = sample.pixels_raw.shape[1:], self.model.input_format
        if shape != self.model.input_shape:
            raise ModelError(
                f"the images are {shape}",
                where=f"{name} sample",
                allowed=f"{self.model.input_shape}, as the model's input",
                remedy="make images of the size that input.shape says",
            )
        low, high = int(sample.pixels_raw.min()), int(sample.pixels_raw.max())
        if low < format_.raw_min or high > format_.raw_max:
            raise ModelError(
                f"the raw pixels reach from {low} to {high}",
                where=f"{name} sample",
                allowed=f"{format_}: {format_.raw_min} to {format_.raw_max}",
            )
