"""What recorded launches tell of the gate: how far they differ, and what loss it finds with them.

The standard deviation of launches decides what loss is found, and twenty launches tell it to within
a quarter or so. They do not tell how often verdicts are wrong, which is stated of the rule instead:
in simulation, replays of twenty launches put a rate of 21 % anywhere from 1 to 55 %.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np

from suite.analysis.ab_look import FEWEST_PAIRS
from suite.analysis.ab_power import Power
from suite.analysis.ab_verdicts import judge_pairs
from suite.analysis.launch_groups import launch_groups
from suite.analysis.moderation import UNVARYING, ModeratedVariance, moderate
from suite.analysis.sessions import FEWEST_SESSIONS, session_tau, within_sessions
from suite.model.ab import Setting, VerdictKind, fixed
from suite.model.selftest import CellSelftest, RecordedLaunches, Replays, Selftest

LAUNCHES_A_SIDE = 5
REPLAYS = 200
# An interval leaves half of this out on either side, and the upper limit of a standard deviation is
# above the true one but for the others.
_OUTSIDE = 0.05
_ABOVE_LIMIT = 0.10
_ABOVE_LIMIT_IF_HEAVY = 0.01
# The kurtosis (3 for a normal distribution) that 5 % of sets of normal launches exceed; 200,000
# sets of each number were simulated.
_KURTOSIS_BY_CHANCE = {
    5: 2.88, 6: 3.28, 7: 3.54, 8: 3.72, 10: 3.94, 12: 4.05, 15: 4.12, 20: 4.15, 25: 4.14, 30: 4.11,
    40: 4.04, 60: 3.94, 100: 3.77, 200: 3.58, 500: 3.37,
}  # fmt: skip


def selftest(
    cells: Mapping[str, RecordedLaunches], minimum_effects: Mapping[str, float]
) -> Selftest:
    """What the launches of a matrix tell, with the minimum effects of an A/B, in logarithms.

    All launches ran on one machine and under the same conditions, so that nothing changed.
    """
    setting = fixed(LAUNCHES_A_SIDE)
    within = {cell: within_sessions(launches.sessions) for cell, launches in cells.items()}
    told = [
        cell for cell, found in within.items() if found.freedom > 1 and found.variance > UNVARYING
    ]
    moderation = moderate(
        [within[cell].variance for cell in told], [within[cell].freedom for cell in told]
    )
    # An A/B of all these cells knows their variance as well as this.
    own = LAUNCHES_A_SIDE - 1
    worth = 0.0 if moderation.prior is None else moderation.prior.freedom
    shared = min(own + worth, own * len(cells))
    tau = session_tau({cell: launches.sessions for cell, launches in cells.items()})
    return Selftest(
        launches_a_side=LAUNCHES_A_SIDE,
        cells={
            cell: _cell_selftest(
                cells[cell],
                minimum_effect=minimum_effects[cell],
                freedom=own if moderated.is_noisier else shared,
                family=len(cells),
                setting=setting,
            )
            for cell, moderated in zip(told, moderation.cells, strict=True)
        },
        untold=tuple(cell for cell in cells if cell not in told),
        replays=_replays(cells, minimum_effects, setting),
        tau=None if tau.is_assumed else tau,
        sessions_missing=max(FEWEST_SESSIONS - tau.sessions, 0),
    )


def _cell_selftest(
    launches: RecordedLaunches,
    *,
    minimum_effect: float,
    freedom: float,
    family: int,
    setting: Setting,
) -> CellSelftest:
    """What the launches of a cell tell that vary; an A/B has its variance with so much freedom."""
    within = within_sessions(launches.sessions)
    # A side may be slower in each A/B by an amount of its own.
    pairs = within_sessions(launches.pairs)
    sd = math.sqrt(within.variance)
    centred = _centred(launches)
    is_heavy = has_heavy_tails(centred)
    above = _ABOVE_LIMIT_IF_HEAVY if is_heavy else _ABOVE_LIMIT
    limit = sd * _factor(within.freedom, 1 - above)

    def smallest_loss(launch_sd: float) -> float:
        return Power(
            spread=ModeratedVariance(variance=2 * launch_sd**2, freedom=freedom),
            pairs=LAUNCHES_A_SIDE,
            minimum_effect=minimum_effect,
            cells=family,
            setting=setting,
        ).smallest_loss()

    return CellSelftest(
        launches=len(centred),
        sessions=len([session for session in launches.sessions if session]),
        minimum_effect=minimum_effect,
        launch_sd=sd,
        sd_interval=(
            sd * _factor(within.freedom, _OUTSIDE / 2),
            sd * _factor(within.freedom, 1 - _OUTSIDE / 2),
        ),
        sd_limit=limit,
        limit_confidence=1 - above,
        has_heavy_tails=is_heavy,
        smallest_loss=smallest_loss(sd),
        smallest_loss_at_limit=smallest_loss(limit),
        paired_sd=(math.sqrt(pairs.variance / 2) if pairs.freedom >= FEWEST_PAIRS - 1 else None),
        groups=launch_groups([math.exp(launch) for launch in centred], ()),
    )


def _factor(freedom: int, probability: float) -> float:
    """What a standard deviation is multiplied by to exceed the true one with this probability.

    The sum of squares over the true variance is chi-squared where launches are normal.
    """
    from scipy.special import chdtri

    return math.sqrt(freedom / float(chdtri(freedom, probability)))


def _centred(launches: RecordedLaunches) -> list[float]:
    """All launches, each less the mean of its session."""
    held = [session for session in launches.sessions if session]
    return [
        launch - mean
        for session, mean in zip(held, map(fmean, held), strict=True)
        for launch in session
    ]


def has_heavy_tails(centred: Sequence[float]) -> bool:
    """Whether launches, of which the mean is taken off, lie far out more often than normal ones.

    By their kurtosis, which 5 % of sets of normal launches exceed. It is seen of Student's t with
    5 degrees of freedom in 24 % of sets of 20 launches, and of t with 3 in 41 %.
    """
    values = np.array(centred)
    kurtosis = float(np.mean(values**4) / np.mean(values**2) ** 2)
    counts, by_chance = list(_KURTOSIS_BY_CHANCE), list(_KURTOSIS_BY_CHANCE.values())
    return kurtosis > float(np.interp(len(values), counts, by_chance))


def _replays(
    cells: Mapping[str, RecordedLaunches],
    minimum_effects: Mapping[str, float],
    setting: Setting,
) -> Replays | None:
    """Deal the launches of each cell into two sides, again and again; the same way each time."""
    both = 2 * LAUNCHES_A_SIDE
    dealt = {
        cell: np.array(centred)
        for cell, launches in cells.items()
        if len(centred := _centred(launches)) >= both
    }
    if not dealt:
        return None
    chance = np.random.default_rng(1)
    alarms = 0
    for _ in range(REPLAYS):
        pairs = {}
        for cell, launches in dealt.items():
            sides = chance.permutation(launches)[:both].reshape(2, LAUNCHES_A_SIDE)
            pairs[cell] = (sides[1] - sides[0]).tolist()
        verdicts = judge_pairs(pairs, minimum_effects, setting).values()
        alarms += any(verdict.verdict is VerdictKind.REGRESSED for verdict in verdicts)
    return Replays(
        runs=REPLAYS,
        alarms=alarms,
        independent=min(map(len, dealt.values())) / both,
    )
