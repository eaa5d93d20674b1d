"""hls4ml's keys as this version knows them: all that hls4ml declares, none of which is made up."""

from __future__ import annotations

import pytest

from trigger.convert import keys

pytestmark = [pytest.mark.training]

NO_KNOBS = {"Algorithm", "Direction"}
"""What a layer computes; hls4ml lets its configuration change that."""


@pytest.fixture(scope="module")
def hls4ml():
    from trigger.convert.keras_version import keras_is_keras_2

    with keras_is_keras_2():
        import hls4ml

        return hls4ml


@pytest.fixture(scope="module")
def declared(hls4ml):
    """Every configurable attribute of every layer of every backend."""
    from hls4ml.model.layers import layer_map

    backends = [hls4ml.backends.get_backend(name.lower()) for name in keys.BACKENDS]
    return {
        attribute
        for backend in backends
        for kind in layer_map.values()
        for attribute in backend.create_layer_class(kind).expected_attributes
        if attribute.configurable
    }


def test_the_backends_are_those_of_hls4ml(hls4ml):
    assert sorted(map(str.lower, keys.BACKENDS)) == sorted(hls4ml.backends.get_available_backends())


def test_every_key_that_hls4ml_declares_is_known(declared):
    names = {each.config_name for each in declared if not each.name.endswith("_t")}
    assert names - set(keys.LAYER_KEYS) == NO_KNOBS


def test_every_type_that_hls4ml_declares_is_known_and_no_other(declared):
    types = {each.name.removesuffix("_t") for each in declared if each.name.endswith("_t")}
    assert types == set(keys.ROLES)


def test_the_choices_are_those_of_hls4ml(declared):
    choices = {each.config_name: set(each.choices) for each in declared if hasattr(each, "choices")}
    for name in ("ConvImplementation", "Implementation", "TimeStepLoopParallelism"):
        assert choices[name] == set(keys._CHOICES[name])
