"""Every number of small formats, through ap_fixed itself, for all rounding and overflow modes."""

from __future__ import annotations

import importlib.util
import subprocess
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from trigger.fixed import FixedFormat, Overflow, Rounding, requantise

SOURCES = [FixedFormat(8, 3), FixedFormat(7, 2, signed=False), FixedFormat(6, -2)]
SHAPES = [(4, 2, True), (3, 2, False), (5, -1, True), (6, 8, True), (9, 2, False), (1, 1, True)]
TARGETS = [
    FixedFormat(width, integer, signed, rounding, overflow)
    for (width, integer, signed), rounding, overflow in product(SHAPES, Rounding, Overflow)
]


def is_defined(source: FixedFormat, target: FixedFormat) -> bool:
    """Tell whether ap_fixed can do it: it aborts when it rounds by more bits than there are."""
    shift = source.fractional - target.fractional
    return target.rounding is Rounding.TRN or shift <= source.width


CASES = [
    (i, j)
    for (i, source), (j, target) in product(enumerate(SOURCES), enumerate(TARGETS))
    if is_defined(source, target)
]


def spelt(form: FixedFormat) -> str:
    sign = "" if form.signed else "u"
    modes = f"AP_{form.rounding.name}, AP_{form.overflow.name}"
    return f"ap_{sign}fixed<{form.width}, {form.integer}, {modes}>"


@pytest.fixture(scope="module")
def conversions(tmp_path_factory):
    """Raw results of ap_fixed by (source, target) index, as unsigned bit patterns."""
    package = importlib.util.find_spec("hls4ml")
    if package is None or package.origin is None:
        pytest.skip("hls4ml, which brings the ap_fixed headers, is not installed")
    headers = Path(package.origin).parent / "templates/vivado/ap_types"
    folder = tmp_path_factory.mktemp("ap_fixed")
    (folder / "cases.inc").write_text(
        "\n".join(
            f"convert<{spelt(SOURCES[i])}, {str(SOURCES[i].signed).lower()}, {spelt(TARGETS[j])}>"
            f'("{i}", "{j}");'
            for i, j in CASES
        )
    )
    program = Path(__file__).with_name("ap_fixed_conversions.cpp")
    subprocess.run(
        ["g++", "-O0", "-w", f"-I{headers}", f"-I{folder}", str(program), "-o", folder / "run"],
        check=True,
    )
    output = subprocess.run([folder / "run"], check=True, capture_output=True, text=True).stdout
    rows = {}
    for line in output.splitlines():
        key, numbers = line.split(":")
        source, target = map(int, key.split())
        rows[source, target] = [int(number) for number in numbers.split()]
    return rows


@pytest.mark.csim
@pytest.mark.slow
@pytest.mark.parametrize("source", range(len(SOURCES)), ids=[str(source) for source in SOURCES])
def test_every_number_converts_as_ap_fixed_does(conversions, source):
    form = SOURCES[source]
    raw = np.arange(form.raw_min, form.raw_max + 1)
    targets = [j for i, j in CASES if i == source]
    assert len(targets) > 90
    for index in targets:
        target = TARGETS[index]
        ours = requantise(raw, form, target) & ((1 << target.width) - 1)
        assert ours.tolist() == conversions[source, index], f"{form} -> {target}"
