"""The pytest plugin: ``pytest --trigger-project DIR`` replays the golden vectors of a firmware.

An item for each engine, one for co-simulation output and one for what the firmware is made of;
``--junitxml`` and all else is pytest's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from trigger.flow.replay import Replay

OPTION = "--trigger-project"
_REPLAYS = pytest.StashKey[dict[Path, "Replay"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("trigger").addoption(
        OPTION,
        action="append",
        default=[],
        metavar="DIR",
        help="replay the golden vectors of this design's folder or HLS project (repeatable)",
    )


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    folders = config.getoption(OPTION)
    if not folders:
        return
    from trigger.flow.replay import COMPARED

    items += [
        ReplayItem.from_parent(
            session, name=f"{Path(folder).name}: {what}", folder=Path(folder), what=what
        )
        for folder in folders
        for what in COMPARED
    ]


class ReplayItem(pytest.Item):
    """All comparisons of one kind on one firmware."""

    def __init__(self, *, folder: Path, what: str, **others: Any) -> None:
        super().__init__(**others)
        self.folder, self.what = folder.absolute(), what

    def runtest(self) -> None:
        from trigger.errors import AgreementError
        from trigger.flow.replay import cases, verify_golden
        from trigger.report.junit import Answer

        replays = self.config.stash.setdefault(_REPLAYS, {})
        if self.folder not in replays:
            replays[self.folder] = verify_golden(self.folder)
        mine = [case for case in cases(replays[self.folder]) if case.group == self.what]
        failed = [f"{case.name}: {case.text}" for case in mine if case.outcome is Answer.FAIL]
        if failed:
            raise AgreementError("\n".join(failed), where=self.what)
        if all(case.outcome is Answer.SKIP for case in mine):
            pytest.skip("; ".join(case.text for case in mine))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any) -> Any:
        from trigger.errors import TriggerError

        if isinstance(excinfo.value, TriggerError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.folder, None, self.name
