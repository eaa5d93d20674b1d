"""By what factor a design is cheaper than its rivals at equal AUC, with the conditions said.

Reuse makes any firmware cheaper where the budget leaves time, so that a factor means something
only with the settings of both: with default ones (no reuse) for both, with the cheapest within the
budget for both, and mixed, because what a user of hls4ml's defaults has is one reuse factor for
all layers: 1, or the best that the budget leaves time for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from trigger.budget import Outcome
from trigger.report.front import Front, Objective, Tried
from trigger.report.rivals import (
    OURS,
    PAIRS,
    Claim,
    Firmware,
    Race,
    Rival,
    RivalKind,
    Settings,
    SettingsPair,
)

EQUAL_AUC = 0.002
"""By so much the AUC of a design may be smaller than that of a rival it is held against."""
AGAINST_DEFAULT = 5.0
"""Factor that is wanted against hls4ml's default conversion of the float model."""
AGAINST_ONE_WIDTH = 1.5
"""Factor that is wanted against the best width for all, trained."""
_ALIKE = tuple(pair for pair in PAIRS if pair[0] is pair[1])


_WORDS = {
    Settings.DEFAULT: "default settings",
    Settings.SOLVED: "settings",
    Settings.ONE_FACTOR: "settings with one reuse factor",
}


def build_claims(rivals: Sequence[Rival]) -> Iterator[Claim]:
    """Yield what may be claimed of each trial that was found, and of the design."""
    for ours in (each for each in rivals if each.kind in OURS):
        yield from _claims(ours, [each for each in rivals if each.kind not in OURS])


def _claims(ours: Rival, others: Sequence[Rival]) -> Iterator[Claim]:
    conversion = next(each for each in others if each.kind is RivalKind.CONVERTED)
    for pair in PAIRS:
        yield _claim(ours, conversion, *pair, AGAINST_DEFAULT)
    trained = [each for each in others if each.kind is RivalKind.TRAINED]
    for pair in _ALIKE if trained else ():
        yield _claim_of_widths(ours, trained, pair)


def _claim_of_widths(ours: Rival, trained: Sequence[Rival], pair: SettingsPair) -> Claim:
    """Return what may be claimed against the best width for all.

    Where no width is as good, a factor against the one of the largest AUC is less than one of equal
    AUC would give: that it is large enough can be said, that it is not cannot.
    """
    best = find_best(ours, trained, pair[1])
    if best is not None:
        return _claim(ours, best, *pair, AGAINST_ONE_WIDTH)
    nearest = max(trained, key=lambda each: each.auc.value)
    claim = _claim(ours, nearest, *pair, AGAINST_ONE_WIDTH)
    if claim.outcome is Outcome.PASS:
        note = f"no width for all is as good as {ours.name}; the best of them is {nearest.name}"
        return replace(claim, note=note)
    note = f"no width for all comes as near to the AUC of {ours.name} within the budget"
    nothing = (None, None)
    return Claim("", *pair, None, AGAINST_ONE_WIDTH, None, EQUAL_AUC, *nothing, note, ours.name)


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
        f"no {_WORDS[wanted]} of {each.name} meet the budget"
        for each, wanted, firmware in ((design, settings, ours), (rival, rival_settings, theirs))
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
        design.name,
    )


def _factor(ours: Firmware | None, theirs: Firmware | None) -> float | None:
    if ours is None or theirs is None or not ours.cost_luts or theirs.cost_luts is None:
        return None
    return theirs.cost_luts / ours.cost_luts


def find_equal(front: Front, network_sha256: str) -> list[Tried]:
    """Return the trials of a front that are as good as the design they began with, and cheaper.

    Validation events decide: on test events each is held against rivals, whatever comes of it.

    Args:
        network_sha256: of the design's firmware; trials of another one do not count.

    Returns:
        The cheapest last.
    """
    if front.objective is not Objective.AUC or front.network_sha256 != network_sha256:
        return []
    least, most = front.start.quality.value - EQUAL_AUC, front.start.cost_luts
    good = [
        (trial.found.cost_luts, trial.number, trial)
        for trial in front.trials
        if trial.on_front and trial.found is not None and trial.found.excess <= 1
        if trial.found.quality.value >= least and trial.found.cost_luts < most
    ]
    return [trial for *_, trial in sorted(good, reverse=True)]


def build_races(rivals: Sequence[Rival]) -> Iterator[Race]:
    """Yield the latencies within equal resources: the least with which both meet the budget.

    Only rivals that are as good are worth a race.
    """
    for ours in (each for each in rivals if each.kind in OURS):
        for rival in (each for each in rivals if each.kind not in OURS):
            if ours.solved is None or rival.solved is None or not _is_as_good(rival, ours):
                continue
            luts = max(each.solved.cost_luts or 0.0 for each in (ours, rival) if each.solved)
            times = _fastest(ours, luts), _fastest(rival, luts)
            yield Race(rival.name, luts, *times, ours.name)


def _fastest(rival: Rival, luts: float) -> float:
    return min(
        each.latency_ns
        for each in rival.front
        if each.cost_luts is not None and each.cost_luts <= luts and each.latency_ns is not None
    )
