"""C for an input: events become lanes, real numbers become integers, then the layers behind."""

from __future__ import annotations

import numpy as np

from trigger.emulate.native.elementwise import append_layer, scattered
from trigger.emulate.native.kernel import Kernel
from trigger.emulate.native.lanes import Lane, narrowest
from trigger.emulate.native.steps import RINT_LIMIT, Chain, Term, overflow_to
from trigger.fixed import FixedFormat, Rounding
from trigger.layers import Input

PIXEL_TYPES: dict[str, str] = {
    "int8": "int8_t",
    "uint8": "uint8_t",
    "int16": "int16_t",
    "uint16": "uint16_t",
    "int32": "int32_t",
    "uint32": "uint32_t",
    "int64": "int64_t",
    "uint64": "uint64_t",
    "float32": "float",
    "float64": "double",
}
"""C type of the pixels by NumPy dtype; their order numbers the doors."""

REAL_FRACTIONAL = range(0, 64)
"""Fractional bits of a format for which scaling a real number by 2**fractional is exact."""


def real_limit(real: Lane, form: FixedFormat) -> int:
    """Return below which raw number a real number is quantised exactly in its own lane type."""
    if real is Lane.F32:
        return 2**22
    return 2**30 if form.width <= 30 else 2**51


def emit(kernel: Kernel) -> None:
    """Write one C function per pixel type."""
    layer = kernel.group.head
    assert isinstance(layer, Input)
    lane = narrowest(layer.result.raw_min, layer.result.raw_max, (Lane.F32, Lane.I32, Lane.I64))
    raw = Term(lane, layer.result.raw_min, layer.result.raw_max, layer.result.fractional)
    chain = Chain(raw)
    _follow(kernel, chain)
    whole = kernel.function("whole", chain, raw, kernel.target.lane)
    count = int(np.prod(layer.dimensions))
    target = kernel.index_table("out", scattered(kernel, kernel.group.chain), "e")
    channels = layer.dimensions[-1]
    names = []
    for dtype, c_type in PIXEL_TYPES.items():
        start, function = lane, whole
        if dtype.startswith("float"):
            start = Lane.F32 if dtype == "float32" else Lane.F64
            function = _real(kernel, layer.result, start) or ""
        names.append(f"{kernel.name}_{dtype}")
        if not function:
            names[-1] = "0"
            continue
        kernel.text += [
            f"static void {names[-1]}(const void *pixels, "
            f"{kernel.target.lane.vector} *restrict out) {{",
            f"  const {c_type} *restrict in = pixels;",
            f"  for (long e = 0; e < {count}; e++) {{",
            *_gathered(start, kernel.target.lane, f"out + {target}"),
            f"    for (int l = 0; l < EVENTS; l++) lane[l] = in[l * {count} + e];",
            f"    out[{target}] = {function}(*v, e % {channels});",
            "  }",
            "}",
        ]
    kernel.text.append(
        f"static void (*const {kernel.name}[])(const void *, {kernel.target.lane.vector} *) = "
        f"{{{', '.join(names)}}};"
    )


def _gathered(lane: Lane, target: Lane, place: str) -> list[str]:
    """Return the declarations of where lanes are gathered: in place, if they are of one size."""
    if lane.bits == target.bits:
        begin = f"{lane.vector} *const v = (void *)({place});"
    else:
        begin = f"{lane.vector} local, *const v = &local;"
    return [f"    {begin}", f"    {lane.c_type} *const lane = (void *)v;"]


def _follow(kernel: Kernel, chain: Chain) -> None:
    for layer in kernel.group.chain:
        append_layer(kernel, chain, layer)


_CARRY = {
    Rounding.TRN: "-(r[l] < 0)",
    Rounding.TRN_ZERO: "0",
    Rounding.RND: "(r[l] >= HALF) - (r[l] < -HALF)",
    Rounding.RND_ZERO: "(r[l] > HALF) - (r[l] < -HALF)",
    Rounding.RND_INF: "(r[l] >= HALF) - (r[l] <= -HALF)",
    Rounding.RND_MIN_INF: "(r[l] > HALF) - (r[l] <= -HALF)",
}
"""What joins the truncated number, by its remainder r, which is exact."""


def _real(kernel: Kernel, form: FixedFormat, lane: Lane) -> str | None:
    """Write the conversion of real numbers as ``ap_fixed(double)`` does it, and what follows."""
    if form.fractional not in REAL_FRACTIONAL:
        return None
    limit = real_limit(lane, form)
    whole = narrowest(-limit, limit, (Lane.I32, Lane.I64))
    suffix = "f" if lane is Lane.F32 else ""
    start = Term(lane, -limit, limit, form.fractional)
    chain = Chain(start)
    chain.lines.append(f"const {lane.vector} y = v * {(2.0**form.fractional).hex()}{suffix};")
    if form.rounding is Rounding.RND_CONV:
        magic = f"{(3.0 * RINT_LIMIT[lane]).hex()}{suffix}"
        integer = f"__builtin_convertvector((y + {magic}) - {magic}, {whole.vector})"
    else:
        carry = _CARRY[form.rounding].replace("HALF", f"0.5{suffix}")
        chain.lines += [
            f"{whole.vector} t = __builtin_convertvector(y, {whole.vector});",
            f"const {lane.vector} r = y - __builtin_convertvector(t, {lane.vector});",
            f"FOR_EACH_LANE(t) t[l] += {carry};",
        ]
        integer = "t"
    chain.let(integer, Term(whole, -limit, limit, form.fractional))
    overflow_to(chain, form)
    _follow(kernel, chain)
    return kernel.function(f"real_{lane.vector}", chain, start, kernel.target.lane)
