"""Run a Network: engines that give the same integers, and the comparison that proves it."""

import sys

from trigger.emulate.agreement import (
    Agreement,
    LayerAgreement,
    Mismatch,
    compare,
    first_mismatch,
    in_steps,
    merge,
)
from trigger.emulate.choice import Choice, choose
from trigger.emulate.emulate import emulate
from trigger.emulate.exactness import Counterpart, find_inexact
from trigger.emulate.reference import run
from trigger.room import CallableRoom

sys.modules[__name__].__class__ = CallableRoom

__all__ = [
    "Agreement",
    "Choice",
    "Counterpart",
    "LayerAgreement",
    "Mismatch",
    "choose",
    "compare",
    "emulate",
    "find_inexact",
    "first_mismatch",
    "in_steps",
    "merge",
    "run",
]
