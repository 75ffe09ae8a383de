"""suite.formats.layers: the table of layers as a whole."""

from suite.formats.layers import layers_text
from suite.model.layer import LayerFacts

EXPECTED = """\
layer   kind                output     parameters  multiply-adds
------  ------------------  ---------  ----------  -------------
a_conv  Conv2D              4 x 4 x 8         216      3,000,000
a_bn    BatchNormalization  4 x 4 x 8          16              0

232 parameters and 16 moving statistics; 0.00 billion multiply-adds per image"""


def test_layers_are_listed_with_their_totals() -> None:
    """Every layer is a line, and the last line adds them up."""
    shared = {"output": (4, 4, 8)}
    layers = [
        LayerFacts(
            name="a_conv",
            kind="Conv2D",
            trainable=216,
            statistics=0,
            multiply_adds=3_000_000,
            **shared,
        ),
        LayerFacts(
            name="a_bn",
            kind="BatchNormalization",
            trainable=16,
            statistics=16,
            multiply_adds=0,
            **shared,
        ),
    ]

    assert layers_text(layers) == EXPECTED
