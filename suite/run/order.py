"""The order that a worker executes, and its form as JSON."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from urllib.parse import quote, unquote

from suite.kernels.interface import KernelOptions
from suite.model.bounds import Bounds
from suite.model.cell import Cell, Mode, Protocol
from suite.model.distributed import rank_of, unknown_launcher
from suite.model.errors import InputError
from suite.model.evaluation import EvaluationWork
from suite.model.quantities import Count
from suite.model.training_record import TrainingWork
from suite.store.records import SCHEMA_VERSION, decode
from suite.store.text import json_text

# The only flag of a worker that the runner starts; the order in JSON follows it. It is no secret,
# and a command line reaches ranks on other hosts, where neither stdin nor a file of this one does.
ORDER_FLAG = "--order"

_PORTS = Bounds(1, 65_535)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchOrder:
    """Everything that a worker needs: the cell, how to measure it and where to send the result.

    `results_dir` receives the record of a launch made by hand; `channel` is the file descriptor
    on which a worker of the runner reports instead, and `report_to` the addresses
    (`host:port`, any of which may work) at which one of several ranks does. `telemetry` has the
    machine read between steps. With a `training` the cell is not measured but trained by it, and
    with an `evaluation` the network of the options' `weights` is evaluated by it.
    """

    cell: Cell
    protocol: Protocol
    options: KernelOptions
    launch: Count = 0
    results_dir: str = "."
    telemetry: bool = True
    channel: Count | None = None
    report_to: tuple[str, ...] = ()
    training: TrainingWork | None = None
    evaluation: EvaluationWork | None = None

    @property
    def contradiction(self) -> str | None:
        """Why no worker could execute this order; None if one can."""
        for address in self.report_to:
            host, _, port = address.rpartition(":")
            if not re.fullmatch(r"[^\s:]+", host):
                return f"report_to: {address!r} is not host:port"
            try:
                _PORTS.whole(port)
            except ValueError as error:
                return f"report_to: {error}"
        if self.training is not None and self.training.training.cell != self.cell:
            return "training: has another cell than the order"
        if self.options.weights is not None and self.cell.mode is Mode.TRAINING:
            return "options.weights: a training begins with new ones"
        if self.evaluation is not None and self.options.weights is None:
            return "evaluation: of a network whose file is not given in options.weights"
        return self.cell.contradiction


def encode_order(order: LaunchOrder) -> str:
    """One line of JSON in ASCII, from which `decode_order` makes an equal order."""
    return json_text({"schema_version": SCHEMA_VERSION, **asdict(quoted(order))})


def decode_order(text: str) -> LaunchOrder:
    """The order that `encode_order` wrote.

    Raises:
        InputError: another version, or an unknown, missing or impossible field.
    """
    return unquoted(decode(LaunchOrder, text, ORDER_FLAG))


def started_ranks(wanted: int | None, environment: Mapping[str, str]) -> int:
    """The ranks of this launch by the environment of one of them, which must be as many as wanted.

    Raises:
        InputError: they are not, or this is one of several processes that are no ranks.
    """
    stray = unknown_launcher(environment)
    if stray is not None:
        variable = stray.partition("=")[0]
        raise InputError(
            f"{stray} says that this is one of several processes, which would measure at once;"
            " start ranks with Open MPI's mpirun, horovodrun or srun, or unset"
            f" {variable} for a single process"
        )
    started = rank_of(environment).size
    if wanted not in {None, started}:
        raise InputError(
            f"--gpus {wanted} needs {wanted} ranks, but {started} was started; start it with"
            f" mpirun -np {wanted}"
        )
    return started


def quoted(order: LaunchOrder) -> LaunchOrder:
    """The order with paths in characters that JSON has, also where their bytes are not UTF-8."""
    return _with_paths(order, partial(quote, errors="surrogateescape"))


def unquoted(order: LaunchOrder) -> LaunchOrder:
    """The order with the paths of which `quoted` made others: `/data/%FF`."""
    return _with_paths(order, partial(unquote, errors="surrogateescape"))


def _with_paths(order: LaunchOrder, change: Callable[[str], str]) -> LaunchOrder:
    """The order with each of its paths changed."""
    options, training, evaluation = order.options, order.training, order.evaluation
    return replace(
        order,
        results_dir=change(order.results_dir),
        training=training and replace(training, directory=change(training.directory)),
        evaluation=evaluation and replace(evaluation, directory=change(evaluation.directory)),
        options=replace(
            options,
            weights=None if options.weights is None else change(options.weights),
            data_dir=None if options.data_dir is None else change(options.data_dir),
            data_idx_dir=None if options.data_idx_dir is None else change(options.data_idx_dir),
        ),
    )
