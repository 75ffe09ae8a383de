"""The numbers that step times are summed up in."""

from dataclasses import dataclass

# Lower and upper bound.
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Statistics of the measured steps of one cell; times in seconds, throughput in images/s.

    `images_per_second` is images / elapsed time. `mean_of_rates` is the arithmetic mean of
    images / step time, the estimator behind the published "Avg throughput" column; it is never
    below the first and exceeds it by about the squared coefficient of variation. The intervals
    enclose their percentile with 95 % confidence; None where the samples are too few for that.
    `worth` is how many independent samples would tell as much about the median as these do.
    """

    count: int
    worth: int
    images_per_second: float
    mean_of_rates: float
    mean_seconds: float
    p50_seconds: float
    p90_seconds: float
    p95_seconds: float
    p99_seconds: float
    min_seconds: float
    max_seconds: float
    p50_interval_seconds: Interval | None
    p90_interval_seconds: Interval | None
    p95_interval_seconds: Interval | None
    p99_interval_seconds: Interval | None
