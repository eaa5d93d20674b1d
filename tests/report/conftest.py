"""The made-up report, and its files: drawn once for all tests that only look at them."""

from __future__ import annotations

from pathlib import Path

import pytest

from trigger.budget import Verdict
from trigger.report import Report, write

from .example import build_example


@pytest.fixture(scope="session")
def report() -> Report:
    return build_example()


@pytest.fixture(scope="session")
def bare(report: Report) -> Report:
    """Nothing but what every report has."""
    return Report("bare", Verdict(()), None, (), report.provenance)


@pytest.fixture(scope="session")
def written(report: Report, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """The files of the report, in a folder that was not there."""
    return write(report, tmp_path_factory.mktemp("report") / "new" / "folder")


@pytest.fixture(scope="session")
def page(written: tuple[Path, ...]) -> str:
    return written[2].read_text(encoding="utf-8")
