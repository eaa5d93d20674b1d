"""Einstein sums through hls4ml, against the C simulation."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.project.keras_models import assert_firmware_agrees, write_layers
from trigger.errors import ProjectError, UnsupportedLayerError
from trigger.layers import Einsum, EinsumDense
from trigger.project import read_project

pytestmark = [pytest.mark.training, pytest.mark.csim, pytest.mark.slow]

NARROW = {
    "result": "ap_fixed<9,4,AP_RND,AP_SAT>",
    "accum": "ap_fixed<11,5,AP_RND,AP_SAT>",
    "weight": "ap_fixed<6,2>",
    "bias": "ap_fixed<7,3>",
}
DENSE = {
    # equation without the event axis, input, kernel, result, axes of the bias
    "outer": ("i,j->ij", (6,), (5,), (6, 5), None),
    "matrix": ("i,io->o", (6,), (6, 5), (5,), "o"),
    "last": ("...i,oi->...o", (4, 3), (5, 3), (4, 5), None),
    "shared": ("abcd,bcde->aeb", (5, 4, 3, 2), (4, 3, 2, 6), (5, 6, 4), "aeb"),
    "bias-of-some": ("abcd,bcde->aeb", (5, 4, 3, 2), (4, 3, 2, 6), (5, 6, 4), "ab"),
}


def pixels(name: str, shape: tuple[int, ...]) -> dict:
    return {"name": name, "class_name": "InputLayer", "input_shape": list(shape)}


def einsum_dense(case: str) -> list[dict]:
    equation, shape, kernel, result, axes = DENSE[case]
    rng = np.random.default_rng(2)
    bias = None
    if axes is not None:
        letters = equation.split("->")[1]
        lengths = [n if c in axes else 1 for c, n in zip(letters, result, strict=True)]
        bias = rng.normal(0, 1, lengths)
    layer = {
        "name": "sum",
        "class_name": "EinsumDense",
        "inputs": ["x"],
        "equation": equation,
        "inp_shape": shape,
        "out_shape": result,
        "weight_data": rng.normal(0, 0.7, kernel),
        "bias_data": bias,
    }
    return [pixels("x", shape), layer]


def einsum(equation: str, first: tuple, second: tuple, result: tuple) -> list[dict]:
    layer = {
        "name": "sum",
        "class_name": "Einsum",
        "inputs": ["x", "y"],
        "equation": equation,
        "inp0_shape": first,
        "inp1_shape": second,
        "out_shape": result,
    }
    return [pixels("x", first), pixels("y", second), layer]


@pytest.mark.parametrize("precision", [{}, NARROW], ids=["default", "narrow"])
@pytest.mark.parametrize("case", DENSE)
def test_einsum_dense(case: str, precision: dict, tmp_path: Path) -> None:
    network = write_layers(
        einsum_dense(case),
        tmp_path / "hls",
        backend="Vivado" if precision else "Vitis",
        settings={"sum": {"Precision": precision}} if precision else {},
    )
    assert isinstance(network["sum"], EinsumDense)
    assert network.shapes["sum"] == DENSE[case][3]
    assert_firmware_agrees(network, tmp_path / "hls", 100)


@pytest.mark.parametrize("precision", [{}, NARROW], ids=["default", "narrow"])
@pytest.mark.parametrize(
    "sizes",
    [
        ("ij,jk->ik", (4, 3), (3, 5), (4, 5)),
        ("bij,bkj->kbi", (2, 4, 3), (2, 5, 3), (5, 2, 4)),
        ("i,i->i", (6,), (6,), (6,)),
    ],
    ids=["matrix", "shared", "elements"],
)
def test_einsum(sizes: tuple, precision: dict, tmp_path: Path) -> None:
    given = {role: precision[role] for role in ("result", "accum") if precision}
    settings = {"sum": {"Precision": given}} if given else {}
    network = write_layers(einsum(*sizes), tmp_path / "hls", settings=settings)
    assert isinstance(network["sum"], Einsum)
    assert network.shapes["sum"] == sizes[3]
    assert_firmware_agrees(network, tmp_path / "hls", 100)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("nnet::product::mult<", "nnet::product::data_binary<", "nnet::product::data_binary"),
        ("strategy = nnet::latency", "strategy = nnet::resource", "has the strategy Resource"),
        ("n_free_data = 4", "n_free_data = 5", r"b2 has 20 numbers.*Allowed: 25"),
        ("tpose_out_perm\\[2\\]", "tpose_out_prm[2]", "config2_tpose_out_perm is not defined"),
    ],
    ids=["product", "strategy", "size", "list"],
)
def test_text_that_means_something_else_is_refused(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    write_layers(einsum_dense("last"), tmp_path / "hls")
    path = tmp_path / "hls" / "firmware" / "parameters.h"
    text = path.read_text()
    assert re.search(old, text)
    path.write_text(re.sub(old, new, text))
    with pytest.raises((UnsupportedLayerError, ProjectError), match=message):
        read_project(tmp_path / "hls")


def test_ternary_numbers_are_refused(tmp_path: Path) -> None:
    layers = einsum("ij,jk->ik", (4, 3), (3, 5), (4, 5))
    with pytest.raises(UnsupportedLayerError, match=r"'sum' multiplies by .*'weight_ternary'"):
        write_layers(layers, tmp_path / "hls", pixels="ap_int<2>")
