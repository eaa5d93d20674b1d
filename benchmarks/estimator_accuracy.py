"""Measure the estimator on records of synthesis reports.

    python benchmarks/estimator_accuracy.py RECORDS.json[.gz] [--cross-validate] [--baselines]
        [--after-synthesis] [--summary | --json]

Per quantity and kind of design: median and 90th-percentile relative error, bias (median of
estimated over reported), share of reports inside the 80 % band, and the worst ten with their ids.
``--cross-validate`` is for the records that the coefficients were fitted to: every repository is
then judged by coefficients and bands of the others. ``--baselines`` adds closed-form laws and
gradient boosting (fitted to the other repositories, or to ``--train`` records).
``--after-synthesis`` judges the estimate of logic synthesis by the records that have its reports.
"""

from __future__ import annotations

import argparse
import collections
import json
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import baselines
import fit_estimator
import held_out

from trigger.budget import Figure, Quantity
from trigger.estimate import after_logic_synthesis, estimate_layers
from trigger.estimate.coefficients import Coefficients
from trigger.estimate.compose import design_class
from trigger.estimate.records import Record, read_records
from trigger.estimate.structure import TIMES

QUANTITIES = held_out.JUDGED
SHOWN = (
    Quantity.LATENCY_CYCLES,
    Quantity.INTERVAL_CYCLES,
    Quantity.DSP,
    Quantity.LUT,
    Quantity.FF,
    Quantity.BRAM_18K,
)
WORST = 10
ENOUGH = 10
"""Reports of a kind of design that make a line of the short table."""
EVERY = "all"


@dataclass(frozen=True, slots=True)
class Case:
    """One figure of one report beside its estimates."""

    id: str
    group: str
    kind: str
    io_type: str
    strategy: str
    quantity: Quantity
    reported: float
    estimated: Figure
    closed_form: float | None
    boosting: float | None

    @property
    def error(self) -> float:
        return relative_error(self.estimated.value, self.reported)

    @property
    def inside(self) -> bool:
        low, high = self.estimated.low, self.estimated.high
        return low is not None and high is not None and low <= self.reported <= high


def relative_error(estimated: float, reported: float) -> float:
    """Return |estimated - reported| / reported; of nothing reported, what is estimated in units."""
    return abs(estimated - reported) / max(abs(reported), 1.0)


def judge(
    records: Sequence[Record],
    fitted: Coefficients | None,
    others: Sequence[Mapping[Quantity, float]] | None,
    *,
    after_synthesis: bool = False,
) -> list[Case]:
    """Return every figure of the records that is both reported and estimated."""
    cases = []
    for number, record in enumerate(records):
        cost = estimate_layers(record.layers, record.context, fitted)
        rules = baselines.closed_form(record)
        kind, io_type, strategy = design_class(record.layers, record.context).split(" ", 2)
        reported = record.synthesised if after_synthesis else record.reported
        if after_synthesis:
            cost = after_logic_synthesis(cost, fitted)
        for quantity in QUANTITIES:
            figure = cost.total.figure(quantity)
            if figure is None or quantity not in reported:
                continue
            if record.logic_synthesis and not after_synthesis and quantity not in TIMES:
                continue
            cases.append(
                Case(
                    id=record.id,
                    group=record.group,
                    kind=kind,
                    io_type=io_type,
                    strategy=strategy,
                    quantity=quantity,
                    reported=reported[quantity],
                    estimated=figure,
                    closed_form=rules.get(quantity),
                    boosting=others[number].get(quantity) if others else None,
                )
            )
    return cases


def cross_validated(
    records: Sequence[Record], *, with_boosting: bool, after_synthesis: bool = False
) -> list[Case]:
    """Judge every repository by what the others teach: coefficients, and bands of their errors."""
    every = fit_estimator.cross_validate(records)
    cases = []
    for group in sorted({record.group for record in records}):
        rest = [record for record in records if record.group != group]
        asked = [record for record in records if record.group == group]
        fitted = held_out.with_bands(fit_estimator.fit_laws(rest), every.without(group))
        others = baselines.boosting(rest, asked, QUANTITIES) if with_boosting else None
        cases += judge(asked, fitted, others, after_synthesis=after_synthesis)
    return cases


def rows(cases: Iterable[Case]) -> list[dict[str, object]]:
    """Return a row per quantity and kind, and one per quantity for all kinds together."""
    found: dict[tuple[str, str, str, str], list[Case]] = collections.defaultdict(list)
    for case in cases:
        name = case.quantity.value
        found[name, case.kind, case.io_type, case.strategy].append(case)
        found[name, EVERY, EVERY, EVERY].append(case)
    return [_row(key, found[key]) for key in sorted(found)]


def _row(key: tuple[str, str, str, str], cases: Sequence[Case]) -> dict[str, object]:
    quantity, kind, io_type, strategy = key
    errors = sorted(case.error for case in cases)
    ratios = [(case.estimated.value or 1e-9) / case.reported for case in cases if case.reported > 0]
    worst = sorted(cases, key=lambda case: -case.error)[:WORST]
    row: dict[str, object] = {
        "quantity": quantity,
        "kind": kind,
        "io_type": io_type,
        "strategy": strategy,
        "n": len(cases),
        "groups": len({case.group for case in cases}),
        "median_error": _short(statistics.median(errors)),
        "p90_error": _short(errors[min(len(errors) - 1, int(0.9 * len(errors)))]),
        "bias": _short(statistics.median(ratios) - 1) if ratios else 0.0,
        "band_coverage": _short(sum(case.inside for case in cases) / len(cases)),
    }
    for name in ("closed_form", "boosting"):
        other = [
            relative_error(round(value), case.reported)
            for case in cases
            if (value := getattr(case, name)) is not None
        ]
        row[f"{name}_median_error"] = _short(statistics.median(other)) if other else None
    row["worst"] = [
        {"id": case.id, "reported": case.reported, "estimated": case.estimated.value}
        for case in worst
    ]
    return row


def _short(number: float) -> float:
    return float(f"{number:.4g}")


def text(table: Sequence[Mapping[str, object]]) -> str:
    """Return the table as Markdown, and the worst ten of each quantity."""
    columns = [name for name in table[0] if name != "worst"]
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for row in table:
        cells = ["" if row[name] is None else str(row[name]) for name in columns]
        lines.append("| " + " | ".join(cells) + " |")
    for row in table:
        if row["kind"] == EVERY:
            worst = row["worst"]
            assert isinstance(worst, list)
            shown = ", ".join(
                f"{case['id']} ({case['estimated']:g} for {case['reported']:g})" for case in worst
            )
            lines.append(f"\nworst {row['quantity']}: {shown}")
    return "\n".join(lines)


def summary(table: Sequence[Mapping[str, object]]) -> str:
    """Return a line per kind of design with enough reports, and the share of bands that hold.

    Per cent: the median error, and those of the closed forms and of boosting where there are some.
    """
    kinds: dict[str, dict[str, str]] = collections.defaultdict(dict)
    for row in table:
        if int(str(row["n"])) < ENOUGH:
            continue
        if row["kind"] == EVERY:
            kind = "all"
        else:
            kind = f"{row['kind']}, {row['io_type']}, {row['strategy']}"
        quantity = str(row["quantity"])
        if row["kind"] == EVERY:
            kinds[kind][quantity] = f"{_per_cent(row['band_coverage'])} hold"
            continue
        rivals = [row["closed_form_median_error"], row["boosting_median_error"]]
        kinds[kind][quantity] = " / ".join(
            map(_per_cent, (row["median_error"], *(rivals if any(rivals) else ())))
        )
        kinds[kind]["n"] = f"{row['n']} ({row['groups']})"
    columns = ["n", *(quantity.value for quantity in SHOWN)]
    lines = ["| design | " + " | ".join(columns) + " |", "|" + "---|" * (len(columns) + 1)]
    lines += [
        f"| {kind} | " + " | ".join(cells.get(column, "") for column in columns) + " |"
        for kind, cells in kinds.items()
    ]
    return "\n".join(lines)


def _per_cent(share: object) -> str:
    if share is None:
        return "-"
    number = 100 * float(str(share))
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("records", type=Path)
    parser.add_argument("--cross-validate", action="store_true")
    parser.add_argument("--baselines", action="store_true", help="also fit gradient boosting")
    parser.add_argument("--train", type=Path, help="records that boosting is fitted to")
    parser.add_argument("--after-synthesis", action="store_true", help="judge by logic synthesis")
    parser.add_argument("--summary", action="store_true", help="the short table of the README")
    parser.add_argument("--all", action="store_true", help="also records that are not clean")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    records = list(read_records(options.records))
    if not options.all:
        records = fit_estimator.clean_core(records)
    if options.cross_validate:
        cases = cross_validated(
            records, with_boosting=options.baselines, after_synthesis=options.after_synthesis
        )
    else:
        others = None
        if options.baselines and options.train:
            train = fit_estimator.clean_core(read_records(options.train))
            others = baselines.boosting(train, records, QUANTITIES)
        cases = judge(records, None, others, after_synthesis=options.after_synthesis)
    table = rows(cases)
    if not table:
        sys.exit(f"{options.records}: no record that can be judged; try --all")
    shown = summary(table) if options.summary else text(table)
    sys.stdout.write((json.dumps(table, indent=1) if options.json else shown) + "\n")


if __name__ == "__main__":
    main()
