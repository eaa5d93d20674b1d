"""A made-up report with everything in it: passes, failures, unknowns, bands and awkward names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trigger.budget import Check, Cost, Figure, LayerCost, Outcome, Source, Verdict
from trigger.rates import (
    Efficiency,
    build_histograms,
    build_roc,
    find_working_point,
    measure_efficiency,
    outline,
)
from trigger.report import (
    Agreement,
    ClassImages,
    Curve,
    Digest,
    EnginePhysics,
    Entry,
    Image,
    LayerAgreement,
    LayerRow,
    Mismatch,
    Note,
    Physics,
    Provenance,
    Report,
    ScoreHistogram,
    Severity,
    Step,
    ToolVersion,
    TurnOn,
)

from . import example_studies
from .example_alternatives import build_alternatives

KINDS = {
    "pixels": "QActivation",
    "conv1": "QConv2D",
    "relu1": "QActivation",
    "pool1": "MaxPooling2D",
    "conv2": "QConv2D",
    "relu2": "QActivation",
    "pool2": "MaxPooling2D",
    "dense1": "QDense",
    "relu3": "QActivation",
    "score": "QDense",
}
SHAPES = {
    "pixels": (32, 32, 1),
    "conv1": (30, 30, 6),
    "relu1": (30, 30, 6),
    "pool1": (15, 15, 6),
    "conv2": (13, 13, 8),
    "relu2": (13, 13, 8),
    "pool2": (6, 6, 8),
    "dense1": (16,),
    "relu3": (16,),
    "score": (1,),
}
WEIGHTS = {
    "conv1": (60, 24, 48_600),
    "conv2": (440, 231, 73_008),
    "dense1": (4_624, 2_890, 4_608),
    "score": (17, 3, 16),
}
EVENTS = 10_000


def build_example() -> Report:
    """Return a full report; the same at every call."""
    generator = np.random.default_rng(7)
    return Report(
        design="jpsi_dilepton",
        verdict=build_verdict(),
        agreement=build_agreement(),
        costs=(build_estimate(), build_vendor_cost()),
        provenance=Provenance(
            command="trigger run models/jpsi_dilepton.yaml --output hls_projects/jpsi_dilepton",
            date="2026-11-21T22:40:00+00:00",
            seed=20261121,
            digests=tuple(
                Digest(name, f"{generator.integers(0, 2**62):016x}" * 4)
                for name in ("design", "data", "weights", "project")
            ),
            tools=(
                ToolVersion("trigger", "0.1.0"),
                ToolVersion("Python", "3.11.9"),
                ToolVersion("hls4ml", "1.3.0"),
                ToolVersion("QKeras", "0.9.0"),
                ToolVersion("g++", "12.2.0"),
                ToolVersion("vitis_hls", None),
            ),
        ),
        further_agreements=(build_qkeras_agreement(),),
        physics=build_physics(generator),
        layers=build_layers(),
        input_contract=(
            Entry("encoding", "per_hit"),
            Entry("shape", "32 × 32 × 1"),
            Entry("format", "ap_ufixed<8,0>"),
            Entry("raw range", "0 to 255"),
            Entry("normalisation", "drift time / 512 ns, clipped"),
            Entry("pixel order", "row (layer), column (wire), channel; little-endian words"),
        ),
        classes=(
            build_class("J/ψ → e⁺e⁻", generator, 3),
            build_class("J/ψ → μ⁺μ⁻ <background>", generator, 1),
        ),
        steps=tuple(
            Step(name, seconds)
            for name, seconds in (
                ("events", 12.4),
                ("images", 3.1),
                ("train", 201.7),
                ("convert", 9.6),
                ("csim", 48.2),
                ("emulate", 6.3),
                ("synthesise", None),
                ("report", 1.9),
            )
        ),
        notes=(
            Note(
                Severity.WARNING,
                "synthesis",
                "No vendor tool was found on this machine, so latency and resources are estimates; "
                "put vitis_hls on PATH and run the step synthesise again.",
            ),
            Note(Severity.INFO, "conversion", "pool2 | average: hls4ml divides in its own format."),
        ),
        robustness=example_studies.build_robustness(),
        comparisons=example_studies.build_comparisons(),
        ranges=example_studies.build_ranges(),
        widths=example_studies.build_widths(),
        calibration=example_studies.build_calibration(),
        device=example_studies.build_device(),
        previous=example_studies.build_previous(),
        alternatives=build_alternatives(),
    )


def build_verdict() -> Verdict:
    estimate = Source.ESTIMATE
    return Verdict(
        (
            Check(
                "latency_ns",
                293.75,
                400.0,
                "ns",
                Outcome.PASS,
                estimate,
                256.25,
                337.5,
                "94 cycles of 3.125 ns",
            ),
            Check(
                "interval_cycles",
                12.0,
                8.0,
                "cycles",
                Outcome.FAIL,
                estimate,
                note="one crossing; to keep it, raise ParallelizationFactor of conv1",
            ),
            Check("per_slr.lut", 0.2134, 0.5, "fraction", Outcome.PASS, estimate, 0.161, 0.275),
            Check("per_slr.dsp", 0.0482, 0.5, "fraction", Outcome.PASS, estimate, 0.031, 0.066),
            Check("device.uram", None, 0.3, "fraction", Outcome.UNKNOWN, None, note="no law"),
            Check("auc_loss", 0.0017, 0.005, "AUC", Outcome.PASS, Source.MEASURED, -0.0004, 0.0038),
        )
    )


def build_agreement() -> Agreement:
    rows = tuple(LayerAgreement(name, EVENTS, EVENTS * size(name), 0) for name in KINDS)
    return Agreement(
        "emulated",
        "C simulation",
        EVENTS,
        sum(row.elements for row in rows),
        0,
        rows,
        note="every layer and the score, from the golden vectors",
    )


def build_qkeras_agreement() -> Agreement:
    first = Mismatch(412, "pool2", (3, 0, 5), 17, 17.5, "ap_ufixed<6,1,AP_RND_CONV,AP_SAT>")
    note = "hls4ml truncates the quotient, QKeras keeps it"
    rows = tuple(
        LayerAgreement(name, EVENTS, EVENTS * size(name), 1_204, first, note)
        if name == "pool2"
        else LayerAgreement(name, EVENTS, EVENTS * size(name), 0)
        for name in KINDS
    )
    total = sum(row.elements for row in rows)
    note = "exact but for pool2"
    return Agreement("emulated", "QKeras", EVENTS, total, 1_204, rows, first, False, note)


def size(name: str) -> int:
    return int(np.prod(SHAPES[name]))


def build_layers() -> tuple[LayerRow, ...]:
    rows = []
    for name, kind in KINDS.items():
        weights, zeros, multiplications = WEIGHTS.get(name, (0, 0, 0))
        weighted = name in WEIGHTS
        rows.append(
            LayerRow(
                name,
                kind,
                SHAPES[name],
                "ap_ufixed<8,0>" if name in ("pixels", "conv1") else "ap_ufixed<6,2>",
                "ap_fixed<6,1>" if weighted else None,
                "ap_fixed<19,7>" if weighted else None,
                "ap_fixed<19,7>" if weighted else "ap_ufixed<6,2,AP_RND_CONV,AP_SAT>",
                weights,
                zeros,
                multiplications,
            )
        )
    return tuple(rows)


def estimate(value: float, spread: float = 0.25, reports: int = 12) -> Figure:
    low, high = round(value * (1 - spread)), round(value * (1 + spread))
    return Figure(value, Source.ESTIMATE, low, high, 0.8, reports, "law of io_parallel layers")


def build_estimate() -> Cost:
    latencies = (1, 14, 1, 4, 31, 1, 4, 17, 1, 6)
    resources = {
        "pixels": (0, 1_024, 8_192),
        "conv1": (96, 28_440, 21_310),
        "relu1": (0, 5_400, 0),
        "pool1": (0, 3_375, 1_350),
        "conv2": (228, 33_120, 24_890),
        "relu2": (0, 1_352, 0),
        "pool2": (0, 720, 288),
        "dense1": (266, 18_990, 9_412),
        "relu3": (0, 112, 96),
        "score": (3, 244, 61),
    }
    layers = tuple(
        LayerCost(
            name,
            KINDS[name],
            latency_cycles=estimate(latency, 0.15),
            interval_cycles=Figure(12.0 if name == "conv1" else 1.0, Source.ESTIMATE),
            dsp=estimate(resources[name][0]),
            lut=estimate(resources[name][1], reports=1 if name == "pixels" else 12),
            ff=estimate(resources[name][2], 0.4),
            bram_18k=None if name in ("pool1", "pool2") else Figure(0.0, Source.ESTIMATE),
        )
        for name, latency in zip(KINDS, latencies, strict=True)
    )
    total = LayerCost(
        "total",
        "Network",
        latency_cycles=estimate(94, 0.15),
        interval_cycles=Figure(12.0, Source.ESTIMATE),
        dsp=estimate(593),
        lut=estimate(92_777),
        ff=estimate(65_599, 0.4),
        bram_18k=None,
    )
    part = "xcvu13p-flga2577-2-e"
    return Cost(
        Source.ESTIMATE, total, layers, part, 3.125, "Vitis HLS 2023.2", "estimate/vitis.json"
    )


def build_vendor_cost() -> Cost:
    def read(value: float) -> Figure:
        return Figure(value, Source.CSYNTH, note="myproject_csynth.xml")

    layers = (
        LayerCost("conv1", "conv_2d_cl", latency_cycles=read(15), dsp=read(90), lut=read(31_007)),
        LayerCost("conv2", "conv_2d_cl", latency_cycles=read(29), dsp=read(240), lut=read(30_511)),
        LayerCost("clone_relu1", "clone_stream", lut=read(38)),
    )
    total = LayerCost(
        "total", "Network", latency_cycles=read(98), interval_cycles=read(12), dsp=read(601)
    )
    return Cost(
        Source.CSYNTH, total, layers, "xcvu13p-flga2577-2-e", 3.125, "", "myproject_csynth.xml"
    )


def build_physics(generator: np.random.Generator) -> Physics:
    signal = generator.normal(2.1, 1, 5_000)
    background = generator.normal(0, 1, 5_000)
    versions = {
        "float": (signal, background),
        "QKeras": (np.round(signal, 1) - 0.03, np.round(background, 1)),
        "emulated": tuple(np.round(8 * scores).astype(np.int64) for scores in (signal, background)),
    }
    engines, histograms = [], []
    for name, (signal_scores, background_scores) in versions.items():
        roc = build_roc(signal_scores, background_scores)
        point = find_working_point(roc, 0.01)
        low, high = roc.auc_interval()
        curve = outline(roc, 300)
        engines.append(
            EnginePhysics(
                name,
                Figure(roc.auc, Source.MEASURED, low, high, 0.95),
                measured(measure_efficiency(8_500 - len(engines), 10_000)),
                measured(point.signal),
                measured(point.background),
                point.threshold,
                Curve(
                    tuple(curve.signal_efficiency.tolist()),
                    tuple(curve.background_acceptance.tolist()),
                ),
                rate_khz=scaled(point.background, 31_050),
                next_threshold=point.threshold,
                next_acceptance=measured(point.background),
                next_rate_khz=scaled(point.background, 31_050),
                auc_bootstrap=Figure(roc.auc, Source.MEASURED, low - 0.001, high, 0.95),
                rejection=Figure(900, Source.MEASURED, 700, 1_200, 0.95),
                confusion=((4_400, 600), (500, 4_500)),
            )
        )
        scores = {"e⁺e⁻": signal_scores, "μ⁺μ⁻": background_scores}
        histograms += [
            ScoreHistogram(name, histogram.name, histogram.edges, histogram.counts)
            for histogram in build_histograms(scores, 40)
        ]
    steps = [measured(measure_efficiency(passed, 500)) for passed in (3, 40, 260, 470)]
    return Physics(
        "e⁺e⁻",
        "μ⁺μ⁻",
        5_000,
        5_000,
        0.01,
        tuple(engines),
        tuple(histograms),
        classes=("μ⁺μ⁻", "e⁺e⁻"),
        input_rate_khz=31_050,
        asked_rate_khz=310.5,
        rejection_efficiency=0.3,
        turn_ons=(
            TurnOn("emulated", "e⁺e⁻", "pixel sum (raw)", (0, 10, 20, 30, 60), (*steps[:3], None)),
            TurnOn("float", "e⁺e⁻", "pixel sum (raw)", (0, 10, 20, 30, 60), tuple(steps)),
        ),
    )


def scaled(efficiency: Efficiency, full: float) -> Figure:
    figure = measured(efficiency)
    return replace(
        figure, value=full * figure.value, low=full * figure.low, high=full * figure.high
    )


def measured(efficiency: Efficiency) -> Figure:
    return Figure(
        efficiency.value, Source.MEASURED, efficiency.low, efficiency.high, efficiency.coverage
    )


def build_class(name: str, generator: np.random.Generator, showers: int) -> ClassImages:
    images = [build_tracks(generator, showers) for _ in range(40)]
    mean = np.round(np.mean(images, axis=0), 3)
    return ClassImages(
        name,
        len(images),
        Image((32, 32, 1), tuple(mean.ravel().tolist())),
        tuple(
            Image((32, 32, 1), tuple(image.ravel().tolist()), f"Event {index}")
            for index, image in enumerate(images[:5])
        ),
    )


def build_tracks(generator: np.random.Generator, width: int) -> np.ndarray:
    """Return two tracks across the layers, of ``width`` wires each; raw pixels 0 to 255."""
    image = np.zeros((32, 32), dtype=np.int64)
    ends = generator.integers(2, 30, (2, 2))
    for start, stop in ends:
        wires = np.linspace(start, stop, 32).round().astype(int)
        for row, wire in enumerate(wires):
            for offset in range(width):
                image[row, min(wire + offset, 31)] = generator.integers(40, 256)
    return image
