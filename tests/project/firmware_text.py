"""Small hand-written firmware projects for tests: hls4ml's shape, our own layer functions."""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).parent / "data"

DEFINES = """\
#ifndef DEFINES_H_
#define DEFINES_H_
#include "ap_fixed.h"
#include "ap_int.h"
#include "nnet_utils/nnet_types.h"
{types}
#endif
"""

PARAMETERS = """\
#ifndef PARAMETERS_H_
#define PARAMETERS_H_
#include "nnet_utils/nnet_helpers.h"
struct config2 {{ static const unsigned n_in = {size}; }};
namespace nnet {{
{functions}
}}
#endif
"""

TOP = """\
#include "{name}.h"
#include "parameters.h"
{opening}
void {name}(
    {ports}
) {{
    #pragma HLS PIPELINE
{body}
}}
{closing}
"""

HEADER = """\
#include "hls_stream.h"
#include "defines.h"
{opening}
void {name}(
    {ports}
);
{closing}
"""

TRIPLE = """\
template <class data_T, class res_T, typename CONFIG_T>
void triple(data_T data[CONFIG_T::n_in], res_T res[CONFIG_T::n_in]) {
    for (unsigned i = 0; i < CONFIG_T::n_in; i++)
        res[i] = data[i] * ap_int<3>(3);
}"""


def write_firmware(
    folder: Path,
    *,
    types: str,
    functions: str,
    ports: str,
    body: str,
    size: int = 4,
    name: str = "made",
    namespace: str = "",
) -> Path:
    """Write a project and return its folder."""
    firmware = folder / "firmware"
    firmware.mkdir(parents=True)
    frame = {
        "name": name,
        "ports": ports,
        "opening": f"namespace {namespace} {{" if namespace else "",
        "closing": "}" if namespace else "",
    }
    types = "\n".join([frame["opening"], types, frame["closing"]])
    (firmware / "defines.h").write_text(DEFINES.format(types=types))
    (firmware / "parameters.h").write_text(PARAMETERS.format(size=size, functions=functions))
    (firmware / f"{name}.h").write_text(HEADER.format(**frame))
    (firmware / f"{name}.cpp").write_text(TOP.format(body=body, **frame))
    return folder


def write_triple(folder: Path, input_type: str = "ap_fixed<8,4>", **changes: str) -> Path:
    """Write a project whose two layers multiply by three, in an array of four."""
    choice = {
        "types": f"typedef {input_type} input_t;\ntypedef ap_fixed<12,6> layer2_t;\n"
        "typedef ap_fixed<14,8> result_t;",
        "functions": TRIPLE,
        "ports": "input_t x[4],\n    result_t layer3_out[4]",
        "body": "    layer2_t layer2_out[4];\n"
        "    nnet::triple<input_t, layer2_t, config2>(x, layer2_out); // first\n\n"
        "    nnet::triple<layer2_t, result_t, config2>(layer2_out, layer3_out); // second\n",
        **changes,
    }
    return write_firmware(folder, **choice)
