"""`bench.py gate`: a run beside a stored baseline, and what is open measured again in pairs."""

import argparse
import reprlib
from pathlib import Path

from suite import kernels
from suite.analysis.comparability import forbidding, header_differences
from suite.analysis.gate import CONFIRMING_ROUNDS, Confirmation, Gate, gate_report
from suite.cli.ab import write_ab
from suite.cli.ab_measuring import MeasuredAb, measured_ab, unfinished
from suite.cli.ab_sides import parse_side
from suite.cli.github import tell_github
from suite.cli.newest_run import newest_run
from suite.cli.parser import REPORTS, make_parser
from suite.cli.terminal import text_width
from suite.cli.whole_parts import read_whole_parts
from suite.formats.differences import change_words
from suite.formats.gate import gate_json, gate_markdown, gate_text
from suite.formats.gate_explain import explained_cell
from suite.formats.gate_junit import gate_cases, gate_xml
from suite.formats.tables import folded_command
from suite.machine.devices import detect_machine
from suite.machine.environment import fingerprint
from suite.model.ab import VerdictKind, fixed
from suite.model.errors import ExitCode, InputError, NotComparableError, SuiteError
from suite.model.gate_report import BaseKind, GateReport
from suite.model.rules import GateRules
from suite.model.run import Run, RunHeader
from suite.model.text import bench, shown
from suite.store.baselines import read_baseline
from suite.store.nearest import nearest
from suite.store.rules import read_rules
from suite.store.runs import read_run
from suite.store.text import make_folder, write_text


def run(arguments: argparse.Namespace) -> ExitCode:
    """Compare, judge, measure again if asked to, and write; exit 1 only for what is shown."""
    if arguments.action is not None:
        from suite.cli import gate_selftest

        return gate_selftest.run(arguments)
    _check_flags(arguments)
    gate, directory = _gate(arguments)
    report = gate_report(gate)
    if arguments.explain is not None:
        _check_gated(report, arguments.explain)
    measured = None
    if arguments.ab is not None:
        report = gate_report(gate, _confirmation(gate, arguments.ab))
    elif arguments.confirm:
        report, measured = _confirmed(gate, report, arguments, directory)
    if arguments.explain is not None:
        print(explained_cell(report, arguments.explain, text_width()))
    else:
        _show_and_write(report, arguments.out or directory, strict=arguments.strict)
    if measured is not None and (why := unfinished(measured)) is not None:
        print(why)
    if measured is not None and measured.stopped_by is not None:
        return ExitCode.INTERRUPTED
    return _exit_code(report, strict=arguments.strict)


def _check_flags(arguments: argparse.Namespace) -> None:
    """Check the flags that say nothing without another, or contradict it, and the base."""
    if arguments.baseline is None:
        raise InputError("give the baseline: --baseline FILE, or a run directory")
    if arguments.ab is not None and arguments.confirm:
        raise InputError("--confirm measures an A/B and --ab names one; give one of them")
    of_confirm = {
        "--resume": arguments.resume is not None,
        "--max-time": arguments.max_time is not None,
        "--wait": arguments.wait,
    }
    for flag, is_given in of_confirm.items():
        if is_given and not arguments.confirm:
            raise InputError(f"{flag} is about the A/B of --confirm; give --confirm too")
    for side in () if arguments.base == ["none"] else arguments.base:
        what, equals, _ = side.partition("=")
        if not equals or not (what in {"ref", "python"} or what.startswith("env:")):
            raise InputError(
                f"--base {reprlib.repr(side)}: no other code or software; give ref=REVISION,"
                " python=PATH or env:NAME=VALUE, or none alone"
            )
    if arguments.base and arguments.base != ["none"]:
        parse_side("base", arguments.base)


def _gate(arguments: argparse.Namespace) -> tuple[Gate, Path]:
    """What is compared with what, and the directory of the run."""
    baseline = read_baseline(arguments.baseline)
    rules = GateRules() if arguments.rules is None else read_rules(arguments.rules)
    directory = arguments.run_directory or newest_run(REPORTS)
    run = read_whole_parts(directory)
    if any(session.started_at == run.header.started_at for session in baseline.sessions):
        raise InputError(
            f"{arguments.baseline}: holds the run {directory} itself, which would pass in any case;"
            " give an earlier baseline"
        )
    cells = {each.cell.id for session in baseline.sessions for each in session.cells}
    if rules.canary is not None and rules.canary not in {*cells, *run.header.cells}:
        raise InputError(
            f"{arguments.rules}: canary: {shown(rules.canary)}: no cell of the baseline or the run;"
            f" {nearest(rules.canary, sorted(cells))}"
        )
    gate = Gate(
        run=run,
        run_name=str(directory),
        baseline=baseline,
        baseline_name=str(arguments.baseline),
        rules=rules,
        given_base=tuple(arguments.base),
        ab_words=_ab_words(run.header),
    )
    return gate, directory


def _ab_words(header: RunHeader) -> tuple[str, ...]:
    """The words that begin an A/B of a run's matrix; none where the run does not tell its command.

    Single cells are left out: an A/B has cells of its own.
    """
    if header.command[:1] != ("run",):
        return ()
    try:
        began = make_parser().parse_args(list(header.command))
    except (SuiteError, SystemExit):  # by an earlier version, with other flags
        return ()
    words = ["ab", str(began.matrix)]
    words += ["--only", began.only] if began.only else []
    words += [word for setting in began.settings for word in ("--set", setting)]
    words += ["--quick"] if began.quick else []
    if began.lock_clocks is not None:
        words += ["--lock-clocks"] + ([] if began.lock_clocks is True else [str(began.lock_clocks)])
    for name in ("data_dir", "data_idx_dir"):
        folder = getattr(began, name)
        words += [f"--{name}", str(folder)] if folder else []
    return tuple(words)


def _confirmed(
    gate: Gate, report: GateReport, arguments: argparse.Namespace, directory: Path
) -> tuple[GateReport, MeasuredAb | None]:
    """The report after an A/B of what is open, and that A/B; None where none was measured."""
    if not report.open_cells:
        return report, None
    if report.base.kind is BaseKind.ABSENT:
        print(f"nothing to measure again: {shown(report.base.why)}", flush=True)
        return report, None
    if report.base.kind is BaseKind.NAMED:
        sides = " ".join(f"--base {side}" for side in report.base.differs)
        raise InputError(f"--confirm: name the other side, {shown(report.base.why)}: {sides}")
    if not report.confirm_command:
        raise InputError(
            f"{gate.run_name}: does not tell the command that began it, so its cells cannot be"
            " measured again; run the matrix anew"
        )
    _check_code(gate.run)
    words = [*report.confirm_command, "--out", str(directory.parent)]
    if arguments.resume is not None:
        words += ["--resume", str(arguments.resume)]
    if arguments.max_time is not None:
        words += ["--max-time", f"{arguments.max_time:.0f}s"]
    words += ["--wait"] if arguments.wait else []
    told = folded_command(bench(*words), text_width(), "  ")
    print(f"measuring what is open:\n{told}\n", flush=True)
    parsed = make_parser().parse_args(words)
    parsed.command = tuple(words)
    with measured_ab(parsed, fixed(CONFIRMING_ROUNDS)) as measured:
        print()
        write_ab(measured.report, measured.folder, strict=arguments.strict)
        confirmation = _confirmation(gate, measured.folder)
        return gate_report(gate, confirmation), measured


def _check_code(run: Run) -> None:
    """Check that this checkout is the one that the run measured: it is one side of the A/B."""
    now = fingerprint(detect_machine(), kernels.packages())["code"]
    then = run.header.environment.get("code")
    if now != then:
        raise NotComparableError(
            f"this checkout (code {now}) is not the one that the run measured ({then}); check that"
            " one out, or run the matrix again"
        )


def _confirmation(gate: Gate, folder: Path) -> Confirmation:
    """The pairs in the directory of an A/B, once it is clear that its sides are those compared.

    Raises:
        InputError: it is no directory of an A/B.
        NotComparableError: a side is other code or software than the baseline or the run.
    """
    base, today = read_run(folder / "a"), read_run(folder / "b")
    for name, side, header, allowed in (
        ("a", base, gate.baseline.header, gate.rules.allowed),
        ("b", today, gate.run.header, ()),
    ):
        differences = header_differences(header, side.header)
        found = list(forbidding(differences, allowed))
        if not (name == "a" and gate.given_base):
            found += [each for each in differences if each.name == "code"]
        if found:
            told = ", ".join(map(change_words, found))
            of = gate.baseline_name if name == "a" else gate.run_name
            raise NotComparableError(f"{folder}: its side {name} is not that of {of}: {told}")
    return Confirmation(directory=str(folder), base=base, today=today)


def _check_gated(report: GateReport, cell_id: str) -> None:
    known = list(dict.fromkeys(cell.cell_id for cell in report.cells))
    if cell_id not in known:
        raise InputError(
            f"--explain {shown(cell_id)}: no such gated cell; {nearest(cell_id, known)}"
        )


def _show_and_write(report: GateReport, folder: Path, *, strict: bool) -> None:
    """The report on stdout, and as files."""
    print(gate_text(report, text_width()))
    make_folder(folder)
    files = {
        "gate.md": gate_markdown(report),
        "gate.json": gate_json(report),
        "gate.xml": gate_xml(report, strict=strict),
    }
    for name, text in files.items():
        write_text(folder / name, text)
    print(f"\nwritten to {shown(str(folder))}: {', '.join(files)}")
    tell_github(lambda: files["gate.md"], cases=gate_cases(report, strict=strict))


def _exit_code(report: GateReport, *, strict: bool) -> ExitCode:
    """A regression counts for most, then what failed, then what was not compared, then doubt."""
    if report.count(VerdictKind.REGRESSED):
        return ExitCode.REGRESSION
    if report.lost:
        return ExitCode.CELL_FAILED
    if report.forbidding:
        return ExitCode.NOT_COMPARABLE
    is_unclear = strict and report.count(VerdictKind.INCONCLUSIVE)
    return ExitCode.INCONCLUSIVE if is_unclear else ExitCode.GOOD
