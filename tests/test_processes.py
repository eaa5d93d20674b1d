"""A map over processes: in order, and gone without noise when it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trigger.errors import OutputError, ToolError
from trigger.processes import LOSSES, map_as_done, map_in_order

INTERRUPTED = """
import time
from tests.test_processes import slow
from trigger.processes import map_in_order
if __name__ == "__main__":
    print("ready", flush=True)
    for number in map_in_order(slow, range(50), processes=2):
        print(number, flush=True)
"""


def slow(number: int) -> int:
    time.sleep(0.3)
    return number


def slower_first(number: int, offset: int) -> int:
    time.sleep(0.2 if number == 0 else 0)
    return number + offset


def die(number: int) -> int:
    os._exit(1)


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_in_the_order_of_the_rows(processes):
    results = map_in_order(slower_first, range(4), [10, 20, 30, 40], processes=processes)
    assert list(results) == [10, 21, 32, 43]


def test_a_process_that_dies_is_an_error_that_says_what_to_do():
    with pytest.raises(ToolError, match=r"worker process ended before .* memory"):
        list(map_in_order(die, range(2), processes=2))


def slow_first_killed_second(number: int, folder: Path) -> int:
    with open(folder / str(number), "a") as tries:
        tries.write("x")
    if number == 0:  # long enough for the others, and those that are lost
        while not (folder / "3").exists():
            time.sleep(0.01)
    if number == 1 and len((folder / "1").read_text()) < LOSSES:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def refuse(number: int) -> int:
    if number == 1:
        raise OutputError("refused", where="here")
    return die(number) if number else time.sleep(60)


def test_each_row_comes_when_it_is_done_and_a_killed_process_costs_its_own_alone(tmp_path):
    results = map_as_done(slow_first_killed_second, range(4), [tmp_path] * 4, processes=2)
    assert sorted(results := list(results)) == [0, 1, 2, 3]
    assert results[:2] == [1, 2]
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        **dict.fromkeys("023", "x"),
        "1": "x" * LOSSES,
    }


def test_an_error_ends_rows_that_are_at_work():
    with pytest.raises(OutputError, match="here: refused"):
        list(map_as_done(refuse, range(2), processes=2))
    with pytest.raises(ToolError, match=r"worker process ended before .* the same command"):
        list(map_as_done(refuse, [0, 2], processes=2))


@pytest.mark.parametrize("after", ["ready", "0"], ids=["while they start", "at work"])
def test_ctrl_c_reaches_the_caller_alone(tmp_path, after):
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED)
    process = subprocess.Popen(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while process.stdout.readline().strip() != after:
        pass
    if after == "ready":
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process
    _, said = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    assert said.count("Traceback") == 1
    assert said.rstrip().endswith("KeyboardInterrupt")
