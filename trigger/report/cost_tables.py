"""The tables of the network's layers: their formats, and what each of them costs."""

from __future__ import annotations

from collections.abc import Iterable

from trigger.budget import Cost, LayerCost, Quantity
from trigger.report.cells import (
    ABSENT_CELL,
    UNKNOWN_CELL,
    Cell,
    Column,
    Row,
    Table,
    count_cell,
    figure_cell,
)
from trigger.report.record import LayerRow
from trigger.report.wording import (
    NOT_APPLICABLE,
    Origin,
    common_origin,
    word_number,
    word_shape,
    word_share,
)

COST_COLUMNS: dict[Quantity, str] = {
    Quantity.LATENCY_CYCLES: "Latency (cycles)",
    Quantity.INTERVAL_CYCLES: "Interval (cycles)",
    Quantity.DSP: "DSP",
    Quantity.LUT: "LUT",
    Quantity.FF: "FF",
    Quantity.BRAM_18K: "BRAM 18K",
}
"""Always shown; the others only where a figure is known."""

RARE_COST_COLUMNS: dict[Quantity, str] = {
    Quantity.LATENCY_MIN_CYCLES: "Latency min (cycles)",
    Quantity.URAM: "URAM",
}


def format_table(layers: tuple[LayerRow, ...]) -> Table:
    rows = tuple(
        (
            Cell(layer.name, layer.kind),
            Cell(word_shape(layer.output_shape)),
            *(
                Cell(text or NOT_APPLICABLE, mark="code" if text else "absent")
                for text in (
                    layer.input_format,
                    layer.weight_format,
                    layer.accumulator_format,
                    layer.result_format,
                )
            ),
        )
        for layer in layers
    )
    titles = ("Layer", "Output shape", "Input", "Weight", "Accumulator", "Result")
    return Table(
        "format-table", "Shapes and number formats", tuple(Column(t) for t in titles), rows
    )


def cost_table(cost: Cost, layers: tuple[LayerRow, ...], name: str) -> Table:
    """Return the layers of the network beside what they cost; a layer in either is a row."""
    network = {layer.name: layer for layer in layers}
    costs = {row.name: row for row in cost.layers}
    quantities = {
        **COST_COLUMNS,
        **{
            quantity: title
            for quantity, title in RARE_COST_COLUMNS.items()
            if any(row.figure(quantity) for row in (*cost.layers, cost.total))
        },
    }
    said = _said(cost)
    names = [*network, *(other for other in costs if other not in network)]
    rows = tuple(
        (
            *_layer_cells(each, network.get(each), costs.get(each)),
            *_cost_cells(costs.get(each), quantities, said),
        )
        for each in names
    )
    counted = (
        (
            count_cell(sum(layer.weights for layer in layers)),
            Cell(word_share(sum(x.zeros for x in layers), sum(x.weights for x in layers))),
            count_cell(sum(layer.multiplications for layer in layers)),
        )
        if layers
        else 3 * (UNKNOWN_CELL,)
    )
    total = (Cell("Total"), *counted, *_cost_cells(cost.total, quantities, said))
    columns = (
        Column("Layer"),
        Column("Kernel weights", numeric=True),
        Column("Zeros", numeric=True),
        Column("Multiplications", numeric=True),
        *(Column(title, numeric=True) for title in quantities.values()),
    )
    return Table(name, cost_caption(cost), columns, rows, (total,))


def totals_table(costs: tuple[Cost, ...]) -> Table:
    """Return the totals of every source, one below the other."""
    rows = tuple(
        (
            Cell(cost.source.value, f"{cost.tool or 'tool unknown'}, {cost.origin}"),
            *_cost_cells(cost.total, COST_COLUMNS, _said(cost)),
        )
        for cost in costs
    )
    columns = (
        Column("Source"),
        *(Column(title, numeric=True) for title in COST_COLUMNS.values()),
    )
    return Table("cost-totals", "Totals: estimated and reported by the tools", columns, rows)


def cost_bars_table(cost: Cost, name: str) -> tuple[Table, Table]:
    """Return the numbers behind the latency and the resource figures of one cost."""
    said = _said(cost)
    chosen = (
        ("latency", (Quantity.LATENCY_CYCLES,)),
        ("resources", (Quantity.DSP, Quantity.LUT, Quantity.FF, Quantity.BRAM_18K)),
    )
    latency, resources = (
        Table(
            f"{name}-{word}",
            f"{word.capitalize()} by layer{said.clause}",
            (
                Column("Layer"),
                *(Column(COST_COLUMNS[quantity], numeric=True) for quantity in quantities),
            ),
            tuple(
                (Cell(row.name, row.kind), *_cost_cells(row, quantities, said))
                for row in cost.layers
            ),
            ((Cell("Total"), *_cost_cells(cost.total, quantities, said)),),
        )
        for word, quantities in chosen
    )
    return latency, resources


def cost_caption(cost: Cost) -> str:
    """Return what a cost is of: source, tool, part, clock and file."""
    parts = [
        f"Cost by {cost.source.value}",
        cost.tool or "tool unknown",
        cost.part,
        f"clock {word_number(cost.clock_period_ns)} ns",
        cost.origin,
    ]
    return "; ".join(part for part in parts if part) + _said(cost).clause


def _layer_cells(name: str, layer: LayerRow | None, cost: LayerCost | None) -> Row:
    kind = layer.kind if layer else cost.kind if cost else ""
    if layer is None:  # only in the vendor's report, such as a stream that hls4ml inserted
        return (Cell(name, f"{kind}, not a layer of the network"), *3 * (ABSENT_CELL,))
    share = layer.zeros / layer.weights if layer.weights else None
    return (
        Cell(name, kind),
        count_cell(layer.weights),
        Cell(
            word_share(layer.zeros, layer.weights),
            f"{layer.zeros:,} of {layer.weights:,}" if layer.weights else "",
            share,
            "" if layer.weights else "absent",
        ),
        count_cell(layer.multiplications),
    )


def _cost_cells(cost: LayerCost | None, quantities: Iterable[Quantity], said: Origin) -> Row:
    return tuple(figure_cell(cost.figure(each) if cost else None, said) for each in quantities)


def _said(cost: Cost) -> Origin:
    rows = (*cost.layers, cost.total)
    return common_origin(row.figure(quantity) for row in rows for quantity in Quantity)
