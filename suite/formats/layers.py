"""The network's layers as a table with its totals."""

from collections.abc import Sequence

from suite.formats.tables import TEXT_WIDTH, Dialect, Table, write_table
from suite.model.layer import LayerFacts

_HEADERS = ("layer", "kind", "output", "parameters", "multiply-adds")


def layers_text(layers: Sequence[LayerFacts], width: int = TEXT_WIDTH) -> str:
    """One line a layer, then what all of them have together."""
    rows = [
        (
            layer.name,
            layer.kind,
            " x ".join(map(str, layer.output)),
            f"{layer.trainable:,}",
            f"{layer.multiply_adds:,}",
        )
        for layer in layers
    ]
    table = write_table(Table("", _HEADERS, rows, left=3), Dialect.TERMINAL, width)
    trainable = sum(layer.trainable for layer in layers)
    statistics = sum(layer.statistics for layer in layers)
    multiply_adds = sum(layer.multiply_adds for layer in layers)
    return (
        f"{table}\n\n{trainable:,} parameters and {statistics:,} moving statistics;"
        f" {multiply_adds / 1e9:.2f} billion multiply-adds per image"
    )
