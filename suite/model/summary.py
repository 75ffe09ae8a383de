"""The statistics of step times."""

from dataclasses import dataclass

# Lower and upper bound.
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Statistics of the measured steps of one cell; times in seconds, throughput in images/s.

    `images_per_second` is images / elapsed time. `mean_of_rates` is the arithmetic mean of
    images / step time, the estimator behind the published "Avg throughput" column; it is never
    below the former and exceeds it by about the squared coefficient of variation. The intervals
    contain their percentile with 95 % confidence; None if there are too few samples for that.
    `worth` is the number of independent samples with as much information about the median.
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

    @property
    def tail(self) -> float:
        """How far the slow steps lie above the usual one: p99 / p50."""
        return self.p99_seconds / self.p50_seconds
