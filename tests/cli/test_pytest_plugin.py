"""``pytest --trigger-project``: golden vectors within an experiment's own tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree

import pytest

from trigger.flow.regression import record_golden

pytestmark = pytest.mark.csim

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "tests" / "project" / "data" / "tiny_parallel"


def run_pytest(folder: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    installed = any(each.name == "trigger" for each in entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "trigger.cli.pytest_plugin"]
    command = [sys.executable, "-m", "pytest", "-rs", *plugin, "-p", "no:cacheprovider"]
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import pytest; sys.exit(pytest.main())"
    command[1:3] = ["-c", code]
    return subprocess.run(
        [*command, "--trigger-project", str(folder), "--junitxml", "out.xml"],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_firmware_and_a_changed_one(tmp_path):
    folder = shutil.copytree(PROJECT, tmp_path / "tiny")
    record_golden(folder)
    done = run_pytest(folder, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed, 1 skipped" in done.stdout
    assert "the project holds no output of it" in done.stdout

    defines = folder / "firmware" / "defines.h"
    text = defines.read_text()
    defines.write_text(text.replace("AP_RND_CONV,AP_SAT,0> layer4_t", "AP_TRN,AP_SAT,0> layer4_t"))
    assert defines.read_text() != text
    done = run_pytest(folder, tmp_path)
    assert done.returncode == 1
    assert "3 failed, 1 skipped" in done.stdout
    assert "layer relu moved" in done.stdout
    assert "relu.result: " in done.stdout
    assert "Traceback" not in done.stdout
    cases = ElementTree.parse(tmp_path / "out.xml").findall(".//testcase")
    names = [case.get("name") for case in cases if case.find("failure") is not None]
    assert names == ["tiny: emulated", "tiny: C simulation", "tiny: firmware"]


def test_a_folder_without_golden_vectors(tmp_path):
    done = run_pytest(PROJECT, tmp_path)
    assert done.returncode == 1
    assert "vectors.txt: cannot be read" in done.stdout
