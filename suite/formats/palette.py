"""How each condition looks, in plots and on the page: one colour and one shape everywhere.

The hues follow Okabe and Ito, darkened until they can be read as text: each has a contrast of 4.6:1
or more on the page's backgrounds (WCAG 2.2 asks for 4.5:1), and pairs that meet without TF32 are
told apart under simulated protanopia, deuteranopia and tritanopia. Elsewhere the shape tells.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from suite.model.cell import Precision


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A condition's name and slug, its shape as a matplotlib marker, and its two colours.

    `light` is for a light background, `dark` for a dark one.
    """

    name: str
    slug: str
    marker: str
    light: str
    dark: str


_LOOKS: Mapping[tuple[Precision, bool], Look] = {
    (Precision.FP32, False): Look(
        name="FP32", slug="fp32", marker="o", light="#0072b2", dark="#56b4e9"
    ),
    (Precision.FP32, True): Look(
        name="FP32 + XLA", slug="fp32-xla", marker="s", light="#1f2670", dark="#7880f0"
    ),
    (Precision.TF32, False): Look(
        name="TF32", slug="tf32", marker="^", light="#007a55", dark="#6fddb0"
    ),
    (Precision.TF32, True): Look(
        name="TF32 + XLA", slug="tf32-xla", marker="v", light="#2a4708", dark="#e2dc5e"
    ),
    (Precision.AMP, False): Look(
        name="AMP", slug="amp", marker="D", light="#be4a00", dark="#ee8533"
    ),
    (Precision.AMP, True): Look(
        name="AMP + XLA", slug="amp-xla", marker="P", light="#96306f", dark="#f2b8e4"
    ),
}
LOOKS = tuple(_LOOKS.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """A colour that stands for no condition; on the page a CSS variable of this name."""

    name: str
    light: str
    dark: str


# Text of first to third rank, links, states, borders of controls, grid lines and backgrounds.
INKS = (
    Ink(name="ink", light="#16191d", dark="#e9ecef"),
    Ink(name="ink-2", light="#4a5159", dark="#b5bcc4"),
    Ink(name="ink-3", light="#626970", dark="#9aa2aa"),
    Ink(name="link", light="#00579c", dark="#7ebcf5"),
    Ink(name="failed", light="#b3261e", dark="#ff8a80"),
    Ink(name="doubt", light="#855300", dark="#f2c14e"),
    Ink(name="control", light="#868e96", dark="#727a83"),
    Ink(name="others", light="#a9b0b7", dark="#5c646c"),
    Ink(name="grid", light="#dfe2e5", dark="#33393f"),
    Ink(name="band", light="#eceef0", dark="#262b30"),
    Ink(name="panel", light="#f4f5f6", dark="#1d2125"),
    Ink(name="paper", light="#ffffff", dark="#14171a"),
)


def look(precision: Precision, *, xla: bool) -> Look:
    """How a condition looks."""
    return _LOOKS[precision, xla]
