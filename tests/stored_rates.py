"""How often verdicts beside a stored baseline are wrong, and how often they find a loss.

    python tests/gate_rates.py --table stored [--runs 1000]

A run of the same cells as in `gate_rates` has five launches of each today and in each session of
the baseline, and is judged by `suite.analysis.gate_verdicts` and `gate_confirm`. Sessions are days:
each has a level of its own, common to all cells or one for each. A false alarm is a run in which
nothing changed and a cell is called slower; a loss in one cell of batch size 256 is found if that
cell is. Other rules stand beside ours.
"""

import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from gate_rates import CELLS, EFFECTS, NAMES, SLOWER, Values, row

from suite.analysis.gate_confirm import confirm_stored
from suite.analysis.gate_verdicts import judge_stored
from suite.analysis.sessions import session_tau
from suite.model.ab import VerdictKind
from suite.model.gate import Base, Doubt, Metric, StoredLaunches, StoredVerdict, Tau
from suite.model.rules import GateRules

LAUNCHES = 5
SESSIONS = 5
LOSSES = (0.05, 0.10, 0.15)
STORED_EFFECTS = {
    name: math.log1p(GateRules().minimum_losses[Metric.THROUGHPUT].of(cell))
    for name, cell in zip(NAMES, CELLS, strict=True)
}
PAIR_EFFECTS = EFFECTS
SMALL_EFFECTS = dict.fromkeys(NAMES, math.log(1.03))
ALIKE = Tau(sd=0.0, sessions=1, is_assumed=False)
# A quarter of the cells, with the one that becomes slower.
QUARTER = slice(-7, None)


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Standard deviations of launches, and of sessions: those of all cells, or of each by itself.

    In a `quarter` of the cells sessions differ by another amount. `today` launches, and those of an
    A/B, vary so many times as much.
    """

    launch_sd: float
    tau: float
    is_common: bool = False
    quarter: float | None = None
    today: float = 1.0


NOISES = {
    "1 %, days alike": Noise(launch_sd=0.01, tau=0.0),
    "1 %, days 0.5 %, common": Noise(launch_sd=0.01, tau=0.005, is_common=True),
    "1 %, days 0.5 %": Noise(launch_sd=0.01, tau=0.005),
    "1 %, days 1 %, common": Noise(launch_sd=0.01, tau=0.01, is_common=True),
    "1 %, days 1 %": Noise(launch_sd=0.01, tau=0.01),
    "1 %, days 2 %, common": Noise(launch_sd=0.01, tau=0.02, is_common=True),
    "1 %, days 2 %": Noise(launch_sd=0.01, tau=0.02),
    "2 %, days alike": Noise(launch_sd=0.02, tau=0.0),
    "2 %, days 0.5 %, common": Noise(launch_sd=0.02, tau=0.005, is_common=True),
    "2 %, days 0.5 %": Noise(launch_sd=0.02, tau=0.005),
    "2 %, days 1 %, common": Noise(launch_sd=0.02, tau=0.01, is_common=True),
    "2 %, days 1 %": Noise(launch_sd=0.02, tau=0.01),
    "2 %, days 2 %, common": Noise(launch_sd=0.02, tau=0.02, is_common=True),
    "2 %, days 2 %": Noise(launch_sd=0.02, tau=0.02),
    "1 %, days 0.5 %, a quarter 2 %": Noise(launch_sd=0.01, tau=0.005, quarter=0.02),
    "1 %, today 3 %, days 1 %": Noise(launch_sd=0.01, tau=0.01, today=3.0),
    "1 %, today 5 %, days 1 %": Noise(launch_sd=0.01, tau=0.01, today=5.0),
}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A run beside a baseline of five sessions, and pairs of each cell on the day of the run.

    Logarithms of time: today[cell, launch], sessions[session, cell, launch], pairs[cell, round].
    """

    today: Values
    sessions: Values
    pairs: Values

    def stored(self, sessions: int) -> dict[str, StoredLaunches]:
        """What is compared where the baseline has so many sessions."""
        days = self.sessions[:sessions].tolist()
        return {
            name: StoredLaunches(
                today=tuple(today), sessions=tuple(tuple(day[cell]) for day in days)
            )
            for cell, (name, today) in enumerate(zip(NAMES, self.today.tolist(), strict=True))
        }


def measure(noise: Noise, chance: np.random.Generator) -> Measured:
    """A run in which nothing changed."""
    days = SESSIONS + 1
    tau = np.full((len(CELLS), 1), noise.tau)
    if noise.quarter is not None:
        tau[QUARTER] = noise.quarter
    levels = tau * chance.standard_normal((days, 1 if noise.is_common else len(CELLS), 1))
    launches = noise.launch_sd * chance.standard_normal((days + 2, len(CELLS), LAUNCHES))
    # Today's are the first, then those of an A/B, a side each.
    launches[:3] *= noise.today
    return Measured(
        today=levels[0] + launches[0],
        sessions=levels[1:] + launches[3:],
        pairs=launches[2] - launches[1],
    )


def measured(noise: str, runs: int, loss: float = 0.0) -> Iterator[Measured]:
    """So many runs, the same ones each time, with a loss in one cell."""
    chance = np.random.default_rng(zlib.crc32(noise.encode()))
    for _ in range(runs):
        run = measure(NOISES[noise], chance)
        run.today[SLOWER] += math.log1p(loss)
        run.pairs[SLOWER] += math.log1p(loss)
        yield run


def days_ignored(run: Measured) -> list[bool]:
    """Which cells are slower by 3 % and beyond chance, if days are taken to be alike."""
    verdicts = judge_stored(
        run.stored(1), SMALL_EFFECTS, tau=ALIKE, base=Base.CANNOT_BE_BUILT
    ).values()
    return [
        each.verdict is VerdictKind.REGRESSED or each.doubt is Doubt.SMALL_LOSS for each in verdicts
    ]


def mean_above(run: Measured) -> list[bool]:
    """Which cells are slower by more than 5 % on average."""
    ratios = np.exp(run.today).mean(axis=1) / np.exp(run.sessions[0]).mean(axis=1)
    return list(ratios > 1.05)


def stored_verdicts(run: Measured, sessions: int, base: Base) -> list[StoredVerdict]:
    """Our verdict on each cell beside a baseline of so many sessions."""
    stored = run.stored(sessions)
    tau = session_tau({name: launches.sessions for name, launches in stored.items()})
    return list(judge_stored(stored, STORED_EFFECTS, tau=tau, base=base).values())


def called_stored(sessions: int, kind: VerdictKind = VerdictKind.REGRESSED) -> "Called":
    """Which cells have this verdict beside so many sessions, where no A/B is to be had."""
    return lambda run: [
        each.verdict is kind for each in stored_verdicts(run, sessions, Base.CANNOT_BE_BUILT)
    ]


def called_by_ab(kind: VerdictKind = VerdictKind.REGRESSED) -> "Called":
    """Which cells have this verdict once those that one session left open had an A/B."""

    def called(run: Measured) -> list[bool]:
        stored = stored_verdicts(run, 1, Base.CAN_BE_BUILT)
        open_cells = [cell for cell, verdict in enumerate(stored) if verdict.wants_ab]
        pairs = {NAMES[cell]: run.pairs[cell].tolist() for cell in open_cells}
        confirmed = confirm_stored(pairs, run.stored(1), PAIR_EFFECTS)
        kinds = {name: verdict.verdict for name, verdict in zip(NAMES, stored, strict=True)}
        kinds |= {name: verdict.verdict for name, verdict in confirmed.items()}
        return [each is kind for each in kinds.values()]

    return called


Called = Callable[[Measured], list[bool]]

ONE_SESSION = "one session"
FIVE_SESSIONS = "five sessions"
WITH_AB = "one, and A/B"
OUR_RULES: dict[str, Called] = {
    ONE_SESSION: called_stored(1),
    FIVE_SESSIONS: called_stored(SESSIONS),
    WITH_AB: called_by_ab(),
}
OTHER_RULES: dict[str, Called] = {"days ignored": days_ignored, "mean": mean_above}
RULES = {**OUR_RULES, **OTHER_RULES}


def stored_alarms(called: Called, noise: str, runs: int) -> float:
    """The share of runs without a change in which a cell is called."""
    return float(np.mean([any(called(run)) for run in measured(noise, runs)]))


def stored_finds(called: Called, noise: str, runs: int, loss: float) -> float:
    """The share of runs in which the cell with a loss is called."""
    return float(np.mean([called(run)[SLOWER] for run in measured(noise, runs, loss)]))


def stored_table(runs: int) -> Iterator[str]:
    """A Markdown table, a line at a time: false alarms / losses found, in % of runs."""
    yield row(["launches and days", *RULES])
    yield row([":--", *["--:"] * len(RULES)])
    fewer = max(runs // 4, 1)
    for noise in NOISES:
        ours = [_rates(called, noise, runs, fewer, digits=1) for called in OUR_RULES.values()]
        others = [_rates(called, noise, fewer, fewer, digits=0) for called in OTHER_RULES.values()]
        yield row([noise, *ours, *others])


def _rates(called: Called, noise: str, runs: int, runs_with_loss: int, *, digits: int) -> str:
    alarms = 100 * stored_alarms(called, noise, runs)
    found = [100 * stored_finds(called, noise, runs_with_loss, loss) for loss in LOSSES]
    return " / ".join([f"{alarms:.{digits}f}", *(f"{share:.0f}" for share in found)])
