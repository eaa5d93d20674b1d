"""What several rooms' tests share: a command line within the process, and one whole run."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# a busy machine must not fail a property
settings.register_profile("house", deadline=None)
settings.load_profile("house")

TINY = """
name: tiny
seed: 3
events:
  source: drift_chamber
  classes: [mm, ee]
  generate: {events_per_class: 300, event_files: true}
input: {encoding: per_hit, shape: [12, 12], format: "ap_ufixed<8,0>"}
model:
  layers:
    - QConv2D:
        {name: conv, filters: 2, kernel_size: 3, kernel_quantizer: &w "quantized_bits(6,0,alpha=1)",
         bias_quantizer: *w}
    - QActivation: {name: relu, activation: "quantized_relu(6,2)"}
    - AveragePooling2D: {name: pool, pool_size: 2}
    - Flatten: {name: flat}
    - QDense: {name: score, units: 1, kernel_quantizer: *w, bias_quantizer: *w}
training:
  epochs: 2
  batch_size: 64
  pruning: {final_sparsity: 0.5, end_epoch: 1}
hls:
  Backend: Vitis
  Part: xcvu13p-flga2577-2-e
  ClockPeriod: 5
  IOType: io_stream
  HLSConfig: {Model: {Precision: "ap_fixed<16,6>", ReuseFactor: 1, Strategy: Latency}}
budget: {latency_ns: 6400, device: {lut: 0.5}, per_slr: {dsp: 0.5}}
trigger: {crossing_rate_mhz: 125, background_acceptance: 0.1, background: mm, signal: ee}
"""
"""A design whose whole run takes half a minute."""


@pytest.fixture(autouse=True, scope="session")
def library_cache(tmp_path_factory, worker_id) -> Iterator[Path]:
    """What is built goes to a folder of the test run, all its workers', not to the user's cache."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(autouse=True, scope="session")
def compiled_once(library_cache: Path) -> Iterator[None]:
    """A C simulation of the same sources is compiled once in a test run, whoever builds it."""
    from trigger.files import whole_file
    from trigger.project import csim
    from trigger.project.folder import hash_folder

    compile_program = csim.compile_program

    def compile_once(compiler: str, version: str, work: Path, log: Path) -> None:
        sources = f"{compiler} {version} {hash_folder(work)}"
        kept = library_cache / "programs" / hashlib.sha256(sources.encode()).hexdigest()
        if not kept.is_file():
            compile_program(compiler, version, work, log)
            with whole_file(kept) as stream:
                stream.write((work / "csim").read_bytes())
        shutil.copy(kept, work / "csim")
        (work / "csim").chmod(0o755)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csim, "compile_program", compile_once)
        yield


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def command(monkeypatch, capfd) -> Callable[..., Answer]:
    """Call the command line as a user does, without a process of its own."""

    def call(*arguments: object) -> Answer:
        from trigger.cli import main

        monkeypatch.setattr(sys, "argv", ["trigger", *map(str, arguments)])
        capfd.readouterr()
        try:
            main()
            code = 0
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        said = capfd.readouterr()
        return Answer(code, said.out, said.err)

    return call


@dataclass(frozen=True)
class Run:
    """A finished run of the tiny design."""

    design: Path
    output: Path
    folder: Path


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory) -> Run:
    """The tiny design, run once from events to report."""
    from trigger.cli.show import ConsoleListener
    from trigger.config import load_design
    from trigger.flow.steps import Flow

    home = tmp_path_factory.mktemp("tiny")
    design = home / "tiny.yaml"
    design.write_text(TINY)
    output = home / "projects"
    file = load_design(design)
    with Flow(file, output / "tiny", ConsoleListener(), command="trigger run") as flow:
        assert flow.report.design == "tiny"
    return Run(design, output, output / "tiny")
