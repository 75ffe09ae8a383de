"""The measured cells of a run as tables, for the terminal and for report.md."""

from collections import Counter
from collections.abc import Sequence
from statistics import fmean, median

from suite.core.launch import CautionKind, Launch, Status
from suite.core.run import CellResult, Run
from suite.render.documents import fill_template
from suite.render.numbers import MISSING, duration, milliseconds, rate
from suite.render.plan import protocol_text
from suite.render.tables import Dialect, Table, write_table

_HEADERS = ("cell", "img/s", "avg", "p50", "p90", "p95", "p99", "n", "")
_FULL_HEADERS = (*_HEADERS[:2], "img/s as published", *_HEADERS[2:7], "min", "max", "n", "")

_MARKS = {
    CautionKind.QUICK: ("q", "quick protocol: a first look; run without --quick for real numbers"),
    CautionKind.TRUNCATED: ("t", "truncated: the time cap ended it early, with n samples"),
    CautionKind.OTHER_DEVICE: ("d", "not the device the matrix is for"),
    CautionKind.SIMULATED: ("s", "simulated kernel: the number means nothing"),
}


def results_text(run: Run, results: Sequence[CellResult]) -> str:
    """What a run prints at its end: the table, its marks, and every cell without a number."""
    header = run.header
    table = Table("", _HEADERS, [_row(result) for result in results], left=1)
    parts = [
        f"{header.matrix} on {header.device}",
        write_table(table, Dialect.TERMINAL),
        "img/s = images / elapsed time; avg to p99 = latency of a step in ms; n = measured steps",
        *_legend(results),
    ]
    failures = _failures(run, results)
    if failures:
        parts += ["", *failures]
    return "\n".join(parts)


def report_markdown(run: Run, results: Sequence[CellResult]) -> str:
    """report.md: the conditions, the full table, and how each launch spent its time."""
    return fill_template(
        "report.md.j2",
        run=run,
        protocol=protocol_text(run.header.protocol),
        results=write_table(
            Table("", _FULL_HEADERS, [_full_row(result) for result in results]), Dialect.MARKDOWN
        ),
        legend=_legend(results),
        failures=_failures(run, results),
        launches=write_table(
            Table("", _LAUNCH_HEADERS, [_launch_row(launch) for launch in run.launches]),
            Dialect.MARKDOWN,
        ),
    )


def overhead_text(launches: Sequence[Launch]) -> str:
    """What isolation cost the launches that answered: their time, and the runner's own CPU time."""
    answered = [launch for launch in launches if launch.status is Status.OK]
    if not answered:
        return ""
    spent = [launch.overhead_seconds for launch in answered]
    shares = [
        launch.runner_cpu_seconds / launch.loop_seconds
        for launch in answered
        if launch.loop_seconds
    ]
    text = (
        f"outside build, compile and steps: median {median(spent):.2f} s per launch,"
        f" mean {fmean(spent):.2f} s, longest {max(spent):.2f} s"
    )
    if shares:
        text += (
            f"\nthe runner's own CPU time during steps: median {median(shares):.2%} of a core,"
            f" most {max(shares):.2%}"
        )
    return "\n".join([text, *_starts(answered)])


def _starts(launches: Sequence[Launch]) -> list[str]:
    """How many launches were forked and how many were not, with each reason once."""
    counts = Counter(launch.started_by for launch in launches if launch.started_by)
    starts = ", ".join(f"{count} by {kind.value}" for kind, count in counts.items())
    reasons = dict.fromkeys(launch.fork_refused for launch in launches if launch.fork_refused)
    return [f"started: {starts}"] * bool(starts) + [f"not forked: {text}" for text in reasons]


def _row(result: CellResult) -> tuple[str, ...]:
    full = _full_row(result)
    return (*full[:2], *full[3:8], *full[10:])


def _full_row(result: CellResult) -> tuple[str, ...]:
    summary = result.summary
    if summary is None:
        return (result.cell.id, *[MISSING] * 9, "0", result.status.value.replace("_", " "))
    return (
        result.cell.id,
        rate(summary.images_per_second),
        rate(summary.mean_of_rates),
        milliseconds(summary.mean_seconds),
        milliseconds(summary.p50_seconds),
        milliseconds(summary.p90_seconds),
        milliseconds(summary.p95_seconds),
        milliseconds(summary.p99_seconds),
        milliseconds(summary.min_seconds),
        milliseconds(summary.max_seconds),
        str(summary.count),
        " ".join(dict.fromkeys(_MARKS[caution.kind][0] for caution in result.cautions)),
    )


def _legend(results: Sequence[CellResult]) -> list[str]:
    kinds = dict.fromkeys(caution.kind for result in results for caution in result.cautions)
    return [f"{_MARKS[kind][0]} = {_MARKS[kind][1]}" for kind in kinds]


def _failures(run: Run, results: Sequence[CellResult]) -> list[str]:
    """Every cell that failed and every planned one that has no launch at all."""
    started = {result.cell.id for result in results}
    never = [f"{cell}: not run" for cell in run.header.cells if cell not in started]
    failed = [
        f"{result.cell.id}: {result.status.value.replace('_', ' ')}: {result.reason}"
        for result in results
        if result.status is not Status.OK
    ]
    return failed + never


_LAUNCH_HEADERS = (
    "cell", "launch", "status", "started by", "import s", "build s", "compile s", "warm-up",
    "measured", "wall",
)  # fmt: skip


def _launch_row(launch: Launch) -> tuple[str, ...]:
    startup = launch.startup_seconds
    return (
        launch.cell.id,
        str(launch.launch),
        launch.status.value.replace("_", " "),
        launch.started_by.value if launch.started_by else MISSING,
        *(
            f"{startup[phase]:.1f}" if phase in startup else MISSING
            for phase in ("import", "build", "compile")
        ),
        f"{len(launch.warmup_seconds)} in {duration(sum(launch.warmup_seconds))}",
        f"{len(launch.step_seconds)} in {duration(sum(launch.step_seconds))}",
        duration(launch.wall_seconds),
    )
