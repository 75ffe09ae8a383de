"""From step times to throughput by both estimators, and percentiles."""

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise

from suite.analysis.intervals import percentile_interval, worth
from suite.model.launch import Launch
from suite.model.summary import Interval, Summary


def percentile(ordered: Sequence[float], fraction: float) -> float:
    """Percentile of an ascending, non-empty sequence by linear interpolation (numpy's default)."""
    position = fraction * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def summarize(
    step_seconds: Sequence[float],
    images_per_step: int,
    published_seconds: Sequence[float] | None = None,
    launch_lengths: Sequence[int] | None = None,
) -> Summary | None:
    """Summarise measured step times in order; nothing is trimmed. None when there is no sample.

    `published_seconds` are the samples of the published estimator if they differ: of several ranks
    the page uses the first, and everything else here the slowest in each step. `launch_lengths`
    are the numbers of steps of the launches that `step_seconds` concatenates; None for one launch.
    """
    if not step_seconds:
        return None
    ordered = sorted(step_seconds)
    rated = published_seconds or ordered
    total = math.fsum(ordered)
    ends = list(accumulate(launch_lengths or [len(ordered)]))
    launches = [step_seconds[a:b] for a, b in pairwise([0, *ends]) if b > a]
    at_median = worth(launches, percentile(ordered, 0.50))

    def interval(fraction: float) -> Interval | None:
        at_percentile = worth(launches, percentile(ordered, fraction))
        return percentile_interval(ordered, fraction, min(at_median, at_percentile))

    return Summary(
        count=len(ordered),
        worth=at_median,
        images_per_second=images_per_step * len(ordered) / total,
        mean_of_rates=math.fsum(images_per_step / s for s in rated) / len(rated),
        mean_seconds=total / len(ordered),
        p50_seconds=percentile(ordered, 0.50),
        p90_seconds=percentile(ordered, 0.90),
        p95_seconds=percentile(ordered, 0.95),
        p99_seconds=percentile(ordered, 0.99),
        min_seconds=ordered[0],
        max_seconds=ordered[-1],
        p50_interval_seconds=interval(0.50),
        p90_interval_seconds=interval(0.90),
        p95_interval_seconds=interval(0.95),
        p99_interval_seconds=interval(0.99),
    )


def launch_summary(launch: Launch) -> Summary | None:
    """Statistics of one launch's measured steps; None when there is none."""
    images = launch.cell.global_batch_size
    return summarize(launch.step_seconds, images, launch.published_seconds)
