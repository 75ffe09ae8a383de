"""One launch of several ranks: start them, hear each, end all of them as soon as one fails."""

import secrets
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from suite.core.distributed import Distributed, RankLauncher, rank_settings
from suite.core.errors import InputError
from suite.core.launch import FAILURES, Launch, StartedBy
from suite.runner.bounded_log import BoundedLog, last_output
from suite.runner.channel import Progress
from suite.runner.child import with_suite
from suite.runner.command import LaunchOrder, to_arguments
from suite.runner.ranks.command import rank_command
from suite.runner.ranks.link import TOKEN_VARIABLE, Listener
from suite.runner.ranks.session import RankSession
from suite.runner.stop import Stop

# Horovod says which ranks the others wait for, but it looks only as often as it waits, and at
# tensors that it knows already only the second time: after up to four times this share of the
# deadline of a step.
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
    """Execute an order on `order.cell.gpus` ranks and return the record of all of them together.

    `settings` are the environment variables that the cell needs on top of the `environment`. Every
    rank reports by itself: its steps, its result, and by the end of its connection that it is
    gone. The first that fails ends the launch and is named. `on_progress` hears rank 0. A request
    to `stop` is passed on; the ranks agree on their last step. On any exception the ranks are
    ended before it goes on, and where the runner is killed they end themselves, on every host.

    Raises:
        InputError: the log cannot be written, or there is no such network interface.
    """
    began = time.monotonic()
    started_at = datetime.now(timezone.utc).isoformat(timespec="seconds")
    settings = _settings(order, settings, distributed, launcher)
    token = secrets.token_hex(16)
    # Without hosts in the matrix, Slurm may still have given this run several.
    here = not distributed.is_remote and launcher is not RankLauncher.SRUN
    listener = Listener(local=here)
    with listener.socket, BoundedLog(log) as output:
        command = rank_command(
            launcher,
            distributed,
            order.cell.gpus,
            settings,
            ("PYTHONPATH", TOKEN_VARIABLE, *distributed.environment),
            to_arguments(replace(order, report_to=_addresses(listener, distributed))),
        )
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output.writer,
            stderr=output.writer,
            env={**with_suite(environment), **settings, TOKEN_VARIABLE: token},
            start_new_session=True,
        )
        output.writer.close()
        session = RankSession(order, listener.socket, token, process, output, on_progress)
        try:
            with stop.telling(session.ask_to_stop):
                session.hear()
            said = output.text()
        finally:
            session.end()
    launch = session.outcome(launcher.value, said)
    return replace(
        launch,
        output_tail=last_output(log) if launch.status in FAILURES else "",
        started_at=started_at,
        wall_seconds=time.monotonic() - began,
        started_by=StartedBy(launcher.value),
        runner_cpu_seconds=session.cpu_seconds,
    )


def _settings(
    order: LaunchOrder,
    of_cell: Mapping[str, str],
    distributed: Distributed,
    launcher: RankLauncher,
) -> dict[str, str]:
    """The variables that every rank is given, whatever its host has."""
    stall = max(1, round(order.protocol.step_timeout_seconds * _STALL_SHARE))
    settings = {
        "HOROVOD_STALL_CHECK_TIME_SECONDS": str(stall),
        # What the user hands on under the same name counts.
        **{name: value for name, value in of_cell.items() if name not in distributed.environment},
        **rank_settings(launcher, distributed),
    }
    if launcher is RankLauncher.HOROVODRUN:
        settings["PYTHONUNBUFFERED"] = "1"  # or it says who died when it ends itself, seconds later
    return settings


def _addresses(listener: Listener, distributed: Distributed) -> tuple[str, ...]:
    try:
        return listener.addresses(distributed.interface)
    except KeyError:
        raise InputError(f"interface {distributed.interface}: this machine has none such") from None
