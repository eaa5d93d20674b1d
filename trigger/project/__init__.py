"""An HLS project folder, ours or foreign, without hls4ml: its text, its truth, its test vectors."""

from trigger.project.csim import InputPort, Simulation, build, chunks, run

__all__ = ["InputPort", "Simulation", "build", "chunks", "run"]
