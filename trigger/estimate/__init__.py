"""Cost of a design without a vendor tool: laws with fitted coefficients, bands and support."""

from __future__ import annotations

import sys

from trigger.estimate.calibration import find_calibration
from trigger.estimate.describe import describe
from trigger.estimate.estimate import estimate, estimate_layers
from trigger.estimate.logic_synthesis import after_logic_synthesis
from trigger.room import CallableRoom

sys.modules[__name__].__class__ = CallableRoom

__all__ = ["after_logic_synthesis", "describe", "estimate", "estimate_layers", "find_calibration"]
