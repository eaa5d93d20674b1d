"""Parts as people type them, and what is told to those who mistype."""

import os

import pytest

from trigger.device import find, read_table
from trigger.errors import DeviceError


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ("xcvu13p-flga2577-2-e", "xcvu13p"),
        ("xcu250-figd2104-2L-e", "xcu250"),
        ("xc7vx690tffg1927-2", "xc7vx690t"),
        ("xc7vx690t-ffg1761-2", "xc7vx690t"),
        ("xcku115-flvb2104-2-i", "xcku115"),
        ("xcku115-flva1517-2-e", "xcku115"),
        ("xc7a200tl-ffg1156-2L", "xc7a200t"),
        ("xc7z007sclg225-1", "xc7z007s"),
        ("xc7z020clg400-1", "xc7z020"),
        ("xc7z020-clg484-1", "xc7z020"),
        ("xczu9eg-ffvb1156-2-e", "xczu9eg"),
        ("xczu49dr-ffvf1760-2-e", "xczu49dr"),
        ("xcu55c-fsvh2892-2L-e", "xcu55c"),
        ("xcu50-fsvh2104-2L-e", "xcu50"),
        ("VU9P", "xcvu9p"),
        ("Alveo U200", "xcu200"),
        ("U280", "xcu280"),
        ("u50", "xcu50"),
        ("zu7ev", "xczu7ev"),
        ("xczu7cg-fbvb900-1-e", "xczu7ev"),
        ("zcu102", "xczu9eg"),
        ("pynq_z2", "xc7z020"),
        ("690T", "xc7vx690t"),
        ("vc1902", "xcvc1902"),
        ("xcvc1902-vsva2197-2MP-e-S", "xcvc1902"),
        ("Arria10", "10ax115"),
        ("Agilex7", "agf014"),
        ("Stratix10", "1sg280"),
        ("VU37P", "xcvu37p"),
    ],
)
def test_find_understands_what_people_type(typed: str, part: str) -> None:
    assert find(typed).part == part


def test_counts_of_a_large_part_per_device_and_per_die() -> None:
    device = find("xcvu13p-flga2577-2-e")
    assert (device.lut, device.ff, device.dsp) == (1_728_000, 3_456_000, 12_288)
    assert (device.bram_18k, device.uram, device.slrs) == (5376, 1280, 4)
    assert device.capacity("dsp", per_slr=True) == 3072


@pytest.mark.parametrize(("part", "dsp"), [("U50", 2880), ("U280", 2880), ("VU9P", 2280)])
def test_dies_that_differ_count_as_the_least_of_them(part: str, dsp: int) -> None:
    assert find(part).capacity("dsp", per_slr=True) == dsp


def test_counts_of_unequal_dies_that_nobody_gave_are_none() -> None:
    device = find("xcku085")
    assert device.capacity("lut") == 497_520
    assert device.capacity("lut", per_slr=True) is None


def test_a_count_that_does_not_exist_is_none() -> None:
    assert find("10AX115").capacity("lut") is None


def test_unknown_part_names_near_ones() -> None:
    with pytest.raises(DeviceError, match=r"unknown FPGA part 'xcvu14p.*xcvu13p.*TRIGGER_PARTS"):
        find("xcvu14p-flga2577-2-e")


def test_unknown_resource() -> None:
    with pytest.raises(DeviceError, match=r"'luts' is not a resource.*lut, ff"):
        find("u250").capacity("luts")


def test_every_entry_has_a_data_sheet_and_finds_itself() -> None:
    from trigger.device import TABLE

    for device in read_table(TABLE):
        assert "entry" not in device.source
        assert find(device.part) == device
        for name in device.names:
            assert find(name) == device


def test_users_add_parts_in_a_file(tmp_path) -> None:
    table = tmp_path / "ours.yaml"
    table.write_text("- {part: xcmine1, lut: 1000, slrs: 2, names: [mine]}\n")
    device = find("mine", table)
    assert device.capacity("lut", per_slr=True) == 500
    assert device.capacity("ff") is None
    assert "ours.yaml" in device.source


def test_the_environment_names_files_of_parts(tmp_path, monkeypatch) -> None:
    ours, theirs = tmp_path / "ours.yaml", tmp_path / "theirs.yaml"
    ours.write_text("- {part: xcmine1, lut: 1000}\n")
    theirs.write_text("- {part: xcvu9p, lut: 7, source: a smaller one}\n")
    monkeypatch.setenv("TRIGGER_PARTS", f"{ours}{os.pathsep}{theirs}")
    assert find("xcmine1").lut == 1000
    assert find("VU9P").lut == 7
    assert find("VU13P").lut == 1_728_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {part: a, lut: 9, slrs: 2, slr: [{lut: 4}, {lut: 4}]}", "slrs have 8 lut.*9"),
        ("- {part: a, lut: 9, slrs: 2, slr: [{lut: 9}]}", "slr does not list the dies"),
        ("- {part: a, lut: 9, slrs: 1, slr: [{luts: 9}]}", "slr has.*a mapping of lut"),
        ("- {part: a, lut: 9, slrs: 1, slr: [{lut: many}]}", "slr.lut is 'many'"),
        ("- {part: a, luts: 5}", "unknown key 'luts'.*write 'lut'"),
        ("- {part: a, lut: -5}", "lut is -5.*integer >= 0"),
        ("- {part: a, slrs: 0}", "slrs is 0"),
        ("- {lut: 5}", "entry 1: has no part name"),
        ("part: a", "is not a list of parts"),
        ("- {part: [", "cannot be read"),
    ],
)
def test_a_bad_table_says_where(tmp_path, text: str, message: str) -> None:
    table = tmp_path / "bad.yaml"
    table.write_text(text)
    with pytest.raises(DeviceError, match=message):
        find("a", table)


def test_a_missing_table(tmp_path) -> None:
    with pytest.raises(DeviceError, match=r"none\.yaml: cannot be read"):
        find("a", tmp_path / "none.yaml")
