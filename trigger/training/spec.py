"""How a model is trained: the ``training`` section of a design, and the record of the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from trigger.design import LATER, ModelSpec
from trigger.errors import DesignError
from trigger.images import Mirror


def _require(kept: bool, name: str, value: object, allowed: str) -> None:
    if not kept:
        raise DesignError(f"{name} is {value}", where=f"training.{name}", allowed=allowed)


class Optimiser(Enum):
    """The optimiser of the fit; the value is its Keras class."""

    ADAM = "Adam"
    NADAM = "Nadam"
    RMSPROP = "RMSprop"
    SGD = "SGD"


class RateSchedule(Enum):
    """How the learning rate goes from epoch to epoch."""

    CONSTANT = "constant"
    COSINE = "cosine"
    """Falls from the full rate at the first epoch towards 0 after the last, half a cosine."""


class PruningSchedule(Enum):
    """How the share of zeros grows between the two epochs of pruning."""

    POLYNOMIAL = "polynomial"
    """Zhu and Gupta, arXiv:1710.01878: final * (1 - (1 - progress)^3)."""
    CONSTANT = "constant"
    """The final share from the first of the two epochs on."""


class PruningStructure(Enum):
    """Which weights become zero together."""

    WEIGHT = "weight"
    """Each on its own: what the Latency strategy saves, whose weights are constants."""
    MULTIPLIER = "multiplier"
    """All that one multiplier takes in turn at the layer's ReuseFactor (strategies Resource and
    Resource_unrolled); elsewhere, each on its own."""
    UNIT = "unit"
    """All of one output, with its bias: units of a dense layer, filters of a convolution, channels
    of a depthwise one; and the weights that read nothing else. Those of the last kernel are the
    answer, and stay."""


MOST_SIGNED_DIGITS = 4
"""More is hardly a restriction: weights of 8 bits have no more."""


class Start(Enum):
    """Where the weights of the quantised model start."""

    FRESH = "fresh"
    """At the initialisers' values."""
    FLOAT = "float"
    """At those of the trained float twin, so that training only has to find the grid."""


class ModelKind(Enum):
    """Which model of a ModelSpec is trained."""

    QUANTISED = "quantised"
    FLOAT = "float"


@dataclass(frozen=True, slots=True)
class PruningSpec:
    """Magnitude pruning of kernels: the smallest weights of each become zero and stay so.

    Weights that become zero together are chosen by their norm.
    """

    final_sparsity: float
    """Share of zeros in every kernel at the end, in [0, 1), in whole groups of the structure;
    ``layer_sparsity`` has those of single kernels."""
    begin_epoch: float = 0.0
    """Where the share starts to grow, in epochs from the start of training."""
    end_epoch: float | None = None
    """Where it reaches ``final_sparsity``; None is half of all epochs."""
    schedule: PruningSchedule = PruningSchedule.POLYNOMIAL
    frequency_steps: int = 20
    """Batches from one choice of zeros to the next."""
    keep: tuple[str, ...] = ()
    """Layers whose kernels are left alone: a zero in a kernel of few weights costs a whole
    channel."""
    structure: PruningStructure = field(default=PruningStructure.WEIGHT, metadata=LATER)
    signed_digits: int | None = field(default=None, metadata=LATER)
    """Signed powers of two that a weight is the sum of, at most, from the first batch on; None
    leaves every number that the quantiser has."""
    equal_constants: int | None = field(default=None, metadata=LATER)
    """Different sizes, besides 0, of the weights that each input of a kernel meets, at most, from
    the first batch on; None is any number. Firmware makes the product of an input with equal
    constants once (strategy Latency). Inputs of a depthwise kernel meet one weight each."""
    layer_sparsity: Mapping[str, float] | None = field(default=None, metadata=LATER)
    """Shares of single kernels, by layer, in the place of ``final_sparsity``."""
    reuse_factors: Mapping[str, int] | None = field(default=None, metadata=LATER)
    """Weights that one multiplier takes in turn, by layer, for the structure ``multiplier``; a
    design file has them from its ``hls`` block. A layer that is not named shares none."""

    def __post_init__(self) -> None:
        _require(0 <= self.final_sparsity < 1, "final_sparsity", self.final_sparsity, "0 to 1")
        for layer, share in (self.layer_sparsity or {}).items():
            _require(0 <= share < 1, f"pruning.layer_sparsity.{layer}", share, "0 to 1")
        _require(self.begin_epoch >= 0, "begin_epoch", self.begin_epoch, ">= 0")
        if self.end_epoch is not None:
            allowed = f"> begin_epoch ({self.begin_epoch:g})"
            _require(self.end_epoch > self.begin_epoch, "end_epoch", self.end_epoch, allowed)
        _require(self.frequency_steps >= 1, "frequency_steps", self.frequency_steps, ">= 1")
        digits, most = self.signed_digits, MOST_SIGNED_DIGITS
        kept = digits is None or 1 <= digits <= most
        _require(kept, "pruning.signed_digits", digits, f"1 to {most}, or left out")
        sizes = self.equal_constants
        kept = sizes is None or sizes >= 1
        _require(kept, "pruning.equal_constants", sizes, "1 or more, or left out")

    def sparsity_of(self, layer: str) -> float:
        """Return the share of zeros in the kernel of a layer at the end."""
        return (self.layer_sparsity or {}).get(layer, self.final_sparsity)


@dataclass(frozen=True, slots=True)
class SplitSpec:
    """Shares of events for training, for choices (validation) and for the final figures (test)."""

    train: float = 0.6
    validation: float = 0.2
    test: float = 0.2

    def __post_init__(self) -> None:
        for name in ("train", "validation", "test"):
            _require(0 < getattr(self, name) < 1, name, getattr(self, name), "between 0 and 1")
        total = self.train + self.validation + self.test
        if abs(total - 1) > 1e-9:
            raise DesignError(
                f"the shares add up to {total:g}", where="training.split", allowed="a sum of 1"
            )


@dataclass(frozen=True, slots=True)
class TrainingSpec:
    """The fit of a quantised model and of its float twin."""

    epochs: int
    batch_size: int = 128
    optimiser: Optimiser = Optimiser.ADAM
    learning_rate: float = 0.001
    rate_schedule: RateSchedule = RateSchedule.CONSTANT
    seed: int = 1
    split: SplitSpec = SplitSpec()
    patience: int | None = None
    """Epochs without a smaller validation loss before the fit ends; None runs all epochs."""
    pruning: PruningSpec | None = None
    """Pruning of the quantised model; its float twin stays dense."""
    start: Start = Start.FRESH
    quantised_epochs: int | None = None
    """Epochs of the quantised model; None is as many as its float twin has."""
    quantised_learning_rate: float | None = None
    """Of the quantised model; None is the rate of its float twin. One that starts from trained
    weights needs a smaller one, or it forgets them."""
    augment: tuple[Mirror, ...] = field(default=(), metadata=LATER)
    """Each training image is mirrored so, or not, by the throw of a coin in every epoch."""
    distillation: float = field(default=0.0, metadata=LATER)
    """Share of what the quantised model learns of a training image that is said by its trained
    float twin; the rest is the label."""

    def __post_init__(self) -> None:
        _require(self.epochs >= 1, "epochs", self.epochs, ">= 1")
        _require(self.batch_size >= 1, "batch_size", self.batch_size, ">= 1")
        _require(self.learning_rate > 0, "learning_rate", self.learning_rate, "> 0")
        _require(self.seed >= 0, "seed", self.seed, ">= 0")
        if self.patience is not None:
            _require(self.patience >= 1, "patience", self.patience, ">= 1")
        _require(0 <= self.distillation <= 1, "distillation", self.distillation, "0 to 1")
        for name in ("quantised_epochs", "quantised_learning_rate"):
            value = getattr(self, name)
            _require(value is None or value > 0, name, value, "> 0")
        if self.pruning is not None:
            end = self.prune_end_epoch
            epochs = self.quantised_epochs or self.epochs
            allowed = f"<= epochs ({epochs}), so that the last epochs train what is left"
            _require(end <= epochs, "pruning.end_epoch", end, allowed)
            begin = self.pruning.begin_epoch
            _require(begin < end, "pruning.begin_epoch", begin, f"< end_epoch ({end:g})")

    @property
    def prune_end_epoch(self) -> float:
        """Epoch at which the final share of zeros is reached; 0 without pruning."""
        if self.pruning is None:
            return 0.0
        if self.pruning.end_epoch is not None:
            return self.pruning.end_epoch
        return (self.quantised_epochs or self.epochs) / 2

    def of(self, kind: ModelKind) -> TrainingSpec:
        """Return what holds for one of the two models: the twin stays dense and starts afresh."""
        plain = replace(self, quantised_epochs=None, quantised_learning_rate=None, pruning=None)
        if kind is ModelKind.FLOAT:
            return replace(plain, start=Start.FRESH, distillation=0.0)
        rate = self.quantised_learning_rate or self.learning_rate
        epochs = self.quantised_epochs or self.epochs
        return replace(plain, epochs=epochs, learning_rate=rate, pruning=self.pruning)


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """What one epoch of training gave."""

    epoch: int
    """Counted from 1."""
    loss: float
    """Of the training split while the weights changed: the task's loss, such as a mean
    cross-entropy in nats."""
    validation_loss: float
    validation_accuracy: float | None
    """Share of decisions that are right; None where nothing is decided."""
    seconds: float
    validation_r2: float | None = None
    """Share of the targets' variance that is explained; None where there are none."""


Weights = Mapping[str, Mapping[str, npt.NDArray[np.float32]]]
"""By layer name, then by variable name: ``{"conv1": {"kernel": ..., "bias": ...}}``."""


@dataclass(frozen=True, slots=True)
class KernelZeros:
    """How many weights of a kernel are zero once quantised: multiplications that firmware saves."""

    layer: str
    zeros: int
    weights: int

    @property
    def share(self) -> float:
        return self.zeros / self.weights


@dataclass(frozen=True, slots=True, eq=False)
class TrainedModel:
    """A model with the weights of its best epoch; pruning wrappers are gone."""

    kind: ModelKind
    model: ModelSpec
    weights: Weights
    history: tuple[EpochRecord, ...]
    best_epoch: int
    """The epoch (from 1) that the weights are of: the smallest validation loss once pruned."""
    zeros: tuple[KernelZeros, ...]
    """Of every kernel, in the order of the layers."""
    digest: str
    """SHA-256 (hex) of all that it depends on: model, training, data and versions."""

    def __post_init__(self) -> None:
        frozen = {name: MappingProxyType(dict(arrays)) for name, arrays in self.weights.items()}
        object.__setattr__(self, "weights", MappingProxyType(frozen))

    @property
    def sparsity(self) -> float:
        """Share of zeros among the weights of all kernels."""
        weights = sum(kernel.weights for kernel in self.zeros)
        return sum(kernel.zeros for kernel in self.zeros) / weights if weights else 0.0
