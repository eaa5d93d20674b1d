"""The page and the Markdown: what they say, and that everybody can read it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from trigger.report import Agreement, LayerAgreement, Mismatch, Report
from trigger.report.alternative_charts import alternatives_drawing
from trigger.report.cost_charts import latency_limit_cycles
from trigger.report.markdown import render_markdown
from trigger.report.page import TEMPLATES, render_html
from trigger.report.sections import build_sections, word_agreement
from trigger.report.studies import CellFault
from trigger.report.study_charts import fault_drawing, gain_drawing
from trigger.report.study_tables import map_table

from .example_studies import with_signals

VOID = {"meta", "link", "img", "br", "input", "hr"}


class Outline(HTMLParser):
    """Every element with its attributes, and the text of the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    return Outline(page)


def test_elements_are_closed_and_ids_unique(outline: Outline) -> None:
    assert outline.open == []
    ids = Counter(attributes["id"] for _, attributes in outline.elements if "id" in attributes)
    assert [name for name, count in ids.items() if count > 1] == []
    referred = {
        name
        for _, attributes in outline.elements
        for name in (attributes.get("aria-labelledby") or "").split()
    }
    assert referred <= set(ids)


def test_page_asks_nothing_of_the_network(page: str, outline: Outline) -> None:
    addresses = [
        address
        for _, attributes in outline.elements
        for name, address in attributes.items()
        if name in ("src", "href", "xlink:href", "action", "srcset") and address
    ]
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert "http" not in re.sub(r"http-equiv", "", page)
    assert "@import" not in page
    (policy,) = (
        meta["content"]
        for meta in outline.all("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_links_lead_somewhere(page: str, outline: Outline) -> None:
    ids = {attributes.get("id") for _, attributes in outline.elements}
    targets = [str(link["href"])[1:] for link in outline.all("a")]
    targets += re.findall(r"url\(#([^)]+)\)", page)
    targets += [str(use["href"])[1:] for use in outline.all("use")]
    assert targets
    assert set(targets) <= ids


def test_pictures_have_words(outline: Outline) -> None:
    assert all(image.get("alt") for image in outline.all("img"))
    assert len(outline.all("svg")) == 13
    for figure in outline.all("svg"):
        assert figure["role"] == "img"
        assert len(str(figure["aria-labelledby"]).split()) == 2


def test_tables_are_read_aloud_in_full(outline: Outline) -> None:
    tables, captions = outline.all("table"), outline.all("caption")
    assert len(tables) == len(captions) > 10
    assert all(head.get("scope") in ("row", "col") for head in outline.all("th"))
    assert all(region.get("tabindex") == "0" for region in outline.all("div") if "role" in region)


def test_headings_go_down_one_step_at_a_time(outline: Outline) -> None:
    levels = [int(tag[1]) for tag, _ in outline.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_sections_stand_in_order(report: Report, bare: Report) -> None:
    assert [section.name for section in build_sections(report)] == [
        "verdict",
        "notes",
        "agreement",
        "physics",
        "robustness",
        "layers",
        "alternatives",
        "calibration",
        "ranges",
        "images",
        "contract",
        "provenance",
    ]
    assert [section.name for section in build_sections(bare)] == [
        "verdict",
        "agreement",
        "provenance",
    ]


def test_names_are_text_and_not_markup(page: str, outline: Outline) -> None:
    assert "<background>" not in page
    assert "J/ψ → μ⁺μ⁻ <background>" in outline.text


def test_a_hostile_name_stays_text(report: Report) -> None:
    name = "</title><script>alert(1)</script>$x_1$"
    layers = (replace(report.layers[0], name=name), *report.layers[1:])
    cost = report.costs[0]
    rows = (replace(cost.layers[0], name=name), *cost.layers[1:])
    assert report.physics is not None
    engines = (replace(report.physics.engines[0], engine=name),)
    page = render_html(
        replace(
            report,
            design=name,
            layers=layers,
            costs=(replace(cost, layers=rows),),
            physics=replace(report.physics, signal=name, engines=engines),
            robustness=None,
            comparisons=(),
        )
    )
    assert len(Outline(page).all("script")) == 1


def test_unknown_is_a_word_and_never_a_number(report: Report) -> None:
    (total,) = (
        row
        for section in build_sections(report)
        for table in section.tables
        if table.name == "cost-1"
        for row in table.footer
    )
    assert total[-1].text == "unknown"
    (check,) = (line for line in render_markdown(report).splitlines() if "device.uram" in line[:20])
    assert check.count("unknown") == 5


def test_a_layer_of_the_vendor_alone_is_shown(outline: Outline) -> None:
    assert "clone_stream, not a layer of the network" in outline.text


def test_nothing_compared_is_not_bit_exact(bare: Report) -> None:
    page = Outline(render_html(bare)).text
    assert "? unknown" in page
    assert "no C simulation was run" in page
    assert "✓ bit-exact" not in page
    empty = replace(bare, agreement=Agreement("emulated", "C simulation", 0, 0, 0))
    assert "✓ bit-exact" not in Outline(render_html(empty)).text


def test_a_mismatch_is_named_at_the_top(bare: Report) -> None:
    first = Mismatch(7, "conv2", (1, 2, 3), -5, -6, "ap_fixed<8,3>")
    agreement = Agreement(
        "emulated",
        "C simulation",
        10,
        100,
        2,
        (LayerAgreement("conv2", 10, 100, 2, first),),
        first,
    )
    assert word_agreement(agreement) == (
        "2 mismatches between emulated and C simulation among 100 numbers of 10 events; "
        "the first at event 7, conv2[1, 2, 3]: -5 against -6 (raw, ap_fixed<8,3>)."
    )
    assert "✗ 2 mismatches" in Outline(render_html(replace(bare, agreement=agreement))).text


def test_markdown_tables_are_rectangular(report: Report) -> None:
    blocks = re.findall(r"(?:^\|.*\n)+", render_markdown(report), flags=re.MULTILINE)
    assert len(blocks) > 8
    for block in blocks:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block


def test_latency_limit_is_the_tightest_in_cycles(report: Report) -> None:
    assert latency_limit_cycles(report.verdict.checks, 3.125) == 128
    assert latency_limit_cycles((), 3.125) is None


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    dark, light = sorted((luminance(one), luminance(two)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1, 2], ids=["light", "dark", "print"])
def test_colours_can_be_told_from_their_ground(theme: int) -> None:
    block = re.findall(r":root \{(.*?)\}", (TEMPLATES / "page.css").read_text(), re.DOTALL)[theme]
    colour = dict(re.findall(r"--([\w-]+): (#\w{6})", block))
    for text in ("ink", "muted", "accent"):
        assert contrast(colour[text], colour["paper"]) >= 4.5
        assert contrast(colour[text], colour["panel"]) >= 4.5
    for answer in ("pass", "fail", "unknown"):
        assert contrast(colour[answer], colour[f"{answer}-paper"]) >= 4.5
        assert contrast(colour["muted"], colour[f"{answer}-paper"]) >= 4.5
    for series in range(1, 5):
        assert contrast(colour[f"series-{series}"], colour["paper"]) >= 3


def test_a_changed_input_is_told_in_points_and_by_place(report: Report) -> None:
    words = render_markdown(report)
    (dead,) = (line for line in words.splitlines() if line.startswith("| dead, row 1, column 0"))
    assert "| -1.2 (" in dead
    assert "Test events reach 29 of 30 positions" in words
    assert "the whole input: 500 events of e⁺e⁻ and 500 events of μ⁺μ⁻." in words
    assert "No map of noisy cells: it would take too long." in words


@pytest.mark.parametrize(
    ("shape", "place"),
    [
        ((2, 3, 2), "row 1, column 2, channel 1"),
        ((4, 3), "candidate 3, feature 2"),
        ((12,), "position 11"),
        ((1, 2, 2, 3), "position 0, 1, 1, 2"),
    ],
    ids=["channels", "candidates", "vector", "four axes"],
)
def test_maps_of_any_shape_are_drawn_and_named(
    report: Report, shape: tuple[int, ...], place: str
) -> None:
    assert report.robustness is not None
    moved = (None, *range(-5, 6))
    fault = CellFault("dead", "reads 0", 50, 50, moved, moved)
    found = replace(report.robustness, shape=shape, cells=11, faults=(fault,))
    assert "-10 to +10 points" in fault_drawing(found, fault).description
    assert place in {row[0].text for row in map_table(found, fault).rows}


def test_every_signal_stands_by_its_name_in_tables_and_drawings(report: Report) -> None:
    assert report.robustness is not None
    found = with_signals(report.robustness, "suep", "zprime")
    words = render_markdown(replace(report, robustness=found))
    assert "500 events of e⁺e⁻, 500 events of suep, 500 events of zprime and 500 events" in words
    header = "| Efficiency, suep | Its change (points) | Efficiency, zprime | Its change (points) |"
    assert words.count(header) == 3
    (dead,) = (line for line in words.splitlines() if line.startswith("| dead, row 1, column 0"))
    assert [f"| {points} (" in dead for points in ("-1.2", "-0.6", "-0.4")] == 3 * [True]
    table = map_table(found, found.faults[0])
    assert [column.title for column in table.columns[1:]] == ["e⁺e⁻", "suep", "zprime", "μ⁺μ⁻"]
    assert "(1,800 events)" in words  # 500 of the first, 400 of each other, 500 of background
    drawings = fault_drawing(found, found.faults[0]), gain_drawing(found)
    for drawing in drawings:
        assert re.findall(r">((?:efficiency|acceptance), .*?)</text>", drawing.svg) == [
            *("efficiency, e⁺e⁻", "efficiency, suep", "efficiency, zprime", "acceptance, μ⁺μ⁻")
        ]
    assert (
        "efficiency, zprime -0.5 to +0 points" in fault_drawing(found, found.faults[0]).description
    )


def test_a_place_without_a_cell_is_not_in_the_numbers_behind_a_map(report: Report) -> None:
    (table,) = (
        place.table
        for section in build_sections(report)
        for place in section.figures
        if place.table.name == "map-dead-table"
    )
    assert len(table.rows) == 29
    assert "row 0, column 0" not in {row[0].text for row in table.rows}


def test_the_verdict_tells_what_changed_since_the_version_before(report: Report) -> None:
    (section,) = (each for each in build_sections(report) if each.name == "verdict")
    (table,) = section.tables
    assert "2026-10-02" in table.caption
    changes = {row[0].text: row[-1] for row in table.rows}
    assert (changes["latency_ns"].text, changes["latency_ns"].sort) == ("-6.25 ns", -6.25)
    assert changes["interval_cycles"].text == "+4 cycles"
    assert changes["interval_cycles"].detail == "✓ pass before; was C synthesis report"
    assert changes["interval_cycles"].mark == "fail"
    assert changes["per_slr.lut"].text == "none"
    assert changes["per_slr.dsp"].text == "new"
    assert changes["device.uram"].text == "unknown"
    assert section.words == ("No longer limited: per_slr.ff.",)
    alone = build_sections(replace(report, previous=None))[0]
    assert [column.title for column in alone.tables[0].columns][-1] == "Source"
    assert "no earlier version" in alone.words[0]


def test_alternatives_are_drawn_and_told_with_the_claims(report: Report) -> None:
    found = report.alternatives
    assert found is not None
    drawing = alternatives_drawing(found)
    words = drawing.description.replace("\u00a0", " ")
    assert "On the front: this design: 0.9162 at 61,000 LUT; this design, solved" in words
    assert "trial 3" not in words
    assert "the limits, 216,000 LUT and 400 ns" in words
    shown = {row.kind.value for row in found.rows}
    assert all(f">{name}<" in drawing.svg for name in shown)
    assert "limit of LUTs 216k" in drawing.svg

    text = render_markdown(report).replace("\u00a0", " ")
    assert "validation events, which chose them" in text
    lines = {line.split("|")[1].strip(): line for line in text.splitlines() if "|" in line}
    claims = {line.split("|")[2].strip(): line for line in text.splitlines() if "not asked" in line}
    assert "| not asked | 12.20 ✓ pass (301 against 310 ns) | not asked |" in claims["auto"]
    assert "| +0.0004 | 1.5 | 1.44 ✗ fail (294 against 294 ns) | not asked |" in claims["8 bits"]
    assert (
        "| unknown | 1.5 | not asked | unknown (none) |"
        in claims["the best width for all, trained"]
    )
    assert "| unknown |" in lines["hls4ml auto (converted without training)"]


def test_decisions_that_differ_are_counted_and_listed(report: Report) -> None:
    words = render_markdown(report).replace("\u00a0", " ")
    assert (
        "Test events decided otherwise: 2 of 10 between emulated and float (20 %); 0 of 10" in words
    )
    (row,) = (
        line for line in words.splitlines() if line.startswith("| float and emulated, event 3")
    )
    assert row == "| float and emulated, event 3 | μ⁺μ⁻ | float | 0.3 | 0.2 | 0.1 | 0.5 |"


def test_ranges_say_what_is_proven_and_what_was_seen(report: Report) -> None:
    words = render_markdown(report)
    assert "1 of 3 formats cannot overflow" in words
    assert "Numbers can wrap in conv1." in words
    rows = [
        line for line in words.splitlines() if line.startswith(("| conv1 (acc", "| conv1 (res"))
    ]
    assert "| cannot overflow | not observed | 0 (proven) |" in rows[0]
    assert "| -2 | can wrap | -300 to 280 | 4 |" in rows[1]
    (relu,) = (
        line for line in words.splitlines() if line.startswith("| relu1 (result) | `ap_ufixed<6")
    )
    assert relu.endswith("| can saturate | unknown | unknown |")


def test_widths_are_maps_with_words(page: str, outline: Outline) -> None:
    words = [str(image["alt"]) for image in outline.all("img")]
    assert "conv1, bits of its kernel: 2 × 3 places, 4 not always 0, at most 3 of 3 bits." in words
    assert sum("relu1, " in each for each in words) == 2
    assert not any("dense1, bits" in each for each in words)  # too large for a map
    assert '<td class="number" data-sort="20000"' in page


def test_the_calibration_tells_reports_from_their_absence(report: Report) -> None:
    words = render_markdown(report)
    assert (
        "| conv io\\_parallel Latency (the whole design) | exact (5 reports, 1 repository) | "
        "-20 to +50 % (5 reports, 1 repository) |" in words
    )
    assert "| relu\\_parallel (relu1, relu2) | no report | no report |" in words


def test_resources_are_measured_against_one_slr(outline: Outline) -> None:
    assert "LUT: 92.8k (21.5 % of SLR)" in outline.text.replace("\u00a0", " ")
    assert "DSP: 593 (19.3 % of SLR)" in outline.text.replace("\u00a0", " ")
    assert "A dashed line marks one of the 4 SLRs of xcvu13p." in outline.text
