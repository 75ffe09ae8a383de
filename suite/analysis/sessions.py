"""How launches differ within sessions, and how sessions differ: other days, other levels.

A launch is the logarithm of a time. What makes one day unlike another (heat, a neighbour, a driver
restarted) is the same for all launches of that day, so more of them tell nothing of it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from suite.analysis.moderation import MeasuredVariance, pooled_unless_noisier
from suite.model.gate import StoredLaunches, Tau

Sessions = Sequence[Sequence[float]]

# From so many sessions on, how far they differ is estimated; with fewer it is assumed.
FEWEST_SESSIONS = 5
_ASSUMED = 0.01
# A few sessions that happen to be alike do not show that others will be.
_LEAST = 0.005


def within_sessions(sessions: Sessions) -> MeasuredVariance:
    """Pool the launches of a cell about the means of their sessions."""
    held = [session for session in sessions if session]
    freedom = sum(len(session) - 1 for session in held)
    squares = math.fsum(
        (launch - mean) ** 2
        for session, mean in zip(held, map(fmean, held), strict=True)
        for launch in session
    )
    return MeasuredVariance(variance=squares / freedom if freedom else math.nan, freedom=freedom)


def launch_variance(launches: StoredLaunches) -> MeasuredVariance:
    """The variance of launches within a day; today alone counts if it is noisier."""
    return pooled_unless_noisier(
        within_sessions((launches.today,)), within_sessions(launches.sessions)
    )


def variance_of_means(sessions: Sessions) -> float:
    """How far the means of sessions vary, at least 2, by their levels and by their launches."""
    return within_sessions([[fmean(session) for session in sessions]]).variance


def between_sessions(sessions: Sessions) -> float:
    """The variance of a cell's level between its sessions, at least 2; below 0 by chance at times.

    That of the sessions' means, less what launches make of it: v times the mean of 1/K_j, with a
    launch variance v and K_j launches in session j. Where every session has one launch the two
    cannot be told apart, and all of it counts.
    """
    of_means = variance_of_means(sessions)
    launches = within_sessions(sessions)
    if not launches.freedom:
        return of_means
    return of_means - launches.variance * fmean(1 / len(session) for session in sessions)


def session_tau(cells: Mapping[str, Sessions]) -> Tau:
    """By how much sessions differ, from those of a baseline in which a cell has launches.

    From five sessions on it is the mean variance over the cells that have so many, and 0.5 % at
    least. With fewer it is assumed to be 1 %, or what they show if that is more.
    """
    held = [[session for session in sessions if session] for sessions in cells.values()]
    most = max(map(len, held), default=0)
    is_assumed = most < FEWEST_SESSIONS
    fewest = 2 if is_assumed else FEWEST_SESSIONS
    shown = [between_sessions(sessions) for sessions in held if len(sessions) >= fewest]
    least = _ASSUMED if is_assumed else _LEAST
    squared = max(fmean(shown), least**2) if shown else least**2
    return Tau(sd=math.sqrt(squared), sessions=most, is_assumed=is_assumed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Today less the baseline in a cell: `mean`, and what its squared standard error is made of.

    That is so many `launch_variances`, and so many `session_variances`.
    """

    mean: float
    launch_variances: float
    session_variances: float

    def error(self, launch_variance: float, tau: float) -> float:
        """The standard error for a variance of launches and a standard deviation of sessions."""
        return math.sqrt(self.launch_variances * launch_variance + self.session_variances * tau**2)


def contrast(launches: StoredLaunches) -> Contrast:
    """The mean of today less the mean of the sessions' means; there is a launch in each.

    A session counts once, however many launches it has: with 1/m of the weight each, m sessions of
    K_j launches leave tau^2 / m and v / m^2 times the sum of 1/K_j.
    """
    sessions = launches.sessions
    count = len(sessions)
    return Contrast(
        mean=fmean(launches.today) - fmean(map(fmean, sessions)),
        launch_variances=1 / len(launches.today)
        + sum(1 / len(each) for each in sessions) / count**2,
        session_variances=1 + 1 / count,
    )
