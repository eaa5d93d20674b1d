"""The only place where TensorFlow, tf_keras and QKeras are imported for models."""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType

from trigger.errors import ToolError
from trigger.processes import silent


def tensorflow() -> ModuleType:
    """Import TensorFlow so that its ``tf.keras`` is Keras 2, which QKeras and pruning need.

    Raises:
        ToolError: TensorFlow is not installed, or was imported before with Keras 3.
    """
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Results must not depend on whether oneDNN is built in: it sums in another order.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    if "tensorflow" in sys.modules:
        tf = sys.modules["tensorflow"]
    else:
        # its libraries write about missing graphics cards before any of its log settings is read
        with silent(sys.stderr, 2):
            tf = _import("tensorflow")
    if not tf.keras.Model.__module__.startswith("tf_keras"):
        raise ToolError(
            "tf.keras is Keras 3",
            where="TensorFlow",
            allowed="Keras 2 (tf_keras)",
            remedy="set TF_USE_LEGACY_KERAS=1 before the first import of tensorflow",
        )
    tf.get_logger().setLevel("ERROR")
    return tf


def keras() -> ModuleType:
    """Return Keras 2; raises as :func:`tensorflow`."""
    tensorflow()
    return _import("tf_keras")


def qkeras() -> ModuleType:
    """Return QKeras; raises as :func:`tensorflow`."""
    tensorflow()
    return _import("qkeras")


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ToolError(
            f"cannot import {name} ({error})",
            where="model building",
            remedy="install the project with its dependencies (make install)",
        ) from error
