"""How numbers are written, with their digits and units."""

MISSING = "-"


def milliseconds(seconds: float | None) -> str:
    """A latency in ms: two decimals as on the published page, fewer from a second on."""
    if seconds is None:
        return MISSING
    decimals = 2 if seconds < 1 else 1 if seconds < 10 else 0
    return f"{seconds * 1e3:.{decimals}f}"


def percentile_milliseconds(seconds: float, interval: tuple[float, float] | None) -> str:
    """A percentile in ms, as `~12.34` where its samples are too few for an interval."""
    return ("" if interval else "~") + milliseconds(seconds)


def rate(images_per_second: float | None) -> str:
    """A throughput in img/s with two decimals, as on the published page."""
    return MISSING if images_per_second is None else f"{images_per_second:.2f}"


def rate_interval(interval: tuple[float, float] | None) -> str:
    """The bounds of a throughput: `1234.50 to 1250.25`."""
    return MISSING if interval is None else " to ".join(map(rate, interval))


def page_number(value: float | None) -> str:
    """A number of the published page, in its unit and with its two decimals."""
    return MISSING if value is None else f"{value:.2f}"


def ratio(value: float | None) -> str:
    """Measured / published to three significant digits: `0.0745x`, `1.02x`, `8.10x`, `123x`."""
    if value is None:
        return MISSING
    if value < 0.1:
        return f"{value:.4f}x"
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:.{decimals}f}x"


def ratio_interval(interval: tuple[float, float] | None) -> str:
    """The bounds of a ratio, each to its own digits: `0.982 to 1.04`."""
    if interval is None:
        return MISSING
    return " to ".join(ratio(bound).removesuffix("x") for bound in interval)


def duration(seconds: float) -> str:
    """A duration for people: `45 s`, `3 min 20 s`, `2 h 05 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def joules(energy: float) -> str:
    """An energy in joules to three digits: `44.3 kJ`."""
    for unit, size in (("GJ", 1e9), ("MJ", 1e6), ("kJ", 1e3)):
        if energy >= size:
            return f"{energy / size:.3g} {unit}"
    return f"{energy:.3g} J"


def kilowatt_hours(energy: float) -> str:
    """An energy in joules as kWh, to three digits."""
    return f"{energy / 3.6e6:.3g}"


def spread(share: float | None) -> str:
    """A standard deviation, as a share of 1, in percent with two decimals and without the sign."""
    return MISSING if share is None else f"{share * 100:.2f}"


def percent(share: float | None) -> str:
    """A share of 1 as a percentage with one decimal: `93.6%`."""
    return MISSING if share is None else f"{share:.1%}"


def signed_percent(share: float) -> str:
    """A change as a percentage with its sign: `-5.2%`, `+0.8%`."""
    return f"{share:+.1%}"
