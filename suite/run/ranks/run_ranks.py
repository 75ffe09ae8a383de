"""One launch of several ranks: start them, monitor each, and end all as soon as one fails."""

import secrets
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from suite.model.distributed import Distributed, RankLauncher, rank_settings
from suite.model.launch import FAILURES, Launch, StartedBy
from suite.run.bounded_log import BoundedLog, last_output
from suite.run.channel import Progress
from suite.run.order import ORDER_FLAG, LaunchOrder, encode_order
from suite.run.ranks.command import launcher_environment, rank_command
from suite.run.ranks.host_watch import HostWatch
from suite.run.ranks.listener import Listener, host_names, listening_addresses
from suite.run.ranks.monitor import RankMonitor
from suite.run.ranks.token import handed_over
from suite.run.stop import Stop

# Horovod reports which ranks the others wait for, but checks only at this interval, and for tensors
# that it already knows only at the second check: after up to four times this share of the deadline
# of a step.
_STALL_SHARE = 0.1


def run_ranks(
    order: LaunchOrder,
    environment: Mapping[str, str],
    settings: Mapping[str, str],
    distributed: Distributed,
    launcher: RankLauncher,
    log: Path,
    on_progress: Callable[[Progress], None],
    stop: Stop,
) -> Launch:
    """Execute an order on `order.cell.gpus` ranks and return their common record.

    `settings` are the environment variables that the cell needs on top of the `environment`. Every
    rank reports its steps and its result itself; the end of its connection shows that it is gone.
    The first that fails ends the launch and is named. `on_progress` is called for rank 0. A request
    to `stop` is passed on; the ranks agree on their last step. On any exception the ranks are
    ended before it propagates; if the runner is killed they end themselves, on every host.

    Raises:
        InputError: the log cannot be written, or there is no such network interface.
        OSError: a process, a port or the file for the ranks' token cannot be created.
    """
    began = time.monotonic()
    started_at = datetime.now(timezone.utc).isoformat(timespec="seconds")
    settings = _settings(order, settings, distributed, launcher)
    surroundings = {**launcher_environment(environment, distributed), **settings}
    ranks = order.cell.gpus
    hosts = distributed.used_hosts(ranks)
    names = [host.name for host in hosts]
    token = secrets.token_hex(16)
    addresses = listening_addresses(distributed, launcher, ranks, environment)
    with (
        BoundedLog(log) as output,
        closing(Listener(addresses, token, ranks)) as listener,
        handed_over(token, launcher, names, surroundings) as variables,
        closing(HostWatch(names[1:])) as watch,  # the first host is this machine
    ):
        exported = ("PYTHONPATH", *variables, *distributed.environment)
        worker = (ORDER_FLAG, encode_order(replace(order, report_to=listener.addresses)))
        command = rank_command(launcher, distributed, ranks, settings, exported, worker)
        process = _start(command, {**surroundings, **variables}, output)
        try:
            monitor = RankMonitor(order, listener, process, output, watch, on_progress)
        except BaseException:  # no descriptor left, for example
            process.kill()
            process.wait()
            raise
        try:
            with stop.passed_to(monitor.ask_to_stop):
                monitor.wait()
            said = output.text()
        finally:
            monitor.end()
    places = [host_names(host.name) for host in hosts for _ in range(host.slots)]
    launch = monitor.outcome(launcher.value, said, places)
    return replace(
        launch,
        output_tail=last_output(log) if launch.status in FAILURES else "",
        started_at=started_at,
        wall_seconds=time.monotonic() - began,
        started_by=StartedBy(launcher.value),
        runner_cpu_seconds=monitor.cpu_seconds,
    )


def _settings(
    order: LaunchOrder,
    of_cell: Mapping[str, str],
    distributed: Distributed,
    launcher: RankLauncher,
) -> dict[str, str]:
    """The variables that every rank gets, whatever its host's environment."""
    stall = max(1, round(order.protocol.step_timeout_seconds * _STALL_SHARE))
    settings = {
        "HOROVOD_STALL_CHECK_TIME_SECONDS": str(stall),
        # A variable that the user passes on under the same name takes precedence.
        **{name: value for name, value in of_cell.items() if name not in distributed.environment},
        **rank_settings(launcher, distributed),
    }
    if launcher is RankLauncher.HOROVODRUN:
        # Otherwise it reports a death only at its own end, seconds later.
        settings["PYTHONUNBUFFERED"] = "1"
    return settings


def _start(
    command: Sequence[str], environment: Mapping[str, str], output: BoundedLog
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output.writer,
        stderr=output.writer,
        env=environment,
        start_new_session=True,
    )
    output.writer.close()
    return process
