"""The commands, and the names that they are called by."""

from __future__ import annotations

import typer

from trigger.cli import (
    adopt,
    baselines,
    check,
    compile_,
    csim,
    data,
    diff,
    doctor,
    emulate,
    estimate,
    explore,
    export,
    figures,
    golden,
    mass,
    patterns,
    prune,
    ranges,
    report,
    run,
    search,
    synth,
    train,
)

app = typer.Typer(
    name="trigger",
    help="From event images to Level-1 trigger firmware, with a bit-exact emulator and a verdict.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    run.run,
    figures.figures,
    adopt.adopt,
    compile_.compile,
    train.train,
    emulate.emulate,
    export.export,
    diff.diff,
    patterns.patterns,
    csim.csim,
    ranges.ranges,
    search.search,
    baselines.baselines,
    explore.explore,
    prune.prune,
    estimate.estimate,
    synth.synth,
    check.check,
    mass.mass,
    report.report,
    doctor.doctor,
):
    app.command()(command)
app.add_typer(data.app, name="data")
app.add_typer(golden.app, name="golden")
