"""An autoencoder that knows one kind of event, and how badly it draws others."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trigger.design import ModelSpec
from trigger.errors import DesignError
from trigger.fixed import FixedFormat
from trigger.training.fit import fit
from trigger.training.loss import SquaredError
from trigger.training.model import predict
from trigger.training.progress import Progress
from trigger.training.recipe import Recipe
from trigger.training.sample import Sample
from trigger.training.spec import ModelKind, TrainedModel, TrainingSpec
from trigger.zoo import check_model

LOG_PIXEL = FixedFormat.parse("ap_ufixed<16,5>")
"""Of a softened pixel: ln(1 + 2^32) is below 32."""

_BLOCK = 4096


def soften(pixels_raw: npt.NDArray[np.integer], mean: float) -> npt.NDArray[np.uint16]:
    """Return ln(1 + pixel / mean) of every pixel as raw integers of LOG_PIXEL.

    A pixel far above the mean counts little more than one at a few times the mean.
    """
    softened = np.log1p(pixels_raw / mean) * 2.0**LOG_PIXEL.fractional
    return np.minimum(np.rint(softened), LOG_PIXEL.raw_max).astype(np.uint16)


def fit_teacher(
    model: ModelSpec,
    training: TrainingSpec,
    train: Sample,
    validation: Sample,
    folder: Path,
    progress: Progress | None = None,
) -> TrainedModel:
    """Train an autoencoder in floating point to give back the pixels of one kind of event.

    Args:
        model: its last layer gives as many numbers as an image has, in any shape.
        train, validation: images of that kind alone; their labels and targets are not read.

    Raises:
        DesignError: the model does not give back as many numbers as it takes.
        ModelError, OutputError: as :func:`trigger.training.fit.fit`.
    """
    output = check_teacher(model)
    known, held_out = (_lesson(model, sample, output) for sample in (train, validation))
    recipe = Recipe(ModelKind.FLOAT, model, training, known, held_out, loss=SquaredError())
    return fit(recipe, folder, progress, "teacher")


def check_teacher(model: ModelSpec) -> tuple[int, ...]:
    """Return the shape that an autoencoder gives.

    Raises:
        DesignError: it cannot be built, or does not give back as many numbers as it takes.
    """
    output = check_model(model)[-1].output
    if math.prod(output) != math.prod(model.input_shape):
        raise DesignError(
            f"the teacher gives {output}",
            where="teacher",
            allowed=f"as many numbers as the input {model.input_shape} has",
        )
    return output


def log_error(
    teacher: TrainedModel, pixels_raw: npt.NDArray[np.integer]
) -> npt.NDArray[np.float64]:
    """Return the natural logarithm of the mean squared error of each reconstruction, shape (n,).

    The error that the rounding of a pixel makes, a twelfth of a squared step, is added: no image
    can be known better, and an image of zeros has a logarithm.
    """
    step = 2.0**-teacher.model.input_format.fractional
    errors = []
    for start in range(0, len(pixels_raw), _BLOCK):
        pixels = pixels_raw[start : start + _BLOCK]
        drawn = predict(teacher, pixels).reshape(len(pixels), -1).astype(np.float64)
        missed = drawn - pixels.reshape(len(pixels), -1) * step
        errors.append(np.mean(np.square(missed), axis=1))
    return np.log(np.concatenate(errors) + step**2 / 12)


def _lesson(model: ModelSpec, sample: Sample, output: tuple[int, ...]) -> Sample:
    """Return a sample whose targets are its own pixels."""
    values = sample.pixels_raw.astype(np.float32) * np.float32(2.0**-model.input_format.fractional)
    return Sample(sample.pixels_raw, sample.labels, values.reshape(len(values), *output))
