"""The page in headless Chromium: opens from disk, no error, no request, tables sort."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not on PATH"),
]

WATCH = """<script>
window.faults = [];
addEventListener("error", (e) => faults.push(e.message || `${e.target.tagName} failed`), true);
addEventListener("securitypolicyviolation", (e) => faults.push(`asked for ${e.blockedURI}`));
</script>"""
"""Goes first into a copy of the page."""

PROBE = """<script>
addEventListener("load", () => {
  const find = (table) => document.getElementById(table);
  const column = (table, n) =>
    [...find(table).tBodies[0].rows].map((row) => row.cells[n].innerText.split("\\n")[0]);
  const press = (table, n) => find(table).tHead.rows[0].cells[n].querySelector("button").click();
  const sorted = (table, n, presses) => {
    for (let i = 0; i < presses; i++) press(table, n);
    return column(table, n);
  };
  const found = {
    up: sorted("verdict-table", 2, 1),
    down: sorted("verdict-table", 2, 1),
    worst: sorted("verdict-table", 1, 1),
    names: sorted("cost-1", 0, 1),
    lut: sorted("cost-2", 7, 2),
    total: document.querySelector("#cost-1 tfoot th").innerText,
    said: find("status").textContent,
    arrows: document.querySelectorAll("#verdict-table [aria-sort]").length,
    figures: [...document.querySelectorAll("svg")].map((s) => s.getBoundingClientRect().height),
    images: [...document.images].map((i) => i.naturalWidth),
    requests: performance.getEntriesByType("resource").map((e) => e.name)
      .filter((name) => !name.startsWith("data:")),
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    faults: faults,
  };
  document.documentElement.dataset.found = JSON.stringify(found);
});
</script>"""


def open_page(page: str, folder: Path, width: int = 1280) -> tuple[Any, str]:
    """Return what the probe found, and what the browser said on its console."""
    path = folder / "probed.html"
    path.write_text(
        page.replace("<head>", f"<head>{WATCH}", 1).replace("</body>", f"{PROBE}</body>", 1),
        encoding="utf-8",
    )
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--enable-logging=stderr",
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={width},900",
        "--dump-dom",
        path.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
    found = re.search(r'data-found="([^"]*)"', done.stdout)
    assert found is not None, done.stderr
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(unescape(found.group(1))), "\n".join(console)


def test_page_opens_without_a_fault_and_its_tables_sort(page: str, tmp_path: Path) -> None:
    found, console = open_page(page, tmp_path)
    assert console == ""
    assert found["faults"] == []
    assert found["requests"] == []
    values = ["0.0017 AUC", "4.82 %", "21.3 %", "12 cycles", "293.8 ns"]
    assert [plain(text) for text in found["up"]] == [*values, "unknown"]
    assert [plain(text) for text in found["down"]] == [*values[::-1], "unknown"]
    assert found["worst"][:2] == ["✗ fail", "? unknown"]
    assert found["names"] == sorted(found["names"])
    assert found["lut"][:3] == ["31,007", "30,511", "38"]
    assert set(found["lut"][3:]) == {"unknown"}
    assert found["total"] == "Total"
    assert found["said"] == "Sorted by LUT, descending"
    assert found["arrows"] == 1
    assert min(found["figures"]) > 50
    assert min(found["images"]) >= 2  # 0: broken


def test_page_fits_a_narrow_screen(page: str, tmp_path: Path) -> None:
    found, _ = open_page(page, tmp_path, width=500)
    assert found["wide"] <= 0


def test_the_probe_sees_what_it_looks_for(page: str, tmp_path: Path) -> None:
    planted = '<img src="http://127.0.0.1:9/x.png" alt=""><script>undefinedName();</script></main>'
    found, console = open_page(page.replace("</main>", planted, 1), tmp_path)
    assert any("127.0.0.1" in fault for fault in found["faults"])
    assert any("undefinedName" in fault for fault in found["faults"])
    assert "undefinedName" in console


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")
