"""The one place that makes hls4ml and QKeras agree on which Keras there is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from trigger.zoo.backend import keras


@contextmanager
def keras_is_keras_2() -> Iterator[None]:
    """Let ``import keras`` find tf_keras while hls4ml reads a QKeras model.

    hls4ml asks ``keras.__version__`` and takes Keras 3's path when it finds Keras 3 installed,
    which TensorFlow always brings along; QKeras models are Keras 2 models.
    """
    legacy = keras()
    found = sys.modules.get("keras")
    sys.modules["keras"] = legacy
    try:
        yield
    finally:
        if found is None:
            del sys.modules["keras"]
        else:
            sys.modules["keras"] = found
