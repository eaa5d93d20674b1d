"""JUnit XML: what continuous integration reads, a test case for each answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from xml.etree import ElementTree

from trigger.budget import Outcome, Verdict
from trigger.files import write_text


class Answer(Enum):
    """What came of a test case."""

    PASS = "pass"
    FAIL = "fail"
    SKIP = "skipped"


@dataclass(frozen=True, slots=True)
class Case:
    """One test case."""

    group: str
    """What was tested: an engine, a design."""
    name: str
    outcome: Answer
    text: str = ""
    """What was found; of a failure, what is to be read first."""


def verdict_cases(design: str, verdict: Verdict) -> tuple[Case, ...]:
    """Return a case for each limit of a budget; what is not known does not pass."""
    return tuple(
        Case(
            design,
            check.name,
            Answer.PASS if check.outcome is Outcome.PASS else Answer.FAIL,
            f"{check.outcome.value}: value {check.value}, limit {check.limit} {check.unit}, "
            f"source {check.source.value if check.source else 'unknown'}. {check.note}".strip(),
        )
        for check in verdict.checks
    )


def write_junit(path: Path, suite: str, cases: Sequence[Case]) -> None:
    """Write test cases, whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    counts = {answer: sum(case.outcome is answer for case in cases) for answer in Answer}
    root = ElementTree.Element("testsuites")
    element = ElementTree.SubElement(
        root,
        "testsuite",
        name=suite,
        tests=str(len(cases)),
        failures=str(counts[Answer.FAIL]),
        errors="0",
        skipped=str(counts[Answer.SKIP]),
    )
    for case in cases:
        node = ElementTree.SubElement(element, "testcase", classname=case.group, name=case.name)
        if case.outcome is Answer.FAIL:
            failure = ElementTree.SubElement(node, "failure", message=case.text.splitlines()[0])
            failure.text = case.text
        elif case.outcome is Answer.SKIP:
            ElementTree.SubElement(node, "skipped", message=case.text)
        elif case.text:
            ElementTree.SubElement(node, "system-out").text = case.text
    ElementTree.indent(root)
    write_text(path, ElementTree.tostring(root, "unicode", xml_declaration=True) + "\n")
