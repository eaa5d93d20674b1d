"""What a fit makes small: one record per kind of loss, one table of what Keras computes for each.

Every loss is a mean over images, so that neither the size of a batch nor the last, short one
weighs on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from trigger.design import LayerSpec, ModelSpec
from trigger.errors import DesignError, ModelError
from trigger.training.sample import Sample
from trigger.zoo import backend, check_model

_PROBABILITY = ("sigmoid", "softmax")


@dataclass(frozen=True, slots=True)
class CrossEntropy:
    """Cross-entropy of the labels, in nats: images are told apart by class."""


CROSS_ENTROPY = CrossEntropy()


@dataclass(frozen=True, slots=True)
class SoftCrossEntropy:
    """Cross-entropy of the targets (n, outputs), in nats: the probability of each class, or of the
    second of two. Labels become such targets where ``training.distillation`` asks for it."""


@dataclass(frozen=True, slots=True)
class PixelCrossEntropy:
    """Cross-entropy of the targets 0 and 1, one per number of the output, over those asked for.

    Every number that is asked for weighs the same, in whatever image it is; what is not asked for
    (NaN) weighs nothing.
    """


@dataclass(frozen=True, slots=True)
class SquaredError:
    """Mean squared error of the targets (n, outputs), and how far a group misses its known sum.

    With groups of K images, ``mean (y - t)^2 + sum_weight * |sum_k y_k - sum_target|^2``: the four
    tracks of an event carry the momentum of the beams.
    """

    sum_weight: float = 0.0
    sum_target: tuple[float, ...] = ()
    """One per output, in the unit of the targets; () with a weight of 0."""

    def __post_init__(self) -> None:
        if not 0 <= self.sum_weight < float("inf"):
            raise DesignError(f"sum_weight is {self.sum_weight:g}", where="loss", allowed=">= 0")


Loss = CrossEntropy | SoftCrossEntropy | PixelCrossEntropy | SquaredError


@dataclass(frozen=True, slots=True)
class KerasLoss:
    """What ``compile`` of a Keras model is told."""

    loss: Any
    metric: Any
    """Accuracy, or the mean squared error of targets; over what is asked for."""


def compile_loss(
    keras_model: Any, model: ModelSpec, optimiser: Any, loss: Loss, group: int
) -> None:
    """Give a model its loss (of logits, unless the last layer makes probabilities) and metric."""
    logits = not ends_in_probability(model.layers[-1])
    made = LOSSES[type(loss)](loss, keras_model.output_shape[-1], logits, group)
    keras_model.compile(optimizer=optimiser, loss=made.loss, weighted_metrics=[made.metric])


def _cross_entropy(loss: CrossEntropy, outputs: int, logits: bool, group: int) -> KerasLoss:
    keras = backend.keras()
    if outputs == 1:
        return _binary_cross_entropy(loss, outputs, logits, group)
    return KerasLoss(
        keras.losses.SparseCategoricalCrossentropy(from_logits=logits),
        keras.metrics.SparseCategoricalAccuracy(),
    )


def _soft_cross_entropy(
    loss: SoftCrossEntropy, outputs: int, logits: bool, group: int
) -> KerasLoss:
    keras = backend.keras()
    if outputs == 1:
        return _binary_cross_entropy(loss, outputs, logits, group)
    return KerasLoss(
        keras.losses.CategoricalCrossentropy(from_logits=logits),
        keras.metrics.CategoricalAccuracy(),
    )


def _binary_cross_entropy(loss: Loss, outputs: int, logits: bool, group: int) -> KerasLoss:
    keras = backend.keras()
    return KerasLoss(
        keras.losses.BinaryCrossentropy(from_logits=logits),
        keras.metrics.BinaryAccuracy(threshold=0.0 if logits else 0.5),
    )


def _squared_error(loss: SquaredError, outputs: int, logits: bool, group: int) -> KerasLoss:
    tf, keras = backend.tensorflow(), backend.keras()

    def of_images(targets: Any, values: Any) -> Any:
        each = tf.reduce_mean(tf.square(values - targets), axis=-1)
        if not loss.sum_weight:
            return each
        sums = tf.reduce_sum(tf.reshape(values, (-1, group, outputs)), axis=1)
        missed = tf.reduce_sum(tf.square(sums - tf.constant(loss.sum_target)), axis=-1)
        return each + loss.sum_weight * tf.repeat(missed, group)

    return KerasLoss(of_images, keras.metrics.MeanSquaredError())


LOSSES: Mapping[type, Callable[[Any, int, bool, int], KerasLoss]] = MappingProxyType(
    {
        CrossEntropy: _cross_entropy,
        SoftCrossEntropy: _soft_cross_entropy,
        PixelCrossEntropy: _binary_cross_entropy,
        SquaredError: _squared_error,
    }
)
"""What Keras computes for each loss, from the number of outputs, whether they are logits, and the
images of a group."""


def ends_in_probability(layer: LayerSpec) -> bool:
    """Tell whether a last layer gives probabilities; else it gives logits."""
    activation = str(layer.options.get("activation", ""))
    return any(word in activation for word in _PROBABILITY)


def word_metric(loss: Loss, metric: float, validation: Sample) -> dict[str, float | None]:
    """Return what the metric of ``compile_loss`` says, as fields of an EpochRecord."""
    if not isinstance(loss, SquaredError):
        return {"validation_accuracy": metric, "validation_r2": None}
    assert validation.targets is not None  # as check_lesson saw
    spread = float(np.mean(np.var(validation.targets, axis=0)))
    return {"validation_accuracy": None, "validation_r2": 1 - metric / spread if spread else None}


def check_lesson(name: str, sample: Sample, model: ModelSpec, loss: Loss) -> None:
    """Raise ModelError where labels or targets are not what the loss and the model need."""
    where = f"{name} sample"
    output = check_model(model)[-1].output
    if isinstance(loss, CrossEntropy):
        classes = max(2, output[-1])
        found = sorted(set(np.unique(sample.labels).tolist()))
        if found != list(range(classes)):
            raise ModelError(
                f"the labels are {found}", where=where, allowed=f"every class of 0 to {classes - 1}"
            )
        return
    targets = sample.targets
    if targets is None or targets.shape[1:] != output:
        shape = "missing" if targets is None else str(targets.shape[1:])
        raise ModelError(
            f"the targets are {shape}", where=where, allowed=f"{output}, as the model's output"
        )
    if isinstance(loss, PixelCrossEntropy):
        if output[-1] != 1:
            raise ModelError(
                f"the model gives {output[-1]} numbers a pixel", where=where, allowed="one"
            )
        found = sorted(set(np.unique(targets[~np.isnan(targets)]).tolist()))
        if found != [0, 1]:
            raise ModelError(
                f"the targets are {found}", where=where, allowed="0 and 1, and NaN where not asked"
            )
        return
    if not np.all(np.isfinite(targets)):
        raise ModelError("a target is not finite", where=where, allowed="finite numbers")
    if not isinstance(loss, SquaredError):
        return
    if loss.sum_weight and loss.sum_target and len(loss.sum_target) != output[-1]:
        raise ModelError(
            f"the known sum has {len(loss.sum_target)} numbers",
            where=where,
            allowed=f"{output[-1]}, as the model's output",
        )
