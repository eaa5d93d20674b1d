"""Map over chunks of events or over trials: on this machine, or on a Dask cluster.

Results are the same and come in the same order wherever they are made, unless each is asked for as
soon as it is done. Rows are drawn a few at a time, so memory holds no more than two of them for
each worker.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from trigger.errors import ToolError, did_you_mean
from trigger.processes import map_as_done, map_in_order

Result = TypeVar("Result")

AHEAD = 2
"""Rows that are under way for each worker: one at work, one that waits for it."""
RETRIES = 3
"""Workers that a row may lose before it is given up."""
WAIT_SECONDS = 60.0
"""For the scheduler to answer, and for the first worker."""


class Spread(Protocol):
    """Where work is done."""

    def __call__(
        self, function: Callable[..., Result], *columns: Iterable[Any]
    ) -> Iterator[Result]:
        """Yield ``function(*row)`` for each row of ``columns``."""
        ...


@contextmanager
def spread(scheduler: str = "", processes: int = 1, *, in_order: bool = True) -> Iterator[Spread]:
    """Give a map over rows for as long as the block lasts.

    Args:
        scheduler: empty for this machine; the address of a running Dask scheduler
            (``tcp://host:8786``); or a batch system and a number of jobs (``slurm:8``), each with
            the resources that Dask-Jobqueue's own configuration names.
        processes: on this machine.
        in_order: yield the results in the order of the rows; otherwise whichever is done first.

    Raises:
        ToolError: Dask is not installed, the scheduler or its workers do not answer, they run
            another version of trigger, or a row was lost with several workers.
    """
    if not scheduler:
        yield partial(map_in_order if in_order else map_as_done, processes=processes)
        return
    try:
        import distributed
    except ImportError as error:
        raise ToolError(
            "Dask is not installed",
            where=f"scheduler {scheduler}",
            remedy="pip install 'trigger[scale]', or leave the scheduler out",
        ) from error
    with _address(scheduler) as address:
        try:
            client = distributed.Client(address, timeout=WAIT_SECONDS)
        except (OSError, ValueError, ImportError) as error:
            raise ToolError(
                f"does not answer: {error}",
                where=f"scheduler {scheduler}",
                allowed="the address of a running Dask scheduler, as tcp://host:8786",
                remedy="start one with `dask scheduler`, and workers with `dask worker ADDRESS`",
            ) from error
        with client:
            _check_workers(client, scheduler)
            yield partial(_map, client, scheduler, in_order)


def _map(
    client: Any,
    scheduler: str,
    in_order: bool,
    function: Callable[..., Result],
    *columns: Iterable[Any],
) -> Iterator[Result]:
    from distributed import KilledWorker
    from distributed.comm import CommClosedError

    rows = zip(*columns, strict=True)
    waiting: deque[Any] = deque()
    try:
        for row in rows:
            # not pure: two equal rows are two rows
            waiting.append(client.submit(function, *row, pure=False, retries=RETRIES))
            while len(waiting) >= AHEAD * max(1, len(client.nthreads())):
                yield _next(waiting, in_order).result()
        while waiting:
            yield _next(waiting, in_order).result()
    except KilledWorker as error:
        raise ToolError(
            f"a part of the work ended several workers: {error}",
            where=f"scheduler {scheduler}",
            remedy="give the workers more memory; the same command goes on from what is finished",
        ) from error
    except (CommClosedError, OSError, TimeoutError) as error:
        raise ToolError(
            f"was lost: {error}",
            where=f"scheduler {scheduler}",
            remedy="start it again; the same command goes on from what is finished",
        ) from error
    finally:
        client.cancel(list(waiting))


def _next(waiting: deque[Any], in_order: bool) -> Any:
    """Take the first row, or the first that is done."""
    from distributed import wait

    if in_order:
        return waiting.popleft()
    done = wait(list(waiting), return_when="FIRST_COMPLETED").done
    place = next(place for place, future in enumerate(waiting) if future in done)
    waiting.rotate(-place)
    future = waiting.popleft()
    waiting.rotate(place)
    return future


@contextmanager
def _address(scheduler: str) -> Iterator[Any]:
    """Give an address, or a cluster of jobs that lives as long as the block."""
    name, colon, rest = scheduler.partition(":")
    if rest.startswith("//"):
        yield scheduler
        return
    if not colon or name not in _BATCH_SYSTEMS or not rest.isdigit() or int(rest) < 1:
        raise ToolError(
            "cannot be understood",
            where=f"scheduler {scheduler}",
            allowed="tcp://host:port, or a batch system and a number of jobs as slurm:8; "
            + ", ".join(_BATCH_SYSTEMS),
            remedy=did_you_mean(name, list(_BATCH_SYSTEMS)),
        )
    kind = _BATCH_SYSTEMS[name]
    try:
        cluster = getattr(import_module("dask_jobqueue"), kind)()
    except (ImportError, ValueError, TypeError, KeyError) as error:
        raise ToolError(
            f"cannot be started: {' '.join(str(error).split())}",
            where=f"scheduler {scheduler}",
            remedy="pip install dask-jobqueue, and describe a job in Dask's configuration under "
            f"jobqueue.{name} (cores, memory)",
        ) from error
    with cluster:
        cluster.scale(jobs=int(rest))
        yield cluster


_BATCH_SYSTEMS: Mapping[str, str] = MappingProxyType(
    {
        "htcondor": "HTCondorCluster",
        "lsf": "LSFCluster",
        "moab": "MoabCluster",
        "oar": "OARCluster",
        "pbs": "PBSCluster",
        "sge": "SGECluster",
        "slurm": "SLURMCluster",
    }
)
"""What Dask-Jobqueue calls each batch system."""


def _version() -> str:
    """Return the version of trigger where this runs."""
    # by name: this room may not import the package, which names higher rooms for type checkers
    return str(import_module("trigger").__version__)


def _check_workers(client: Any, scheduler: str) -> None:
    """Raise ToolError unless there are workers, all of this version of trigger."""
    try:
        client.wait_for_workers(1, timeout=WAIT_SECONDS)
        versions = client.run(_version)
    except Exception as error:  # a worker without trigger raises what its import raises
        raise ToolError(
            f"no worker can be used: {error}",
            where=f"scheduler {scheduler}",
            remedy="start workers where trigger is installed: `dask worker ADDRESS`",
        ) from error
    others = {address: found for address, found in versions.items() if found != _version()}
    if others:
        address, found = next(iter(others.items()))
        raise ToolError(
            f"worker {address} has trigger {found}",
            where=f"scheduler {scheduler}",
            allowed=_version(),
            remedy="install the same version everywhere: results must not depend on the worker",
        )
