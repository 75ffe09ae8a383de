"""Likely causes of what a run shows, each with the numbers that speak for it and what to try.

A hint is given only where its evidence is beyond what launches vary by on a healthy machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean, median

from pydantic import TypeAdapter, ValidationError

from suite.analysis.evidence import MeasuredCell, counted, measured_cells
from suite.analysis.input_wait import INPUT_BOUND_SHARE
from suite.analysis.machine_hints import (
    cpu_quota,
    foreign_process,
    memory_nearly_full,
    throttled,
)
from suite.analysis.paired_cells import Pair, doublings, first_faster, pairs
from suite.model.cell import Cell, Data, Graph, Mode, Precision
from suite.model.device import BFLOAT16_FEATURES, Machine
from suite.model.facts import COPIED_INSIDE, Facts
from suite.model.launch import CautionKind
from suite.model.report import Hint, HintKind, LaunchRow
from suite.model.run import CellResult, RunHeader

# Steps of twice the images or more take at most this many times as long if three quarters of the
# smaller step, or more, do not depend on its images. By this measure the published V100 is flat up
# to batch 4 in mixed precision (4.25, 4.32 and 4.26 ms), and the published T4 in FP32 nowhere
# (7.34, 9.29 and 13.83 ms).
FLAT = 1.25
# How fast a driver copies memory that is not pinned, as steps of evaluation have it: an H100 behind
# PCIe 5 was idle for 19 and 21 ms of steps with 154 MB.
_COPIED_BYTES_PER_SECOND = 8e9
# A GPU that was idle for less of a step has little to gain.
_LEAST_IDLE = 0.25
# Of the idle time, so that the copy is its first cause.
_LEAST_COPYING = 0.5
# Of Volta, the first architecture with tensor cores.
_TENSOR_CORES = (7, 0)


def hints(
    header: RunHeader, cells: Mapping[str, CellResult], launches: Sequence[LaunchRow]
) -> tuple[Hint, ...]:
    """The hints of a run, one of a kind at most, in the order of their kinds."""
    measured = measured_cells(cells, launches)
    machine = recorded_machine(header)
    found = (
        _host_bound(measured),
        _input_bound(measured),
        _copy_bound(measured),
        throttled(measured),
        _amp_slower(measured, machine),
        _xla_slower(measured),
        foreign_process(launches),
        _launches_disagree(measured),
        memory_nearly_full(measured, machine),
        cpu_quota(measured, machine),
        _onednn_off(measured),
    )
    return tuple(hint for hint in found if hint is not None)


def recorded_machine(header: RunHeader) -> Machine | None:
    """The machine of a run; None if its record has less than is known of machines now."""
    try:
        return TypeAdapter(Machine).validate_python(header.machine)
    except ValidationError:
        return None


def _host_bound(cells: Sequence[MeasuredCell]) -> Hint | None:
    flat = [
        pair
        for pair in doublings(cells)
        if max(pair.cell.median_steps) <= FLAT * min(pair.base.median_steps)
    ]
    if not flat:
        return None
    said = [
        f"{pair.base.id} takes {_milliseconds(pair.base)} a step, batch"
        f" {pair.cell.cell.batch_size} takes {_milliseconds(pair.cell)}"
        for pair in flat
    ]
    busy = [
        gauge.mean
        for pair in flat
        for row in pair.base.launches
        for process in row.telemetry
        if (gauge := process.telemetry.gauges.get("gpu_utilisation_percent"))
    ]
    return Hint(
        kind=HintKind.HOST_BOUND,
        cells=tuple(pair.base.id for pair in flat),
        evidence=counted(said)
        + (f"; the GPU computed {fmean(busy):.0f}% of the time" if busy else ""),
        remedy="use a larger batch, which takes little longer" + _fewer_operations(flat),
    )


def _fewer_operations(flat: Sequence[Pair]) -> str:
    """What these cells do not have yet of what spares the host work."""
    cells = [pair.base.cell for pair in flat]
    ways = [
        *["xla: true"] * any(not cell.xla for cell in cells),
        *["graph: frozen"]
        * any(cell.mode is Mode.INFERENCE and cell.graph is not Graph.FROZEN for cell in cells),
    ]
    return f"; or give a step fewer operations by {' or '.join(ways)}" if ways else ""


def _input_bound(cells: Sequence[MeasuredCell]) -> Hint | None:
    shares = {
        each.id: max(row.record.conditions.input_wait_share or 0.0 for row in each.launches)
        for each in cells
    }
    waiting = [each for each in cells if shares[each.id] > INPUT_BOUND_SHARE]
    if not waiting:
        return None
    by_tf_data = any(each.cell.data is Data.TFRECORD for each in waiting)
    return Hint(
        kind=HintKind.INPUT_BOUND,
        cells=tuple(each.id for each in waiting),
        evidence=counted([f"{each.id}: {shares[each.id]:.0%} of its time" for each in waiting]),
        remedy="decode with data: dali on a GPU, " * by_tf_data + CautionKind.INPUT_BOUND.remedy,
    )


def _copy_bound(cells: Sequence[MeasuredCell]) -> Hint | None:
    """Evaluation on a GPU that is idle about as long as the copy of its images takes."""
    said = {}
    for each in cells:
        cell = each.cell
        batch_bytes = cell.batch_size * cell.image_size**2 * 3 * 4
        copy_seconds = batch_bytes / _COPIED_BYTES_PER_SECOND
        for row in each.launches:
            busy = [
                gauge.mean
                for process in row.telemetry
                if (gauge := process.telemetry.gauges.get("gpu_utilisation_percent"))
            ]
            if not busy or row.record.conditions.input_staging != COPIED_INSIDE:
                continue
            idle = 1 - fmean(busy) / 100
            idle_seconds = idle * max(each.median_steps)
            if idle >= _LEAST_IDLE and copy_seconds >= _LEAST_COPYING * idle_seconds:
                said[each.id] = (
                    f"{each.id}: {batch_bytes / 1e6:.0f} MB a step of {_milliseconds(each)}, in"
                    f" which the GPU computed {fmean(busy):.0f}% of the time"
                )
    if not said:
        return None
    return Hint(
        kind=HintKind.COPY_BOUND,
        cells=tuple(said),
        evidence=counted(list(said.values())),
        remedy="leave it in to compare with published tables, which include it; data:"
        " synthetic_device shows the computation alone",
    )


def _amp_slower(cells: Sequence[MeasuredCell], machine: Machine | None) -> Hint | None:
    def in_fp32(cell: Cell) -> Cell | None:
        return replace(cell, precision=Precision.FP32) if cell.precision is Precision.AMP else None

    every = pairs(cells, in_fp32)
    slow = [pair for pair in every if pair.is_slower]
    if not slow:
        return None
    cause, remedy = _why_amp_is_slow(slow, machine)
    return Hint(
        kind=HintKind.AMP_SLOWER,
        cells=tuple(pair.cell.id for pair in slow),
        evidence="; ".join([_slowdown(slow, every, "FP32"), *([cause] if cause else [])]),
        remedy=remedy,
    )


def _why_amp_is_slow(slow: Sequence[Pair], machine: Machine | None) -> tuple[str, str]:
    """What the machine lacks for AMP, empty if nothing is known to be lacking; and what to try."""
    on_cpu = all(_facts(pair.cell).device_type == "CPU" for pair in slow)
    widened = any(
        caution.kind is CautionKind.WIDENED
        for pair in slow
        for caution in pair.cell.result.cautions
    )
    # Without any instruction set that has a name here it may be a processor of another make.
    if on_cpu and machine is not None and machine.cpu.features and not machine.cpu.native_bfloat16:
        lacking = " nor ".join(BFLOAT16_FEATURES)
        cause = f"the CPU has neither {lacking}, so bfloat16 is emulated"
        return cause, "use fp32 on this CPU"
    if on_cpu and widened:
        return "XLA computed bfloat16 in float32", "use fp32 on this CPU, or amp without XLA"
    if on_cpu:
        return "", "use fp32 on this CPU, or try a larger batch"
    old = [
        gpu
        for gpu in (machine.gpus if machine is not None else ())
        if gpu.name in {row.record.device for pair in slow for row in pair.cell.launches}
        and gpu.compute_capability is not None
        and gpu.compute_capability < _TENSOR_CORES
    ]
    if old:
        version = ".".join(map(str, old[0].compute_capability or ()))
        cause = f"a GPU of compute capability {version} has no tensor cores, which came with 7.0"
        return cause, "use fp32 on this GPU"
    return "", "use a larger batch: a small one gives tensor cores little to gain; or use fp32"


def _xla_slower(cells: Sequence[MeasuredCell]) -> Hint | None:
    def without_xla(cell: Cell) -> Cell | None:
        return replace(cell, xla=False) if cell.xla else None

    every = pairs(cells, without_xla)
    slow = [pair for pair in every if pair.is_slower]
    if not slow:
        return None
    compiling, before = (
        [
            row.record.startup_seconds["compile"]
            for each in side
            for row in each.launches
            if "compile" in row.record.startup_seconds
        ]
        for side in ([pair.cell for pair in slow], [pair.base for pair in slow])
    )
    costs = (
        [f"compiling took {median(compiling):.1f} s with it, {median(before):.1f} s without"]
        if compiling and before
        else []
    )
    by_onednn = {_facts(pair.base).onednn_operations for pair in slow} - {0, None}
    if by_onednn and all(_facts(pair.cell).onednn_operations == 0 for pair in slow):
        costs.append("without it oneDNN computes part of a step, with it nothing")
    return Hint(
        kind=HintKind.XLA_SLOWER,
        cells=tuple(pair.cell.id for pair in slow),
        evidence="; ".join([_slowdown(slow, every, "the same without XLA"), *costs]),
        remedy="use xla: false here, or try the other xla_mode",
    )


def _slowdown(slow: Sequence[Pair], every: Sequence[Pair], base: str) -> str:
    """How much slower, in which of the cells most, and from which batch on they are faster."""
    ordered = sorted(slow, key=lambda pair: pair.ratio)
    worst, least = ordered[0], ordered[-1]
    span = dict.fromkeys(f"{pair.ratio:.2f}x" for pair in (worst, least))
    rates = (each.summary.images_per_second for each in (worst.cell, worst.base))
    text = (
        f"{' to '.join(span)} the images/s of {base} in {len(slow)} of {len(every)} cells, least"
        f" in {worst.cell.id} ({' against '.join(f'{rate:.4g}' for rate in rates)} img/s)"
    )
    faster = first_faster(least, every)
    if faster is None:
        return text
    return f"{text}; {faster.cell.id} is faster, {faster.ratio:.2f}x"


def _launches_disagree(cells: Sequence[MeasuredCell]) -> Hint | None:
    unlike = [
        each
        for each in cells
        if any(found.kind is CautionKind.UNLIKE_SIBLINGS for found in each.result.cautions)
    ]
    if not unlike:
        return None
    said = []
    for each in unlike:
        rates = [row.summary.images_per_second for row in each.launches if row.summary]
        said.append(f"{each.id}: {len(rates)} launches, {min(rates):.4g} to {max(rates):.4g} img/s")
    return Hint(
        kind=HintKind.LAUNCHES_DISAGREE,
        cells=tuple(each.id for each in unlike),
        evidence=counted(said),
        remedy=f"{CautionKind.UNLIKE_SIBLINGS.remedy}; more launches show how often each level"
        " occurs",
    )


def _onednn_off(cells: Sequence[MeasuredCell]) -> Hint | None:
    without = [each for each in cells if _facts(each).onednn_remedy]
    if not without:
        return None
    return Hint(
        kind=HintKind.ONEDNN_OFF,
        cells=tuple(each.id for each in without),
        evidence=f"oneDNN's kernels were off in {len(without)} of {len(cells)} cells",
        remedy="; ".join(dict.fromkeys(_facts(each).onednn_remedy or "" for each in without)),
    )


def _facts(measured: MeasuredCell) -> Facts:
    return measured.launches[0].record.conditions


def _milliseconds(measured: MeasuredCell) -> str:
    return f"{measured.summary.p50_seconds * 1000:.4g} ms"
