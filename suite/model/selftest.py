"""What the launches of a machine tell of the gate: how far they differ, and what loss it finds.

How often verdicts are wrong is no part of it, as no number of launches that anyone records would
show that: it is a property of the rule, which simulated runs tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from suite.model.ab import LaunchGroups
from suite.model.gate import Tau
from suite.model.summary import Interval

# An A/B calls a cell regressed in fewer of the runs in which nothing changed, as a share, in each
# kind of noise that tests/gate_rates.py simulates. To see that much with 95 % confidence would take
# 299 runs without a change, none of them with an alarm.
ALARM_RATE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedLaunches:
    """The launches of a cell in each session, in order of time, and its pairs in each A/B if any.

    A launch is the logarithm of a time; a pair is ln(B / A).
    """

    sessions: tuple[tuple[float, ...], ...]
    pairs: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSelftest:
    """What the launches of a cell tell of its verdicts; deviations are in logarithms.

    `launch_sd` is the standard deviation of launches within a session, and `sd_interval` contains
    the true one with 95 % confidence where launches are normal. `sd_limit` is an upper limit of it,
    at the confidence of `limit_confidence`: 90 %, or 99 % where the launches show heavier tails
    than normal ones (`has_heavy_tails`). Few show theirs: in simulation the limit is truly above
    the deviation of 20 launches in 90 % of sets if they are normal, in 81 % if they follow
    Student's t with 5 degrees of freedom, and in 64 % with 3.

    `smallest_loss`, a share, is the one that an A/B finds in nine of ten cases if the true standard
    deviation is `launch_sd`, `smallest_loss_at_limit` if it is `sd_limit`. `paired_sd` is that of a
    launch by its pairs; None without. If it is the smaller one, the machine drifts, which an A/B
    takes off. `groups` are those into which launches fall, of one side alone; None where they are
    one.
    """

    launches: int
    sessions: int
    minimum_effect: float
    launch_sd: float
    sd_interval: Interval
    sd_limit: float
    limit_confidence: float
    has_heavy_tails: bool
    smallest_loss: float
    smallest_loss_at_limit: float
    paired_sd: float | None
    groups: LaunchGroups | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replays:
    """The recorded launches dealt anew into two sides, so many `runs`, and judged like an A/B.

    Nothing changed between such sides, so each of the `alarms` was false. However many runs, they
    are worth only so many `independent` ones, as all are made of the same launches.
    """

    runs: int
    alarms: int
    independent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Selftest:
    """What the recorded launches of a matrix tell of the gate, with so many launches a side.

    `cells` has those whose launches are enough and vary, by id, and `untold` names the others.
    `replays` is None where no cell has launches enough for both sides. `tau` is by how much
    sessions differ; None for fewer than 5 sessions, and `sessions_missing` says how many more it
    takes. `alarm_rate` is that of the rule, which no launches show.
    """

    launches_a_side: int
    cells: Mapping[str, CellSelftest]
    untold: tuple[str, ...]
    replays: Replays | None
    tau: Tau | None
    sessions_missing: int
    alarm_rate: float = ALARM_RATE
