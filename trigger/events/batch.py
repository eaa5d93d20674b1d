"""EventBatch: events in columns, the form that every reader and generator yields.

A kind of event is one frozen dataclass. Most are tables (``TableBatch``): each field is an array
whose first axis counts events. What has a varying number of hits derives from ``EventBatch`` alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from trigger.errors import EventError

Column = npt.NDArray[Any]


class EventBatch(ABC):
    """n events in columns; read-only."""

    __slots__ = ()

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of events."""

    @abstractmethod
    def select(self, events: npt.ArrayLike) -> Self:
        """Return the events at these positions, in this order (a copy).

        Raises:
            EventError: a position outside 0..n-1.
        """

    @abstractmethod
    def between(self, start: int, stop: int) -> Self:
        """Return events start..stop-1 (as Python slices: out of range is cut) without copying."""

    @classmethod
    @abstractmethod
    def concatenate(cls, batches: Iterable[Self]) -> Self:
        """Return the events of all batches in order; no batches give an empty one."""

    @abstractmethod
    def columns(self) -> dict[str, Column]:
        """Return every array by its name, as a file of columns holds them."""

    @classmethod
    @abstractmethod
    def of_columns(cls, columns: Mapping[str, Column]) -> Self:
        """Return the batch of ``columns()``.

        Raises:
            EventError: missing or unknown columns, or numbers that make no batch.
        """

    @abstractmethod
    def quantities(self) -> dict[str, Column]:
        """Return what describes the events, by a name with its unit: arrays of any length."""

    @abstractmethod
    def amplified(self, factor: float) -> Self:
        """Return the same events with every amplitude (charge, energy, momentum) times ``factor``.

        What a detector of another gain measures; ``factor`` is above 0.
        """

    def same_events(self, other: Self) -> bool:
        """Compare every number that the real data's format holds."""
        mine, theirs = self.columns(), other.columns()
        return mine.keys() == theirs.keys() and all(
            np.array_equal(mine[name], theirs[name]) for name in mine
        )


def column(dtype: type, *shape: int) -> Any:
    """Declare a field of a TableBatch: an array (n, *shape) of this type."""
    return field(metadata={_TYPE: np.dtype(dtype), _SHAPE: shape})


_TYPE, _SHAPE = "dtype", "shape"


@dataclass(frozen=True, slots=True, eq=False)
class TableBatch(EventBatch):
    """Events whose every field is an array with one row an event, declared by ``column``.

    Arrays are converted to their dtype, checked and made read-only at construction.

    Raises:
        EventError: a shape, a number that the dtype cannot hold or that is not finite, or what
            ``check`` refuses.
    """

    WHAT: ClassVar[str] = "event batch"
    """How errors call it."""

    def __post_init__(self) -> None:
        events: int | None = None
        for name, dtype, shape in self._declared():
            array = _typed(name, getattr(self, name), dtype, self.WHAT)
            events = len(array) if events is None and array.ndim else events
            if array.shape != (events, *shape):
                wanted = ", ".join(map(str, ("n", *shape)))
                raise EventError(
                    f"{name} has shape {array.shape}",
                    where=self.WHAT,
                    allowed=f"shape ({wanted}), n = {events} events",
                )
            object.__setattr__(self, name, array)
        self.check()

    def check(self) -> None:
        """Raise EventError for numbers that cannot be; a kind of event says what those are."""

    @classmethod
    def _declared(cls) -> list[tuple[str, np.dtype[Any], tuple[int, ...]]]:
        found: tuple[Field[Any], ...] = fields(cls)
        return [(each.name, each.metadata[_TYPE], each.metadata[_SHAPE]) for each in found]

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def select(self, events: npt.ArrayLike) -> Self:
        chosen = np.asarray(events, dtype=np.int64)
        if chosen.size and not 0 <= int(chosen.min()) <= int(chosen.max()) < len(self):
            raise EventError(
                f"a position spans {chosen.min()}..{chosen.max()}",
                where=self.WHAT,
                allowed=f"0..{len(self) - 1}",
            )
        return type(self)(**{name: array[chosen] for name, array in self.columns().items()})

    def between(self, start: int, stop: int) -> Self:
        return type(self)(**{name: array[start:stop] for name, array in self.columns().items()})

    @classmethod
    def concatenate(cls, batches: Iterable[Self]) -> Self:
        parts = [batch.columns() for batch in batches]
        if not parts:
            declared = cls._declared()
            return cls(**{name: np.empty((0, *shape), dtype) for name, dtype, shape in declared})
        return cls(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})

    def columns(self) -> dict[str, Column]:
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def of_columns(cls, columns: Mapping[str, Column]) -> Self:
        wanted = [each.name for each in fields(cls)]
        if set(columns) != set(wanted):
            raise EventError(
                f"holds the columns {', '.join(columns)}",
                where=cls.WHAT,
                allowed=", ".join(wanted),
            )
        return cls(**columns)


def _typed(name: str, given: npt.ArrayLike, dtype: np.dtype[Any], what: str) -> Column:
    """Return a read-only array of a type, refusing numbers that would change or are not finite."""
    array = np.asarray(given)
    with np.errstate(invalid="ignore", over="ignore"):
        typed = array.astype(dtype, copy=False).view()
    if dtype.kind == "f":
        if not np.all(np.isfinite(typed)):
            raise EventError(f"{name} is not finite", where=what, allowed="finite numbers")
    elif array.dtype != dtype and not np.array_equal(typed, array):
        raise EventError(f"{name} holds a number that {dtype} cannot hold", where=what)
    typed.setflags(write=False)
    return typed
