"""What surrounds the layers of a design: tool, device family, clock and the form of the top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from trigger.design import IOType, Strategy, Target
from trigger.errors import EstimateError
from trigger.estimate.descriptor import LayerDescriptor


class Tool(Enum):
    """The two front ends of AMD's synthesis; they schedule and count differently."""

    VIVADO = "Vivado HLS"
    VITIS = "Vitis HLS"


FASTER_7_SERIES = 0.65
"""Delay in the fabric of Virtex-7 over that of Artix-7."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything outside the layers that a cost depends on."""

    tool: Tool
    clock_period_ns: float
    io_type: IOType
    dataflow: bool
    """The top function is a dataflow of processes; otherwise one pipeline."""
    part: str | None = None
    tool_year: float | None = None
    """Version as a number, 2022.1; None unknown."""

    @property
    def seven_series(self) -> bool:
        """The slower fabric of Virtex-7, Kintex-7, Artix-7 and Zynq-7000."""
        part = (self.part or "").lower().removeprefix("xc")
        return part.startswith(("7", "zynq7"))

    @property
    def pace(self) -> float:
        """Clock periods in 10 ns; fewer in the faster one of the two 7-series fabrics.

        Virtex-7, Kintex-7 and the larger Zynq-7000 are that one, Artix-7 and the smaller Zynq not.
        """
        part = (self.part or "").lower().removeprefix("xc")
        faster = part.startswith(("7v", "7k", "7z03", "7z04", "7z1"))
        return 10 / self.clock_period_ns * (FASTER_7_SERIES if faster else 1.0)


def context_for(
    target: Target, layers: Sequence[LayerDescriptor], tool_year: float | None = None
) -> Context:
    """Return the context that hls4ml makes for a target.

    Raises:
        EstimateError: a backend whose tool no law describes.
    """
    backend = target.backend.lower()
    tool = next((tool for tool in Tool if backend.startswith(tool.name.lower())), None)
    if tool is None:
        raise EstimateError(
            f"no law describes the tool behind backend {target.backend!r}",
            where="estimate",
            allowed="Vivado and Vitis, and their accelerator backends",
            remedy="estimate with Backend: Vitis, or read the tool's own report",
        )
    return Context(
        tool=tool,
        clock_period_ns=target.clock_period_ns,
        io_type=target.io_type,
        dataflow=is_dataflow(target.io_type, layers),
        part=target.part,
        tool_year=tool_year,
    )


def is_dataflow(io_type: IOType, layers: Sequence[LayerDescriptor]) -> bool:
    """Tell whether hls4ml makes the top function a dataflow of processes; else it is one pipeline.

    It does when data streams, a layer stores its weights (Resource), or a parallel convolution
    loops over its pixels.
    """
    stored = any(layer.strategy is Strategy.RESOURCE for layer in layers)
    loops = any((layer.partitions or 1) > 1 for layer in layers)
    return io_type is IOType.STREAM or stored or loops
