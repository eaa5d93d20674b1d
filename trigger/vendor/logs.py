"""What the vendor's tools say while they work, and why they fail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

TAIL_LINES = 8
"""Lines of a log that an error shows where nothing explains it."""

PHASES: tuple[tuple[re.Pattern[str], str], ...] = (
    # Vivado HLS: "Finished Linking Time (s): cpu = 1"; Vitis HLS: "Finished Linking: CPU user 1"
    (re.compile(r"\[HLS 200-111\] Finished (.+?)(?: Time \(s\)|:)"), "finished {}"),
    (re.compile(r"-- Implementing module '([^']+)'"), "module {}"),
    (re.compile(r"\[HLS 200-789\] \*+ (Estimated Fmax: .+)"), "{}"),
    (re.compile(r"\*{5} (.+ COMPLETED IN .+?) \*{5}"), "{}"),
    (re.compile(r"\[COSIM 212-\d+\] (?:\*+ )?(.+?)(?: \*+)?$"), "{}"),
    (re.compile(r"^Finished (.+?) : Time \(s\)"), "finished {}"),
    (re.compile(r"^(synth_design|opt_design) completed successfully"), "finished {}"),
)
"""Lines that tell how far a tool is, and how that is said."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a tool failed: a line that says so, what it means, and what to do."""

    pattern: re.Pattern[str]
    cause: str
    remedy: str


def _explain(pattern: str, cause: str, remedy: str) -> Explanation:
    return Explanation(re.compile(pattern, re.IGNORECASE), cause, remedy)


EXPLANATIONS: tuple[Explanation, ...] = (
    _explain(
        r"ERROR.*licen[cs]e|licen[cs]e.*(not found|expired|checkout failed|could not)|"
        r"\[Common 17-345\]|FLEXnet.*error",
        "no licence was found for the tool or the part",
        "set XILINXD_LICENSE_FILE, or choose a part that the free edition covers",
    ),
    _explain(
        r"\[HLS 200-1023\]|\[Coretcl 2-106\]|part .*(not installed|could not be found|not found)|"
        r"No parts matched|invalid part",
        "the part is not installed",
        "add its device family with the vendor's installer, or choose another part",
    ),
    _explain(
        r"bad_alloc|out of memory|cannot allocate memory|(^|\W)Killed(\W|$)",
        "memory ran out",
        "take a machine with more memory, or make the design smaller: `trigger estimate` names the"
        " layers that are too large",
    ),
    _explain(
        r"XFORM 203-504|Stop unrolling loop",
        "a loop is too large to be unrolled",
        "use Strategy: Resource with a larger ReuseFactor for this layer, or IOType: io_stream;"
        " `trigger estimate` names the cheapest change",
    ),
    _explain(
        r"XFORM 203-103|partitioned elements number .* ex\w+ed the threshold",
        "an array is too large to be kept in registers",
        "use Strategy: Resource with a larger ReuseFactor for this layer, or IOType: io_stream;"
        " `trigger estimate` names the cheapest change",
    ),
    _explain(
        r"co-simulation finished: FAIL|\[COSIM 212-4\]|Status.*\|\s*Fail\s*\|",
        "the RTL does not do what the C++ does, or the test bench failed",
        "read the log; compare the C++ with `trigger csim FOLDER` first",
    ),
    _explain(
        r"timing constraints are not met|\[Timing 38-282\]",
        "the clock is not met",
        "ask for a longer ClockPeriod, or share multipliers with a larger ReuseFactor",
    ),
    _explain(r"No space left on device", "the disk is full", "make room and go on"),
)
"""Tried in this order on the lines of a log."""

KILLED = 9
_SHELLS_WORD_FOR_KILLED = 128 + KILLED


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a step failed."""

    problem: str
    line: int | None
    """Of the log."""
    remedy: str


def phase_of(line: str) -> str | None:
    """Return what a line of a log tells of the progress, if it does."""
    for pattern, words in PHASES:
        match = pattern.search(line)
        if match:
            return words.format(match[1].strip())
    return None


def explain(lines: Sequence[str], code: int) -> Failure:
    """Return why a tool ended with an exit code, from the lines of its log.

    The first explanation that fits any line counts; without one, the errors and the tail of the
    log are quoted.
    """
    for explanation in EXPLANATIONS:
        for number, line in enumerate(lines, 1):
            if explanation.pattern.search(line):
                problem = f"{explanation.cause}: {line.strip()}"
                return Failure(problem, number, explanation.remedy)
    if code in (-KILLED, _SHELLS_WORD_FOR_KILLED):
        return Failure(
            "it was killed, most likely because memory ran out",
            None,
            "take a machine with more memory, or make the design smaller",
        )
    errors = [line for line in lines if re.match(r"\s*(ERROR|CRITICAL WARNING|Abnormal)", line)]
    shown = errors[:TAIL_LINES] or [line for line in lines if line.strip()][-TAIL_LINES:]
    told = "\n".join(shown) if shown else "the log is empty"
    return Failure(f"it ended with exit code {code}:\n{told}", None, "read the log")
