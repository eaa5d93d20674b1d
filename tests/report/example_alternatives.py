"""The made-up alternatives of the example report."""

from __future__ import annotations

from trigger.budget import Cost, Figure, LayerCost, Source, Verdict
from trigger.design import Strategy
from trigger.report.alternatives import Alternative, AlternativeKind, Alternatives, Sample
from trigger.report.rivals import Claim, Race, Settings
from trigger.report.solved import LayerSetting, NarrowerFormat, Solution, Solved


def build_alternatives() -> Alternatives:
    """Return trials, one of them too expensive, rivals, one of them far off, and claims."""
    kind, test, validation = AlternativeKind, Sample.TEST, Sample.VALIDATION
    rows = (
        ("this design", kind.DESIGN, 0.9162, test, 61_000.0, 294.0, True, True),
        ("this design, solved", kind.DESIGN, 0.9181, validation, 41_000.0, 301.0, True, True),
        ("trial 1", kind.TRIAL, 0.9155, validation, 30_500.0, 301.0, True, True),
        ("trial 2", kind.TRIAL, 0.9185, validation, 900_000.0, 301.0, False, False),
        ("trial 3 <wide>", kind.TRIAL, 0.9031, validation, 40_000.0, 280.0, True, False),
        ("8 bits, trained", kind.ONE_WIDTH, 0.9158, test, 88_000.0, 294.0, True, False),
        ("hls4ml auto", kind.CONVERTED, 0.9163, test, 500_000.0, 310.0, None, False),
        ("ap_fixed<8,4>", kind.CONVERTED, 0.5012, test, 120_000.0, None, True, False),
    )
    return Alternatives(
        "AUC",
        55,
        tuple(
            Alternative(name, kind, Figure(auc, Source.MEASURED), *rest)
            for name, kind, auc, *rest in rows
        ),
        (
            Claim("auto", Settings.SOLVED, Settings.DEFAULT, 12.2, 5, -1e-4, 2e-3, 301.0, 310.0),
            Claim(
                "8 bits", Settings.DEFAULT, Settings.DEFAULT, 1.44, 1.5, 4e-4, 2e-3, 294.0, 294.0
            ),
            Claim("", Settings.SOLVED, Settings.SOLVED, None, 1.5, None, 2e-3, None, None, "none"),
        ),
        (Race("8 bits", 70_000.0, 294.0, 330.0),),
        400.0,
        216_000.0,
        ("The design's settings were found in 0.4 s.",),
    )


def build_solved() -> Solved:
    """Return what a search found for a firmware whose digest is 64 sevens: one solution."""
    total = LayerCost("total", "conv", lut=Figure(400.0, Source.ESTIMATE))
    cost = Cost(Source.ESTIMATE, total, (), "xcvu13p", 5.0, "Vitis HLS 2023.2", "estimate.json")
    setting = LayerSetting("conv", Strategy.RESOURCE, 9, 1)
    best = Solution(5, 800.0, 450.0, 160.0, 9.0, 395.0, 1.0, None, 3.0, 0.0, (setting,))
    return Solved(
        *("tiny_solved.yaml", "7" * 64, "8" * 64, True, 1.0, ()),
        *(Verdict(()), cost, cost),
        (NarrowerFormat("conv", "accum", "ap_fixed<17,3>", "ap_fixed<16,2>"),),
        best,
        (best,),
        12,
        1000,
        ("none",),
    )
