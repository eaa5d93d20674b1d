"""By what factor a design is cheaper than its rivals at equal AUC, with the conditions said.

Reuse makes any firmware cheaper where the budget leaves time, so that a factor means something
only with the settings of both: with default ones (no reuse) for both, with the cheapest within the
budget for both, and, because that is what a user of hls4ml's defaults has, mixed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trigger.report.rivals import Claim, Firmware, Race, Rival, RivalKind, Settings

EQUAL_AUC = 0.002
"""By so much the AUC of a design may be smaller than that of a rival it is held against."""
AGAINST_DEFAULT = 5.0
"""Factor that is wanted against hls4ml's default conversion of the float model."""
AGAINST_ONE_WIDTH = 1.5
"""Factor that is wanted against the best width for all, trained."""
_BOTH = (
    (Settings.DEFAULT, Settings.DEFAULT),
    (Settings.SOLVED, Settings.SOLVED),
)


def build_claims(rivals: Sequence[Rival]) -> Iterator[Claim]:
    """Yield what may be claimed of the design, which is the last of all."""
    *others, design = rivals
    conversion = next(each for each in others if each.kind is RivalKind.CONVERTED)
    for pair in (*_BOTH, (Settings.SOLVED, Settings.DEFAULT)):
        yield _claim(design, conversion, *pair, AGAINST_DEFAULT)
    trained = [each for each in others if each.kind is RivalKind.TRAINED]
    for pair in _BOTH if trained else ():
        best = find_best(design, trained, pair[1])
        if best is None:
            note = "no width for all comes as near to the design's AUC within the budget"
            yield Claim(
                "", *pair, None, AGAINST_ONE_WIDTH, None, EQUAL_AUC, *(None, None), note=note
            )
        else:
            yield _claim(design, best, *pair, AGAINST_ONE_WIDTH)


def find_best(design: Rival, rivals: Sequence[Rival], settings: Settings) -> Rival | None:
    """Return the cheapest rival whose AUC is as good as the design's, or better."""
    good = [
        (firmware.cost_luts, rival.name, rival)
        for rival in rivals
        if _is_as_good(rival, design)
        and (firmware := rival.with_settings(settings)) is not None
        and firmware.cost_luts is not None
    ]
    return min(good)[2] if good else None


def _is_as_good(rival: Rival, design: Rival) -> bool:
    return rival.auc.value >= design.auc.value - EQUAL_AUC


def _claim(
    design: Rival, rival: Rival, settings: Settings, rival_settings: Settings, asked: float
) -> Claim:
    ours, theirs = design.with_settings(settings), rival.with_settings(rival_settings)
    lacking = [
        f"no settings of {each.name} meet the budget"
        for each, firmware in ((design, ours), (rival, theirs))
        if firmware is None
    ]
    return Claim(
        rival.name,
        settings,
        rival_settings,
        _factor(ours, theirs),
        asked,
        design.auc.value - rival.auc.value,
        EQUAL_AUC,
        ours and ours.latency_ns,
        theirs and theirs.latency_ns,
        "; ".join(lacking),
    )


def _factor(ours: Firmware | None, theirs: Firmware | None) -> float | None:
    if ours is None or theirs is None or not ours.cost_luts or theirs.cost_luts is None:
        return None
    return theirs.cost_luts / ours.cost_luts


def build_races(rivals: Sequence[Rival]) -> Iterator[Race]:
    """Yield the latencies within equal resources: the least with which both meet the budget.

    Only rivals that are as good as the design are worth a race.
    """
    *others, design = rivals
    for rival in others:
        if design.solved is None or rival.solved is None or not _is_as_good(rival, design):
            continue
        luts = max(each.solved.cost_luts or 0.0 for each in (design, rival) if each.solved)
        yield Race(rival.name, luts, _fastest(design, luts), _fastest(rival, luts))


def _fastest(rival: Rival, luts: float) -> float:
    return min(
        each.latency_ns
        for each in rival.front
        if each.cost_luts is not None and each.cost_luts <= luts and each.latency_ns is not None
    )
