"""A firmware project with vendor reports of its own, and stand-ins for the vendor's tools."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.project.firmware_text import DATA as FIRMWARE
from tests.vendor.folder import VITIS_COSIM, VITIS_CSYNTH, VIVADO_SYNTH

PART = "xcvu13p-flga2577-2-e"
SYN = "tiny_prj/solution1/syn/report"
SIM = "tiny_prj/solution1/sim/report"

Change = tuple[str, str]


def put(project: Path, name: str, source: Path, *changes: Change) -> Path:
    """Write a report of ``tiny`` into a project, with some of its text changed."""
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = source.read_text().replace("myproject", "tiny")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return path


def put_reports(project: Path) -> None:
    put(project, f"{SYN}/tiny_csynth.rpt", VITIS_CSYNTH)
    put(project, f"{SIM}/tiny_cosim.rpt", VITIS_COSIM)
    put(project, "vivado_synth.rpt", VIVADO_SYNTH, ("7z020clg400-1", PART))


def build_folder(home: Path) -> Path:
    """Return a design's folder with firmware in ``project/``, without reports."""
    folder = home / "projects" / "tiny"
    shutil.copytree(FIRMWARE / "tiny_parallel", folder / "project")
    config = folder / "project" / "hls4ml_config.yml"
    lines = [
        line
        for line in config.read_text().splitlines()
        if not line.startswith(("Part", "ClockPeriod"))
    ]
    config.write_text("\n".join([*lines, f"Part: {PART}", "ClockPeriod: 5"]) + "\n")
    return folder


OLD_BUILD = "# the options are an argument\nforeach arg $::argv {}\n"
NEW_BUILD = "source [file join $tcldir build_opt.tcl]\n"

STAND_IN = '''#!{python}
"""Does what a vendor tool does, as far as a caller sees: options, log, reports, exit code."""
import os, re, shutil, subprocess, sys
from pathlib import Path

sys.stdout.reconfigure(line_buffering=True)
name, words = Path(sys.argv[0]).name, sys.argv[1:]
reports, calls = Path({reports!r}), Path({calls!r})
mode = os.environ.get("STAND_IN", "")
script = words[words.index("--tcl") + 1] if "--tcl" in words else words[words.index("-f") + 1] \\
    if "-f" in words else words[words.index("-source") + 1]
text = Path(script).read_text()
options = " ".join(words)
if "set ::argv" in text:
    options = re.search(r'"(.*)"', text)[1]
elif "build_opt.tcl" in text:
    options = " ".join(
        "=".join(line.split()) for line in Path("build_opt.tcl").read_text().splitlines()[1:-1]
    )
on = sorted(re.findall(r"(\\w+)=1", options))
with calls.open("a") as stream:
    print(name, *on, file=stream)
if mode == "silent":
    sys.exit(0)
if mode == "hang":
    child = subprocess.Popen(["sleep", "600"])
    Path("child.pid").write_text(str(child.pid))
    print("INFO: [HLS 200-111] Finished Linking: CPU user time: 1 seconds.")
    child.wait()
if Path(mode).is_file():
    print(Path(mode).read_text(), end="")
    sys.exit(int(os.environ.get("STAND_IN_CODE", "1")))
def copy(name):
    target = Path(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text((reports / name).read_text())
if name == "vivado":
    print("Finished RTL Elaboration : Time (s): cpu = 00:00:03")
    copy("vivado_synth.rpt")
if "reset" in on:
    shutil.rmtree("tiny_prj", ignore_errors=True)
if "synth" in on:
    print("INFO: [HLS 200-111] Finished Architecture Synthesis Time (s): cpu = 00:00:01")
    print("INFO: [HLS 200-42] -- Implementing module 'conv_2d_cl'")
    copy("{syn}/tiny_csynth.rpt")
    print("***** C/RTL SYNTHESIS COMPLETED IN 0h1m2s *****")
if "cosim" in on:
    if not Path("tiny_prj").is_dir():
        sys.exit("ERROR: there is no project")
    print("INFO: [COSIM 212-1000] *** C/RTL co-simulation finished: PASS ***")
    copy("{sim}/tiny_cosim.rpt")
'''


class StandIns:
    """A folder of stand-ins, which becomes all of PATH."""

    def __init__(self, home: Path) -> None:
        self.path = home / "bin"
        self.calls_file = home / "calls"
        self._reports = home / "answers"
        put_reports(self._reports)
        self.path.mkdir()
        for tool in ("sleep", "kill"):
            found = shutil.which(tool)
            assert found is not None
            (self.path / tool).symlink_to(found)

    def install(self, *names: str) -> None:
        text = STAND_IN.format(
            python=sys.executable,
            reports=str(self._reports),
            calls=str(self.calls_file),
            syn=SYN,
            sim=SIM,
        )
        for name in names:
            (self.path / name).write_text(text)
            (self.path / name).chmod(0o755)

    @property
    def calls(self) -> list[str]:
        """What was called: the program, and the options that were on."""
        return self.calls_file.read_text().splitlines() if self.calls_file.is_file() else []
