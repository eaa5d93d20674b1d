"""The model zoo: a ModelSpec becomes a QKeras model, or the float twin of the same shapes.

The checks (:func:`check_model`) need no TensorFlow; only the two builders import it, when called.
"""

from trigger.zoo.build import INPUT_LAYER, build, build_float_twin
from trigger.zoo.check import LayerShapes, check_model, width_quantisers
from trigger.zoo.kinds import LAYERS
from trigger.zoo.quantisers import QUANTISERS, Quantiser, parse_quantiser

__all__ = [
    "INPUT_LAYER",
    "LAYERS",
    "QUANTISERS",
    "LayerShapes",
    "Quantiser",
    "build",
    "build_float_twin",
    "check_model",
    "parse_quantiser",
    "width_quantisers",
]
