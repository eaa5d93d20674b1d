"""How a command ends when something outside of it fails: one text, an exit code, no traceback."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trigger.cli import ending

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from trigger.cli import main; main()"]
REPORT = (*COMMAND, "report", "hls_projects/jpsi_dilepton", "--json")


def test_a_full_device_under_standard_output_is_said():
    with open("/dev/full", "w") as full:
        told = subprocess.run(REPORT, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True)
    assert told.returncode == 2
    assert told.stderr == "trigger: standard output: No space left on device\n"


@pytest.mark.parametrize("arguments", [("--help",), REPORT[3:]], ids=["short", "long"])
def test_a_closed_pipe_ends_it_quietly(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as pipe:
        told = subprocess.run(
            [*COMMAND, *arguments], cwd=ROOT, stdout=pipe, stderr=subprocess.PIPE, text=True
        )
    assert (told.returncode, told.stderr) == (141, "")


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_signals_unwind_and_say_what_stays(tmp_path, kind):
    compiler = tmp_path / "c++"
    compiler.write_text(
        "#!/bin/sh\n[ $1 = --version ] && echo 1.0 && exit 0\n"
        f"touch {tmp_path}/started\nexec sleep 60\n"
    )
    compiler.chmod(0o755)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [*COMMAND, "csim", "tests/project/data/tiny_parallel"],
        cwd=ROOT,
        env={**os.environ, "CXX": str(compiler), "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(kind)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.startswith("trigger: interrupted")
    assert [path for path in scratch.rglob("*") if path.name != "trigger-csim"] == []


def test_an_interruption_while_it_starts_is_no_traceback():
    code = (
        "import builtins, os, signal\n"
        "real = builtins.__import__\n"
        "def interrupted(name, *rest, **options):\n"
        "    if name == 'trigger.cli.app': os.kill(os.getpid(), signal.SIGINT)\n"
        "    return real(name, *rest, **options)\n"
        "builtins.__import__ = interrupted\n"
    )
    told = subprocess.run(
        [*COMMAND[:2], code + COMMAND[2], "doctor"], cwd=ROOT, capture_output=True, text=True
    )
    assert (told.returncode, told.stdout, told.stderr) == (-signal.SIGINT, "", "")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            ModuleNotFoundError("?", name="numba.core"),
            "numba is not installed.*pip install trigger",
        ),
        (ImportError("?", name="tensorflow_model_optimization"), r"pruning.*trigger\[training\]"),
        (ModuleNotFoundError("?", name="other"), "package other is not installed"),
        (MemoryError("Unable to allocate 7 EiB"), "not enough memory: Unable to allocate 7 EiB"),
        (MemoryError(), "there is not enough memory. To do: ask for smaller images"),
        (RecursionError(), "nested too deeply"),
        (PermissionError(13, "Permission denied", "x.json"), "x.json: Permission denied"),
    ],
)
def test_what_the_machine_lacks_is_named(command, monkeypatch, error, message):
    def fail():
        raise error

    monkeypatch.setattr("trigger.flow.doctor.examine", fail)
    monkeypatch.setattr("trigger.cli._free_standard_output", lambda: None)
    answer = command("doctor")
    assert answer.code == 2
    assert re.search(message, answer.err)
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("error", [ZeroDivisionError(), ImportError("?", name="trigger.flow")])
def test_a_fault_of_the_program_itself_is_not_hidden(error):
    with pytest.raises(type(error)):
        ending.explain(error)
