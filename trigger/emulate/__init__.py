"""Run a Network: engines that give the same integers, and the comparison that proves it."""

from trigger.emulate.agreement import (
    Agreement,
    LayerAgreement,
    Mismatch,
    compare,
    in_steps,
    merge,
)
from trigger.emulate.reference import run

__all__ = ["Agreement", "LayerAgreement", "Mismatch", "compare", "in_steps", "merge", "run"]
