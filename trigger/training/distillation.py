"""What the quantised model learns of its float twin: labels that say how sure one can be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from trigger.training.loss import SoftCrossEntropy, ends_in_probability
from trigger.training.model import predict
from trigger.training.recipe import Recipe


def distil(recipe: Recipe) -> Recipe:
    """Return the recipe with the labels of training images mixed with what the float twin says.

    With ``training.distillation`` a, a label is one-hot (1 - a) plus a times the twin's
    probabilities (Hinton et al., arXiv:1503.02531, at a temperature of 1): what the twin doubts
    need not be learnt by a smaller model. Validation events keep their labels, so that their
    losses compare with those of other trainings.
    """
    share, twin = recipe.training.distillation, recipe.twin
    if not share:
        return recipe
    assert twin is not None  # as Recipe.check saw
    train, validation = recipe.train, recipe.validation
    outputs = predict(twin, train.pixels_raw).reshape(len(train), -1)
    said = outputs if ends_in_probability(twin.model.layers[-1]) else to_probability(outputs)
    truth, held_out = (to_targets(each.labels, said.shape[1]) for each in (train, validation))
    return replace(
        recipe,
        train=replace(train, targets=((1 - share) * truth + share * said).astype(np.float32)),
        validation=replace(validation, targets=held_out),
        loss=SoftCrossEntropy(),
    )


def to_targets(labels: npt.NDArray[np.integer], outputs: int) -> npt.NDArray[np.float32]:
    """Return the probability of each output: (n, 1) of class 1, or (n, classes)."""
    if outputs == 1:
        return labels[:, None].astype(np.float32)
    return np.asarray(np.eye(outputs)[labels], dtype=np.float32)


def to_probability(logits: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return the sigmoid of one output, the softmax of several; (n, outputs) as the logits."""
    values = logits.astype(np.float64)
    if values.shape[1] == 1:
        return np.asarray(np.exp(-np.logaddexp(0, -values)))
    return np.asarray(np.exp(values - np.logaddexp.reduce(values, axis=1, keepdims=True)))
