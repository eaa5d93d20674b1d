"""Numbers as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger.budget import Check, Figure, Outcome, Source
from trigger.report.wording import (
    OUTCOME_WORDS,
    Origin,
    common_origin,
    word_check_band,
    word_figure,
    word_number,
    word_origin,
    word_percent,
    word_share,
    word_unit,
)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (
            Figure(1234.0, Source.ESTIMATE, 900, 1600, 0.8, 12),
            "1,234 (900–1,600, estimate, 80 %, 12 reports)",
        ),
        (Figure(1, Source.ESTIMATE, 0, 2, 0.8, 1), "1 (0–2, estimate, 80 %, 1 report)"),
        (Figure(0, Source.CSYNTH), "0 (C synthesis report)"),
        (
            Figure(0.93152, Source.MEASURED, 0.92671, 0.93608, 0.95),
            "0.9315 (0.9267–0.9361, measured on events, 95 %)",
        ),
        (Figure(0.001, Source.MEASURED, -0.002, 0.004), "0.0010 (-0.0020 to 0.0040, measured"),
        (None, "unknown"),
    ],
    ids=["band", "one-report", "zero-is-known", "decimals", "negative", "unknown"],
)
def test_figures_say_value_band_source_and_support(figure: Figure | None, words: str) -> None:
    assert plain(word_figure(figure)).startswith(words)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "unknown"),
        (0, "0"),
        (1e6, "1,000,000"),
        (-4.0, "-4"),
        (3.125, "3.125"),
        (293.75, "293.8"),
        (0.00012345, "0.0001234"),
        (1.5e-9, "1.500e-09"),
        (2**70, f"{2**70:,}"),
    ],
)
def test_numbers_get_the_digits_they_deserve(value: float | None, words: str) -> None:
    assert word_number(value) == words


@given(st.floats(-1e12, 1e12), st.floats(1e-9, 1e9), st.floats(1e-9, 1e9))
def test_rounding_moves_a_number_by_no_more_than_a_twentieth_of_its_band(
    value: float, below: float, above: float
) -> None:
    low, high = value - below, value + above
    if low == high:
        return
    text = word_number(value, low, high)
    moved = abs(float(text.replace(",", "")) - value)
    assert moved <= 0.0501 * (high - low)


def test_an_exact_band_is_not_shown() -> None:
    assert word_origin(Figure(3, Source.ESTIMATE, 3, 3)) == "estimate"


def test_what_all_figures_share_is_said_once() -> None:
    figures = [Figure(1, Source.ESTIMATE, 0, 2, 0.8, 3), None, Figure(5, Source.ESTIMATE)]
    said = common_origin(figures)
    assert said == Origin(Source.ESTIMATE, 0.8)
    assert plain(said.clause) == "; all numbers: estimate; bands hold 80 %"
    assert plain(word_origin(figures[0], said)) == "0–2, 3 reports"


def test_figures_of_several_sources_say_their_own() -> None:
    figures = [Figure(1, Source.ESTIMATE), Figure(5, Source.CSYNTH)]
    said = common_origin(figures)
    assert said == Origin()
    assert said.clause == ""
    assert [word_origin(figure, said) for figure in figures] == ["estimate", "C synthesis report"]


def test_fractions_are_per_cent() -> None:
    assert plain(word_unit(0.2134, "fraction")) == "21.3 %"
    assert plain(word_percent(0.0012)) == "0.12 %"
    check = Check("lut", 0.2, 0.5, "fraction", Outcome.PASS, Source.ESTIMATE, 0.161, 0.275)
    assert plain(word_check_band(check)) == "16–28 %"


def test_units_stay_with_their_numbers() -> None:
    assert word_unit(293.75, "ns") == "293.8 ns"
    assert word_unit(None, "ns") == "unknown"
    assert word_share(0, 0) == "none"


def test_every_outcome_has_a_sign_and_a_word() -> None:
    assert set(OUTCOME_WORDS) == set(Outcome)
    assert all(outcome.value in words for outcome, words in OUTCOME_WORDS.items())
