"""`bench.py evaluate`: the accuracy of a trained network, and whether its variants agree."""

import argparse
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from suite.analysis.evaluation import (
    agrees,
    evaluated_variant,
    is_within,
    published_top1,
    variants_of,
)
from suite.cli.evaluation_progress import EvaluationProgress
from suite.cli.headers import directory_name, new_header
from suite.cli.terminal import text_width
from suite.cli.training_start import STARTUP_SECONDS, STEP_SECONDS, split_of
from suite.formats.evaluation import evaluation_text
from suite.formats.tables import paragraph
from suite.kernels.interface import KernelOptions
from suite.machine.devices import detect_machine
from suite.model.cell import (
    MOST_STEP_TIMES,
    Cell,
    Data,
    Graph,
    KernelName,
    Layout,
    Mode,
    Precision,
    Protocol,
)
from suite.model.device import Machine, labelling_machine
from suite.model.errors import ExitCode, InputError, UnfinishedError
from suite.model.evaluation import EvaluatedVariant, EvaluationReport, EvaluationWork
from suite.model.launch import Launch, Status
from suite.model.matrix import Matrix
from suite.model.run import RunHeader
from suite.model.text import bench, shown
from suite.model.trained_network import TrainedNetwork
from suite.model.training_record import Split
from suite.run.locks import hold_devices, locks_for
from suite.run.plan import PlannedLaunch, plan_launches
from suite.run.session import Conduct, run_session
from suite.run.stop import Stop
from suite.store.dali_index import check_index
from suite.store.evaluation_settings import EvaluationCell, evaluation_cell
from suite.store.evaluations import REPORT, create_evaluation, read_result, write_report
from suite.store.tfrecords import SPLITS, list_shards
from suite.store.trained_networks import find_network

# What --agreement varies by itself.
_VARIED = ("xla", "xla_mode", "layout", "graph")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Evaluate and report; exit 3 if a cell failed or a variant is outside its tolerance."""
    network = find_network(arguments.training)
    chosen = evaluation_cell(network, arguments.precision, arguments.settings)
    cells = _agreeing(arguments, chosen) if arguments.agreement else (chosen.cell,)
    options = _options(arguments, network, cells[0])
    matrix = _matrix(network, cells, chosen)
    machine = detect_machine()
    planned = plan_launches(matrix, machine, options).launches
    if planned[0].skip_reason is not None:
        raise InputError(
            f"{arguments.training}: cannot be evaluated here: {planned[0].skip_reason}"
        )
    on_wait = _say_waiting if arguments.wait else None
    with hold_devices(locks_for(cells, machine), on_wait) as announce, Stop() as stop:
        header = replace(new_header(matrix, options, machine, {}), command=arguments.command)
        name = directory_name(header, labelling_machine(cells, machine))
        directory = create_evaluation(arguments.out / f"{name}-evaluation")
        announce(directory)
        launches = _evaluated(planned, matrix, machine, directory, stop)
    if stop.by is not None:
        print(f"not finished (stopped by {stop.by}): no report is made; evaluate again")
        return ExitCode.INTERRUPTED
    report = _report(network, header, options, launches, directory)
    write_report(directory, report)
    print(f"\n{evaluation_text(report, text_width())}")
    held = ", ".join([REPORT, "evaluations/", "cells/"])
    print(paragraph(f"evaluation directory: {shown(str(directory))} ({held})", text_width()))
    return _exit_code(report)


def _agreeing(arguments: argparse.Namespace, chosen: EvaluationCell) -> tuple[Cell, ...]:
    """FP32 and its variants.

    Raises:
        InputError: a flag chooses one of what is all evaluated.
    """
    own = ["--precision"] * (arguments.precision is not None)
    own += [f"--set {name}" for name in chosen.settings if name in _VARIED]
    if own:
        raise InputError(f"{own[0]}: is varied by --agreement; leave one of the two out")
    plain = replace(
        chosen.cell,
        precision=Precision.FP32,
        xla=False,
        layout=Layout.NHWC,
        graph=Graph.EVALUATION,
    )
    return variants_of(plain)


def _options(arguments: argparse.Namespace, network: TrainedNetwork, cell: Cell) -> KernelOptions:
    """The folders of the records.

    Raises:
        InputError: a folder is missing, has no use, or holds no such records.
    """
    data_dir, data_idx_dir = arguments.data_dir, arguments.data_idx_dir
    if cell.kernel is KernelName.SIMULATED:
        for name in ("data_dir", "data_idx_dir"):
            if getattr(arguments, name):
                raise InputError(f"{network.name}: reads no records; leave out --{name}")
        return KernelOptions()
    if not data_dir:
        raise InputError(
            f"{network.name}: is evaluated on records; give --data_dir DIR with validation-* shards"
        )
    shards = list_shards(Path(data_dir), SPLITS[Mode.INFERENCE])
    if cell.data is Data.DALI:
        if not data_idx_dir:
            make = bench("data", "index", data_dir)
            raise InputError(
                f"{network.name}: DALI needs --data_idx_dir DIR, made with: {make}; or add --set"
                " data=tfrecord"
            )
        for shard in shards:
            check_index(shard, Path(data_idx_dir))
    elif data_idx_dir:
        raise InputError(
            f"{network.name}: only DALI reads --data_idx_dir; leave it out, or add --set data=dali"
        )
    return KernelOptions(data_dir=data_dir, data_idx_dir=data_idx_dir)


def _matrix(network: TrainedNetwork, cells: tuple[Cell, ...], chosen: EvaluationCell) -> Matrix:
    """The cells as a matrix of their own, for what launches are planned by."""
    return Matrix(
        name=network.name,
        purpose="the accuracy of a trained network",
        device=None,
        reference=None,
        protocol=Protocol(
            warmup_steps=0,
            measured_steps=MOST_STEP_TIMES,
            startup_timeout_seconds=STARTUP_SECONDS,
            step_timeout_seconds=STEP_SECONDS,
        ),
        cells=cells,
        reading=chosen.reading,
        weights=replace(network, path=str(Path(network.path).resolve())),
    )


def _evaluated(
    planned: Sequence[PlannedLaunch],
    matrix: Matrix,
    machine: Machine,
    directory: Path,
    stop: Stop,
) -> list[Launch]:
    """The launches, until the last one or a request to stop."""
    work = EvaluationWork(directory=str(directory.resolve()))
    ordered = [
        replace(each, order=replace(each.order, evaluation=work, telemetry=False))
        for each in planned
    ]
    progress, launches = EvaluationProgress(), []
    try:
        with progress, stop.passed_to(progress.on_stop), suppress(KeyboardInterrupt):
            for launch in run_session(
                ordered, matrix, machine, directory, progress.on_progress, Conduct(stop=stop)
            ):
                progress.on_finished(launch)
                launches.append(launch)
    except InputError as error:
        raise UnfinishedError(f"{error}; what was written before is kept") from None
    return launches


def _report(
    network: TrainedNetwork,
    header: RunHeader,
    options: KernelOptions,
    launches: Sequence[Launch],
    directory: Path,
) -> EvaluationReport:
    """All that came of it.

    Raises:
        InputError: the worker refused the network or the records.
    """
    results = [read_result(directory, launch.cell.id) for launch in launches]
    for result in results:
        if result is not None and result.refused:
            raise InputError(f"{result.refused}; nothing was evaluated")
    found = [result.classified if result else None for result in results]
    base = found[0] if len(found) > 1 else None
    variants = tuple(
        evaluated_variant(launch, classified, base if classified is not found[0] else None)
        for launch, classified in zip(launches, found, strict=True)
    )
    first = variants[0]
    published = published_top1(network, first.cell)
    return EvaluationReport(
        network=network,
        device=header.device,
        started_at=header.started_at,
        machine=header.machine,
        environment=header.environment,
        data={name: _folder(header, name) for name in ("data_dir", "data_idx_dir")},
        variants=variants,
        split_is_same=_split_is_same(network, options),
        published_top1=published,
        published_within=is_within(published, first.accuracy),
        agrees=agrees(variants) if base else None,
        command=header.command,
    )


def _folder(header: RunHeader, name: str) -> str | None:
    value = (header.data or {}).get(name)
    return None if value is None else str(value)


def _split_is_same(network: TrainedNetwork, options: KernelOptions) -> bool | None:
    """Whether the training had a validation split of these shards; None where that is not known."""
    before = network.header.splits.get(SPLITS[Mode.INFERENCE]) if network.header else None
    if before is None or options.data_dir is None:
        return None
    now: Split = split_of(list_shards(Path(options.data_dir), SPLITS[Mode.INFERENCE]))
    return before == now


def _exit_code(report: EvaluationReport) -> ExitCode:
    if any(_has_failed(variant) for variant in report.variants) or report.agrees is False:
        return ExitCode.CELL_FAILED
    return ExitCode.GOOD


def _has_failed(variant: EvaluatedVariant) -> bool:
    return variant.status not in {Status.OK, Status.SKIPPED}


def _say_waiting(text: str) -> None:
    print(f"waiting: {shown(text)}", flush=True)
