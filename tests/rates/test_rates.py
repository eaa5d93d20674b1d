"""Trigger physics figures: against counting by hand, scipy and scikit-learn."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from trigger.errors import ReportError
from trigger.rates import (
    Exposure,
    bootstrap_auc,
    build_histograms,
    build_roc,
    clopper_pearson,
    count_confusion,
    equal_shares,
    events_needed,
    find_next_looser,
    find_working_point,
    measure_accuracy,
    measure_change,
    measure_efficiency,
    measure_rejection,
    measure_turn_on,
    outline,
    predict_classes,
)

SCORES = st.lists(st.integers(-6, 6), min_size=1, max_size=40)


def pairs_won(signal: list[int], background: list[int]) -> Fraction:
    doubled = sum(2 * (s > b) + (s == b) for s in signal for b in background)
    return Fraction(doubled, 2 * len(signal) * len(background))


@given(SCORES, SCORES)
def test_auc_is_the_share_of_pairs_in_order(signal: list[int], background: list[int]) -> None:
    assert build_roc(signal, background).exact_auc == pairs_won(signal, background)


@given(SCORES, SCORES)
def test_auc_mirrors_when_classes_swap(signal: list[int], background: list[int]) -> None:
    forward, backward = build_roc(signal, background), build_roc(background, signal)
    assert forward.exact_auc + backward.exact_auc == 1


@given(SCORES, SCORES)
def test_outline_keeps_area_ends_and_working_points_on_the_curve(
    signal: list[int], background: list[int]
) -> None:
    roc = build_roc(signal, background)
    corners = outline(roc)
    assert corners.exact_auc == roc.exact_auc
    assert corners.signal_passed[-1] == len(signal)
    assert set(corners.thresholds) <= set(roc.thresholds)


@given(SCORES, SCORES, st.integers(0, 1000).map(lambda permille: permille / 1000))
def test_working_point_is_the_loosest_allowed(
    signal: list[int], background: list[int], acceptance: float
) -> None:
    point = find_working_point(build_roc(signal, background), acceptance)
    assert point.background.value <= acceptance
    reachable = [sum(b >= cut for b in background) for cut in {*signal, *background}]
    allowed = [count for count in reachable if count <= acceptance * len(background)]
    assert point.background.passed == max(allowed, default=0)
    if point.threshold is not None:
        assert point.signal.passed == sum(s >= point.threshold for s in signal)


@given(st.integers(1, 400), st.floats(0, 1), st.sampled_from([0.68, 0.9, 0.95]))
def test_clopper_pearson_equals_scipy(total: int, share: float, coverage: float) -> None:
    passed = round(total * share)
    expected = binomtest(passed, total).proportion_ci(coverage, method="exact")
    assert clopper_pearson(passed, total, coverage) == pytest.approx(
        (expected.low, expected.high), abs=1e-9
    )


def test_clopper_pearson_by_hand() -> None:
    low, high = clopper_pearson(0, 10)
    assert low == 0
    assert high == pytest.approx(1 - 0.025**0.1)


def test_auc_equals_scikit_learn_on_floats() -> None:
    generator = np.random.default_rng(1)
    signal, background = generator.normal(1, 1, 500), generator.normal(0, 1, 700)
    roc = build_roc(signal, background)
    expected = roc_auc_score(np.repeat([1, 0], [500, 700]), np.append(signal, background))
    assert roc.auc == pytest.approx(expected, abs=1e-12)
    low, high = roc.auc_interval()
    assert low < roc.auc < high


def test_auc_interval_covers_as_often_as_it_says() -> None:
    generator = np.random.default_rng(2)
    truth = 0.921350396  # P(N(2,1) > N(0,1)) = Phi(2 / sqrt 2)
    covered = 0
    for _ in range(400):
        low, high = build_roc(
            generator.normal(2, 1, 80), generator.normal(0, 1, 120)
        ).auc_interval()
        covered += low <= truth <= high
    assert 0.92 <= covered / 400 <= 0.98


def test_auc_interval_of_perfect_separation_is_not_empty() -> None:
    low, high = build_roc([2, 3, 4], [0, 1]).auc_interval()
    assert high == 1
    assert low == pytest.approx(clopper_pearson(2, 2)[0])


def test_working_point_with_ties_stays_below_what_was_asked() -> None:
    roc = build_roc([5, 5, 4, 3], [5, 4, 4, 4, 3, 1, 1, 0, 0, 0])
    point = find_working_point(roc, 0.3)
    assert (point.threshold, point.signal.passed, point.background.passed) == (5, 2, 1)
    assert isinstance(point.threshold, int)


def test_working_point_that_no_score_reaches() -> None:
    point = find_working_point(build_roc([1, 2], [2, 2]), 0.4)
    assert point.threshold is None
    assert point.signal.passed == 0


def test_working_point_takes_decimal_acceptance_as_written() -> None:
    roc = build_roc(range(10), range(10))
    assert find_working_point(roc, 0.3).background.passed == 3
    assert find_working_point(roc, 0.7).background.passed == 7


def test_integers_wider_than_int64_are_ordered_exactly() -> None:
    big = 2**70
    roc = build_roc(np.array([big + 1], dtype=object), np.array([big], dtype=object))
    assert roc.exact_auc == 1
    assert find_working_point(roc, 0).threshold == big + 1


def test_accuracy_and_ties_of_the_largest_score() -> None:
    scores = [[1, 1], [0, 3], [4, 2]]
    assert predict_classes(scores).tolist() == [0, 1, 0]
    assert measure_accuracy(scores, [0, 1, 1]).passed == 2
    assert predict_classes([-1, 0, 2]).tolist() == [0, 1, 1]


@given(SCORES, SCORES, st.integers(1, 8))
def test_histograms_hold_every_score(one: list[int], two: list[int], bins: int) -> None:
    histograms = build_histograms({"one": one, "two": two}, bins)
    assert [sum(h.counts) for h in histograms] == [len(one), len(two)]
    assert histograms[0].edges == histograms[1].edges
    assert len(histograms[0].counts) <= bins
    widths = np.diff(histograms[0].edges)
    assert np.all(widths == widths[0])
    assert widths[0] == int(widths[0])


def test_histogram_of_floats_includes_the_ends() -> None:
    (histogram,) = build_histograms({"a": [0.0, 0.5, 1.0]}, 2)
    assert histogram.counts == (1, 2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: build_roc([], [1]), r"signal scores: scores have the shape \(0,\)"),
        (lambda: build_roc([1.0], [np.nan]), "the score of event 0 is not finite"),
        (lambda: build_roc([1], [1.0]), "both integers or both floats"),
        (lambda: build_roc(["a"], [1]), "integers or floats"),
        (lambda: find_working_point(build_roc([1], [0]), 1.5), "working point.*1.5.*0 to 1"),
        (lambda: measure_efficiency(3, 2), "3 of 2 events is no share"),
        (lambda: measure_efficiency(0, 0), "0 of 0 events is no share"),
        (lambda: clopper_pearson(1, 2, 1.0), "coverage is 1.0"),
        (lambda: measure_accuracy([1, 2], [1]), "one label for each of the 2 events"),
    ],
    ids=["empty", "nan", "mixed", "text", "acceptance", "share", "none", "coverage", "labels"],
)
def test_refusals_say_what_is_allowed(call, words: str) -> None:
    with pytest.raises(ReportError, match=words):
        call()


# A trigger sees 2,760 bunches 11,250 times a second, so 31.05 MHz; one crossing in ten holds
# background. Of ten background events the scores are these:
BACKGROUND = [0, 0, 1, 1, 1, 2, 3, 3, 5, 8]
SIGNAL = [1, 3, 4, 5, 5, 6, 7, 8, 9, 9]


def test_a_rate_computed_by_hand() -> None:
    exposure = Exposure(crossing_rate_mhz=31.05, background_per_crossing=0.1)
    assert exposure.input_rate_khz == pytest.approx(3105)
    acceptance = exposure.acceptance(700)  # 0.225: two of ten pass, four would be too many
    roc = build_roc(SIGNAL, BACKGROUND)
    point, looser = find_working_point(roc, acceptance), find_next_looser(roc, acceptance)
    assert (point.threshold, point.background.passed, point.signal.passed) == (4, 2, 8)
    assert looser is not None
    assert (looser.threshold, looser.background.passed, looser.signal.passed) == (3, 4, 9)
    rate = exposure.rate(point.background)
    assert rate.khz == pytest.approx(621)
    reference = binomtest(2, 10).proportion_ci(0.95, "exact")
    assert (rate.low_khz, rate.high_khz) == pytest.approx(
        (3105 * reference.low, 3105 * reference.high)
    )


def test_nothing_is_looser_than_to_take_every_event() -> None:
    assert find_next_looser(build_roc(SIGNAL, BACKGROUND), 1) is None


@given(SCORES, SCORES, st.integers(0, 1000).map(lambda permille: permille / 1000))
def test_the_two_points_enclose_what_was_asked(
    signal: list[int], background: list[int], acceptance: float
) -> None:
    roc = build_roc(signal, background)
    point, looser = find_working_point(roc, acceptance), find_next_looser(roc, acceptance)
    assert point.background.value <= acceptance
    assert looser is None or looser.background.value > acceptance - 1e-12
    levels = sorted({*signal, *background}, reverse=True)
    below = 0 if point.threshold is None else levels.index(point.threshold) + 1
    assert looser is None or levels[below] == looser.threshold


@pytest.mark.parametrize("rate", [0, -1, 4000, float("nan")])
def test_a_rate_that_cannot_be_is_refused(rate: float) -> None:
    with pytest.raises(ReportError, match=r"the rate is .*Allowed: .*at most 3105 kHz"):
        Exposure(31.05, 0.1).acceptance(rate)
    with pytest.raises(ReportError, match="crossing_rate_mhz is nan"):
        Exposure(float("nan"))


def test_events_needed_for_a_precision() -> None:
    # at 1 % acceptance, 9,900 events pass 99 on average, with a deviation of 9.9
    assert events_needed(0.01, 0.1) == 9_900


def test_rejection_at_a_signal_efficiency() -> None:
    point = measure_rejection(build_roc(SIGNAL, BACKGROUND), 0.3)
    assert (point.threshold, point.signal.passed, point.background.passed) == (8, 3, 1)
    with pytest.raises(ReportError, match="the signal efficiency is 0"):
        measure_rejection(build_roc(SIGNAL, BACKGROUND), 0)


def test_confusion_counts_every_event_once() -> None:
    counts = count_confusion([0, 1, 1, 2, 0], [0, 1, 2, 2, 1], 3)
    assert counts.tolist() == [[1, 0, 0], [1, 1, 0], [0, 1, 1]]
    with pytest.raises(ReportError, match=r"true classes span 0\.\.3. Allowed: 0\.\.2"):
        count_confusion([0, 1], [0, 3], 3)
    with pytest.raises(ReportError, match="labels have the shape"):
        count_confusion([0, 1], [0], 3)


def test_turn_on_in_bins_of_a_variable() -> None:
    passed = [False, False, True, True, True, False]
    curve = measure_turn_on(passed, [1, 2, 2, 5, 6, 99], [0, 2, 4, 5, 6])
    assert [share and (share.passed, share.total) for share in curve] == [
        (0, 1),
        (1, 2),
        None,
        (2, 2),
    ]
    with pytest.raises(ReportError, match="the edges do not rise"):
        measure_turn_on(passed, [0] * 6, [1, 1])
    with pytest.raises(ReportError, match="one of each for every event"):
        measure_turn_on(passed, [0] * 5, [0, 1])


def test_bins_of_equal_shares() -> None:
    assert equal_shares(range(101), 4).tolist() == [0, 25, 50, 75, 100]
    assert equal_shares([3, 3, 3, 3], 4).tolist() == [3]


@given(st.integers(1, 500), st.data())
def test_a_change_lies_within_its_interval_and_mirrors(total: int, data: st.DataObject) -> None:
    gained = data.draw(st.integers(0, total))
    lost = data.draw(st.integers(0, total - gained))
    there, back = measure_change(gained, lost, total), measure_change(lost, gained, total)
    assert there.low < there.value < there.high or total == max(gained, lost)
    assert (there.value, there.low, there.high) == (-back.value, -back.high, -back.low)
    assert -1 <= there.low <= there.value <= there.high <= 1


def test_a_change_is_covered_as_often_as_it_says() -> None:
    generator = np.random.default_rng(3)
    gain, loss, total = 0.03, 0.08, 400
    drawn = generator.multinomial(total, [gain, loss, 1 - gain - loss], size=2000)
    kept = 0
    for gained, lost, _ in drawn.tolist():
        found = measure_change(gained, lost, total)
        kept += found.low <= gain - loss <= found.high
    assert kept / 2000 >= 0.95


def test_nothing_moved_does_not_prove_that_nothing_moves() -> None:
    found = measure_change(0, 0, 100)
    assert found.value == 0
    assert found.high == -found.low == clopper_pearson(0, 100, 0.975)[1]


@pytest.mark.parametrize("counts", [(-1, 0, 5), (3, 3, 5)])
def test_a_change_of_impossible_counts_is_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ReportError, match="together no more than the events"):
        measure_change(*counts)


def test_resampled_areas_are_those_of_events_drawn_one_by_one() -> None:
    generator = np.random.default_rng(11)
    signal, background = generator.integers(0, 9, 300), generator.integers(-3, 7, 200)
    areas = [
        build_roc(generator.choice(signal, 300), generator.choice(background, 200)).auc
        for _ in range(1000)
    ]
    found = bootstrap_auc(build_roc(signal, background), replicas=2000)
    assert found == pytest.approx(np.quantile(areas, (0.025, 0.975)), abs=0.005)


def test_the_two_intervals_of_an_area_agree_also_where_scores_are_grouped() -> None:
    generator = np.random.default_rng(12)
    roc = build_roc(generator.normal(1, 1, 6000), generator.normal(0, 1, 6000))
    assert len(roc.thresholds) > 10_000
    found = bootstrap_auc(roc)
    assert found == pytest.approx(roc.auc_interval(), abs=0.001)
    assert found == bootstrap_auc(roc)
    assert found[0] < roc.auc < found[1]


@pytest.mark.parametrize(("replicas", "coverage"), [(1, 0.95), (100, 1.0)])
def test_a_bootstrap_that_tells_nothing_is_refused(replicas: int, coverage: float) -> None:
    with pytest.raises(ReportError, match="two or more, 0 < coverage < 1"):
        bootstrap_auc(build_roc([1, 2], [0, 1]), coverage, replicas)
