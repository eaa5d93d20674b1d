"""The same work on a real Dask cluster of separate processes: same results, whoever dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.builders import small_cnn
from trigger.errors import EventError, ToolError
from trigger.flow.streaming import stream_scores
from trigger.scaleout import spread

pytestmark = [pytest.mark.slow]


class Cluster:
    """A scheduler and its workers, each a process of its own on this machine."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "scheduler.json"
        self._environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, [*sys.path, os.getcwd()])),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
        }
        self._scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"
        )
        while not self._file.exists():
            time.sleep(0.05)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.address = str(json.loads(self._file.read_text())["address"])

    def add_worker(self) -> None:
        self.workers.append(
            self._start(
                "worker", "--host", "127.0.0.1", "--no-nanny", "--nthreads", "1", "--no-dashboard"
            )
        )

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *words, "--scheduler-file", str(self._file)]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, env=self._environment, stdout=quiet, stderr=quiet)

    def stop(self) -> None:
        for process in [*self.workers, self._scheduler]:
            process.send_signal(signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    started = Cluster(tmp_path_factory.mktemp("cluster"))
    for _ in range(2):
        started.add_worker()
    yield started
    started.stop()


def slower_first(number: int, offset: int) -> int:
    time.sleep(0.5 if number == 0 else 0.01)
    return number + offset


def late_first_killed_second(number: int, folder: Path) -> int:
    with open(folder / str(number), "a") as tries:
        tries.write("x")
    if number == 1 and (folder / "1").read_text() == "x":
        os._exit(1)
    # all others are begun, whatever their order, and so one of them at least is done
    while number == 0 and not all((folder / other).exists() for other in "123"):
        time.sleep(0.01)
    return number


def refuse(number: int) -> int:
    raise EventError(f"number {number} is refused", where="here")


def die(number: int) -> int:
    os._exit(1)


def test_results_come_in_order_and_rows_are_drawn_as_they_are_needed(cluster):
    drawn = []

    def rows():
        for number in range(40):
            drawn.append(number)
            yield number

    with spread(cluster.address) as where:
        results = where(slower_first, rows(), iter(range(100, 140)))
        assert next(results) == 100
        assert len(drawn) <= 2 * 2 + 1
        assert list(results) == [number + 100 + number for number in range(1, 40)]


def test_an_error_of_the_work_comes_as_it_is(cluster):
    with (
        spread(cluster.address) as where,
        pytest.raises(EventError, match="number 0 is refused"),
    ):
        list(where(refuse, range(3)))


@pytest.mark.csim
def test_a_worker_that_is_killed_costs_only_its_part(cluster, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (4000, 8, 8, 1)).astype(np.uint8)
    np.save(tmp_path / "pixels.npy", pixels)
    cluster.add_worker()
    killed = []

    def kill_one(done: int, of: int) -> None:
        if not killed:
            killed.append(cluster.workers.pop())
            killed[0].send_signal(signal.SIGKILL)
            killed[0].wait()

    def scores(name, scheduler, progress):
        with spread(scheduler) as where:
            source, output = tmp_path / "pixels.npy", tmp_path / name
            return stream_scores(small_cnn(), source, output, progress, where, 100)

    there = scores("there.npy", cluster.address, kill_one)
    here = scores("here.npy", "", lambda done, of: None)
    assert killed
    assert (there == here).all()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "here.npy",
        "pixels.npy",
        "there.npy",
    ]


def test_results_come_as_they_are_done_and_a_worker_that_dies_costs_its_row(cluster, tmp_path):
    cluster.add_worker()
    with spread(cluster.address, in_order=False) as where:
        results = list(where(late_first_killed_second, range(4), [tmp_path] * 4))
    assert sorted(results) == [0, 1, 2, 3]
    assert results[0] != 0
    assert (tmp_path / "1").read_text() == "xx"


def test_work_that_ends_every_worker_is_given_up(cluster):
    cluster.add_worker()
    cluster.add_worker()
    with spread(cluster.address) as where:
        work = where(die, [1])
        with pytest.raises(ToolError, match=r"a part of the work ended several workers.*memory"):
            next(work)
    cluster.add_worker()


def test_a_batch_system_of_dask_jobqueue(tmp_path, monkeypatch):
    """With a stand-in for sbatch, which runs the job's script here and now."""
    import dask
    import dask_jobqueue  # noqa: F401  brings its configuration

    # copied before the answer, as sbatch does: the script is deleted once the job is submitted
    (tmp_path / "sbatch").write_text(
        f"#!/bin/sh\ncp $1 {tmp_path}/job.sh\nsh {tmp_path}/job.sh > {tmp_path}/log 2>&1 &\n"
        "echo Submitted batch job 7\n"
    )
    (tmp_path / "scancel").write_text("#!/bin/sh\n")
    for name in ("sbatch", "scancel"):
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    job = {
        "jobqueue.slurm.cores": 1,
        "jobqueue.slurm.memory": "1GB",
        "jobqueue.slurm.python": sys.executable,
        "jobqueue.slurm.job-script-prologue": [f"export PYTHONPATH={os.pathsep.join(sys.path)}"],
        "jobqueue.slurm.scheduler-options": {"host": "127.0.0.1", "dashboard_address": ":0"},
    }
    with dask.config.set(job), spread("slurm:1") as where:
        assert list(where(slower_first, [1, 2], [3, 4])) == [4, 6]
    assert "slurm" in (tmp_path / "log").read_text().lower()


@pytest.mark.parametrize(
    ("scheduler", "message"),
    [
        ("slrm:3", "cannot be understood.*htcondor, lsf.*did you mean slurm"),
        ("slurm", "cannot be understood.*slurm:8"),
        ("slurm:0", "cannot be understood"),
        ("slurm:2", "cannot be started.*jobqueue.slurm"),
        ("tcp://127.0.0.1:1", "does not answer.*start one with `dask scheduler`"),
        ("tcp://", "does not answer"),
    ],
)
def test_what_is_no_scheduler(monkeypatch, scheduler, message):
    monkeypatch.setattr("trigger.scaleout.WAIT_SECONDS", 0.5)
    with pytest.raises(ToolError, match=message), spread(scheduler):
        pass


def test_workers_of_another_version_are_refused(cluster, monkeypatch):
    monkeypatch.setattr("trigger.__version__", "9.9")
    with (
        pytest.raises(ToolError, match=r"has trigger 0\.1\.0. Allowed: 9\.9"),
        spread(cluster.address),
    ):
        pass


def test_a_scheduler_without_workers_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("trigger.scaleout.WAIT_SECONDS", 0.5)
    alone = Cluster(tmp_path)
    try:
        with (
            pytest.raises(ToolError, match=r"no worker can be used.*dask worker ADDRESS"),
            spread(alone.address),
        ):
            pass
    finally:
        alone.stop()
