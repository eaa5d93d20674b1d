"""What a report found, name by name, so that two reports can be compared."""

from __future__ import annotations

from dataclasses import fields

from trigger.budget import Figure
from trigger.report import EnginePhysics, Report
from trigger.report.record import EngineRegression, QuantityResolution
from trigger.report.studies import Robustness, SignalChange, Variation

_Record = EnginePhysics | EngineRegression | QuantityResolution | SignalChange | Variation


def verdict_texts(report: Report) -> dict[str, str]:
    checks = {
        check.name: f"{check.outcome.value}, {check.value}" for check in report.verdict.checks
    }
    return {"verdict": report.verdict.outcome.value, **checks}


def physics_texts(report: Report) -> dict[str, str]:
    """Return every figure of every engine; intervals and curves belong to the figures."""
    first = () if report.physics is None else (report.physics,)
    records: dict[str, _Record] = {}
    for physics in (*first, *report.further_physics):
        signal = "" if physics is report.physics else f"{physics.signal}."
        records |= {f"{signal}{engine.engine}": engine for engine in physics.engines}
    if report.regression is not None:
        for engine in report.regression.engines:
            records[f"regression.{engine.engine}"] = engine
            for each in engine.quantities:
                records[f"regression.{engine.engine}.{each.name}"] = each
    return _figures(records)


def robustness_texts(found: Robustness) -> dict[str, str]:
    """Return the figures of every change of the whole input, and of the worst cells."""
    changes = {each.name: each for each in (found.nominal, *found.gains, *found.orientations)}
    for fault in found.faults:
        changes |= {f"{fault.name}, {each.name}": each for each in fault.worst}
    records: dict[str, _Record] = {}
    for name, change in changes.items():
        records[f"robustness.{name}"] = change
        records |= {f"robustness.{name}.{each.signal}": each for each in change.further}
    return _figures(records)


def _figures(records: dict[str, _Record]) -> dict[str, str]:
    return {
        f"{name}.{each.name}": _figure(getattr(found, each.name))
        for name, found in records.items()
        for each in fields(found)
        if isinstance(getattr(found, each.name), (Figure, int, float))
    }


def _figure(value: Figure | int | float) -> str:
    return f"{value.value if isinstance(value, Figure) else value:.6g}"
