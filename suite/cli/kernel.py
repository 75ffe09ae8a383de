"""`python -m suite.kernels`: a cell or a training by hand, or a worker that answers the runner."""

import json
import os
import socket
import sys
from pathlib import Path

from suite import kernels
from suite.analysis.ranks import RankEnd, merge_ranks
from suite.analysis.summary import launch_summary
from suite.formats.numbers import milliseconds
from suite.machine.devices import detect_machine
from suite.model.device import wrong_type
from suite.model.distributed import Rank, rank_of
from suite.model.errors import ExitCode, InputError
from suite.model.launch import Launch, Status
from suite.model.summary import Summary
from suite.model.text import shown
from suite.run.channel import Progress, Sender, end_with_reader
from suite.run.flag_table import NetworkMode, TrainingMode, given_flags
from suite.run.flags import order_of
from suite.run.labels import labelled
from suite.run.order import ORDER_FLAG, LaunchOrder, decode_order, started_ranks
from suite.run.ranks.hosts import DESCRIBE, describe_host
from suite.run.ranks.link import join_runner, listen_to_runner
from suite.run.worker import execute
from suite.store.data_set import cell_shards
from suite.store.launches import decode_launch, encode_launch, reserve_launch, write_launch


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked for by flags, or by the runner in JSON; returns the exit code.

    Raises:
        SuiteError: it cannot be done, or its record cannot be written.
    """
    given = sys.argv[1:] if arguments is None else arguments
    if given == [DESCRIBE]:
        print(describe_host())
        return int(ExitCode.GOOD)
    if given[:1] == [ORDER_FLAG] and len(given) == 2:
        return carry_out(decode_order(given[1]))
    flags = given_flags(given)
    if isinstance(flags.get("mode"), TrainingMode | NetworkMode):
        from suite.cli.by_hand import by_hand  # workers need none of what it imports

        return by_hand(flags, given)
    return carry_out(order_of(flags, os.environ))


def carry_out(order: LaunchOrder) -> int:
    """Execute an order and answer where it says; returns the exit code.

    Raises:
        SuiteError: the order cannot be executed, or its record cannot be written.
    """
    if order.channel is not None:
        return _answer(order, order.channel)
    if order.report_to:
        return _report(order)
    return _by_hand(order)


def _answer(order: LaunchOrder, channel: int) -> int:
    end_with_reader(channel)
    sender = Sender(channel)
    sender.result(encode_launch(execute(order, sender.progress)))
    return int(ExitCode.GOOD)


def _report(order: LaunchOrder) -> int:
    """The work of one of several ranks, reported to the runner over the network."""
    started_ranks(order.cell.gpus, os.environ)
    connection = join_runner(order.report_to, os.environ, rank_of(os.environ))
    sender = Sender(connection.fileno())
    stop_requested = listen_to_runner(connection, sender)
    sender.result(encode_launch(execute(order, sender.progress, stop_requested)))
    return int(ExitCode.GOOD)


def _by_hand(order: LaunchOrder) -> int:
    if order.cell.reads_records:
        cell_shards(order.cell, order.options.data_dir, order.options.data_idx_dir)
    machine, rank = detect_machine(), rank_of(os.environ)
    own = machine.gpus[rank.local_index] if rank.local_index < len(machine.gpus) else None
    mistake = wrong_type(order.cell, own, machine)
    if mistake is not None:
        raise InputError(f"--gpu: {mistake}")
    results = Path(order.results_dir)
    try:
        results.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--results_dir {results}: {error.strerror}; give another") from None
    # As the runner does for the processes that it starts; the framework is not imported yet.
    framework = kernels.framework(order.cell.kernel)
    os.environ.update(framework.environment(order.cell, on_gpu=bool(machine.gpus)))
    launch = execute(order, _print_phase if rank.index == 0 else _keep_quiet)
    if order.cell.gpus > 1:
        launch = _of_all_ranks(launch, rank)
        if rank.index > 0:
            return int(ExitCode.GOOD)
    launch = labelled(launch, machine, expected=None)
    asked = launch.launch
    launch = reserve_launch(results, launch)
    path = write_launch(results, launch)
    ok, summary = launch.status is Status.OK, launch_summary(launch)
    print(
        _outcome(launch, summary)
        if ok and summary
        else f"{launch.status.value}: {shown(launch.reason)}"
    )
    for caution in launch.cautions:
        print(f"caution: {shown(caution.text)}")
    kept = f" (launch {asked} already has a record, which is kept)"
    print(f"record: {shown(str(path))}{kept if launch.launch != asked else ''}")
    return int(ExitCode.GOOD if ok else ExitCode.CELL_FAILED)


def _of_all_ranks(launch: Launch, rank: Rank) -> Launch:
    """The record of the launch on every rank, once all of them are ok.

    A rank that is not ok ends the launch by exiting: the others would wait for it forever.
    """
    if launch.status is not Status.OK:
        words = f"rank {rank.index}: {launch.status.value}: {shown(launch.reason)}"
        print(words, file=sys.stderr, flush=True)
        os._exit(int(ExitCode.CELL_FAILED))
    told = json.dumps([socket.gethostname(), encode_launch(launch)])
    ends = [json.loads(text) for text in kernels.framework(launch.cell.kernel).gather(told)]
    return merge_ranks(
        [
            RankEnd(index, host, decode_launch(record, f"rank {index}"))
            for index, (host, record) in enumerate(ends)
        ]
    )


def _keep_quiet(_: Progress) -> None:
    """Rank 0 reports for all ranks."""


def _print_phase(progress: Progress) -> None:
    if progress.done == 0:
        print(f"{progress.phase} ...", flush=True)


def _outcome(launch: Launch, summary: Summary) -> str:
    times = {
        "avg": summary.mean_seconds,
        "p50": summary.p50_seconds,
        "p90": summary.p90_seconds,
        "p95": summary.p95_seconds,
        "p99": summary.p99_seconds,
    }
    latencies = ", ".join(f"{name} {milliseconds(seconds)} ms" for name, seconds in times.items())
    return (
        f"{launch.cell.id}: {summary.images_per_second:.2f} img/s (images / elapsed),"
        f" {summary.mean_of_rates:.2f} img/s (mean of rates, as published)\n"
        f"latency of {summary.count} steps: {latencies}"
    )
