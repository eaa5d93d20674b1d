"""The vendor reports for tests, and what the tests say of them."""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).parents[1] / "data" / "vendor"
VIVADO_CSYNTH = DATA / "vivado_hls_2020_1_csynth.rpt"
VIVADO_XML = DATA / "vivado_hls_2020_1_csynth.xml"
VIVADO_SYNTH = DATA / "vivado_2020_1_synth.rpt"
VITIS_CSYNTH = DATA / "layout_vitis_hls_2025_2_csynth.rpt"
VITIS_SUMMARY = DATA / "layout_vitis_hls_2025_1_csynth_summary.rpt"
VITIS_XML = DATA / "layout_vitis_hls_2025_1_csynth.xml"
VITIS_PART = DATA / "vitis_hls_2022_1_softmax_csynth.rpt"
OLD_CSYNTH = DATA / "layout_vivado_hls_2019_1_csynth.rpt"
VITIS_COSIM = DATA / "layout_vitis_hls_cosim.rpt"
VIVADO_COSIM = DATA / "layout_vivado_hls_cosim.rpt"
FAILED_COSIM = DATA / "layout_vitis_hls_failed_cosim.rpt"
SLR_ROUTED = DATA / "layout_vivado_2023_2_slr_routed.rpt"
MET_TIMING = DATA / "vivado_2019_2_kintex_usp_timing.rpt"
MISSED_TIMING = DATA / "vivado_2019_2_artix7_timing.rpt"
REPORTS = sorted(path for path in DATA.iterdir() if path.suffix in (".rpt", ".xml"))
GOOD = [path for path in REPORTS if path != FAILED_COSIM]
