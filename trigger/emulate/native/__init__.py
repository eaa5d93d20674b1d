"""The native engine: a network as generated C, one event per SIMD lane, exact by proof."""

from trigger.emulate.native.emitters import EMITTERS
from trigger.emulate.native.engine import Engine, build, run

__all__ = ["EMITTERS", "Engine", "build", "run"]
