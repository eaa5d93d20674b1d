"""What stands behind an estimate is what the estimate itself used."""

from __future__ import annotations

from tests.builders import small_cnn
from trigger.budget import Quantity
from trigger.design import IOType, Target
from trigger.estimate import estimate, find_calibration

TARGET = Target("Vitis", "xcvu13p-flga2577-2-e", 3.125, IOType.STREAM)


def test_every_figure_of_an_estimate_has_its_band_in_the_calibration():
    network = small_cnn()
    cost, found = estimate(network, TARGET), find_calibration(network, TARGET)
    bands = {(layer, row.quantity): row for row in found for layer in row.layers}
    for layer in cost.layers:
        for quantity in Quantity:
            figure = layer.figure(quantity)
            if figure is not None:
                row = bands[layer.name, quantity]
                assert figure.support == (row.band.support if row.band else 0)
                assert figure.note.split(";")[0] == row.law
    whole = {row.quantity: row for row in found if not row.layers}
    assert set(whole) == set(Quantity)
    assert {row.law for row in whole.values()} == {cost.total.kind}
    assert whole[Quantity.LUT].band.support == cost.total.lut.support
