"""An HLS project folder, ours or foreign, without hls4ml: its text, its truth, its test vectors."""

from trigger.project.csim import InputPort, Simulation, build, chunks, run
from trigger.project.golden import Golden, GoldenGroup, GoldenTensor, read, record
from trigger.project.reader import read_project
from trigger.project.vectors import Vectors, choose_vectors, hot_pixels

__all__ = [
    "Golden",
    "GoldenGroup",
    "GoldenTensor",
    "InputPort",
    "Simulation",
    "Vectors",
    "build",
    "choose_vectors",
    "chunks",
    "hot_pixels",
    "read",
    "read_project",
    "record",
    "run",
]
