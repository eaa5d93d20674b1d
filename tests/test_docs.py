"""What the README says is held against the code."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import typer

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def commands() -> set[str]:
    from trigger.cli.app import app

    root = typer.main.get_command(app)
    names = set()
    for name, command in root.commands.items():
        inner = getattr(command, "commands", None)
        names |= {f"{name} {each}" for each in inner} if inner else {name}
    return names


def test_the_table_of_commands_is_the_command_line():
    told = {
        " ".join(word for word in text.split() if word.islower() and word.isalpha())
        for text in re.findall(r"`trigger ([a-z][^`]*)`", README.split("## Use")[1].split("##")[0])
    }
    assert told == commands()


def test_the_map_of_rooms_is_the_package():
    told = set(
        re.findall(r"`([a-z_]+(?:/|\.py))`", README.split("## The rooms")[1].split("Beside")[0])
    )
    told.discard("steps.py")
    package = ROOT / "trigger"
    there = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in package.iterdir()
        if path.name not in ("__init__.py", "__pycache__", "data", "py.typed")
        and (path.suffix == ".py" or (path / "__init__.py").is_file())
    }
    assert told == there


def test_the_floors_of_the_readme_are_those_that_are_checked():
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    floors = contract["contracts"][0]["layers"]
    for height, floor in enumerate(reversed(floors), start=1):
        for room in floor.split(" | "):
            row = re.search(rf"^\| (\d) \|[^|]*`{room}(?:/|\.py)`", README, re.MULTILINE)
            assert row is not None, room
            assert int(row[1]) == height, room


def test_the_table_of_events_is_that_of_sources_and_encoders():
    from trigger.events import SOURCES
    from trigger.images import ENCODERS

    rows = README.split("## Kinds of events")[1].split("\n\n")[1].splitlines()[2:]
    told = {}
    for row in rows:
        _, source, _, _, encodings, _ = row.split("|")
        told[source.strip(" `")] = set(re.findall(r"`(\w+)`", encodings))
    assert told == {
        kind.value: {
            encoding.value
            for encoding, encoder in ENCODERS.items()
            if encoder.batch is source.batch
        }
        for kind, source in SOURCES.items()
    }


@pytest.mark.parametrize("target", ["demo", "figures", "test", "bench", "lint"])
def test_make_knows_the_targets_that_are_named(target):
    subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True, text=True
    )


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).exists(), target


@pytest.mark.slow
def test_help_is_quick_and_light():
    """``trigger --help`` in under half a second of a processor, without TensorFlow."""
    code = (
        "import sys, time; begun = time.process_time(); sys.argv = ['trigger', '--help']\n"
        "from trigger.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'tensorflow', 'hls4ml', 'matplotlib', 'scipy', 'numba', 'numpy'}\n"
        "heavy &= set(sys.modules)\n"
        "print(time.process_time() - begun, sorted(heavy))\n"
    )
    import sys

    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    seconds, heavy = told.stdout.splitlines()[-1].split(maxsplit=1)
    assert heavy == "[]"
    assert float(seconds) < 2  # 0.1 s on an idle machine; a busy one must not fail the test
