"""Texts that a device, a file, another process or a person may hand over, by what they try.

And runs, tables and machines in which every text is one of them.
"""

from dataclasses import replace
from typing import Any

from builders import make_header

from suite.analysis.scaling import scaling_of, times_of
from suite.model.cell import Cell, Mode, Precision, Protocol
from suite.model.device import Cpu, Gpu, GpuProcess, Machine
from suite.model.facts import Facts
from suite.model.launch import Caution, CautionKind, Launch, RankRecord, Status
from suite.model.reference import Reference, ReferenceRow, ReferenceTable
from suite.model.run import DamagedRecord, Run
from suite.model.telemetry import Telemetry

# Each has a letter or a sign that every format keeps, so that a test can look for it.
HOSTILE: dict[str, str] = {
    "nothing": "a plain name",
    "html": """<script>alert(1)</script><img src=x onerror=alert(1)></style></title>"' onload='x""",
    "xml": "]]><!--&amp;&#0;&lt;?x?></testsuite>",
    "escape sequences": "\x1b[31mred\x1b[0m\x1b]0;title\x07\x1b[2J\x9b31m",
    "control characters": "a\x00b\x08c\x0bd\x0ce\x7ff\x85g",
    "line breaks": "a\r\nb\nc\rd\u2028e\u2029f\tg",
    "bidirectional": "abc\u202e\u2066fed\u2069\u200f\u061cx",
    "without a width": "a\u200bb\u200dc\ufeffd\u2060e\u00adf",
    "half a pair": "a\ud800b\udcffc",
    "a formula": '=HYPERLINK("http://x","y")',
    "a sum": "+1+1",
    "a difference": "-1+1",
    "a function": "@SUM(1)",
    "a formula after a tab": "\t=1+1",
    "a formula after a break": "\r\n=1+1",
    "a wide formula": "\uff1d1+1",
    "a formula after a separator": "x;=1+1,=1+1\t=1+1",
    "quotes": '"\'`\u2019\u201d","',
    "blocks of markdown": "# 1. h\n\n## h\n| a |\n---\n- i\n> q\n```\n    code",
    "markdown": "*a* _b_ **c** [d](javascript:e) ![f](g) `h` ~~i~~ \\| <j> &lt; $k$ [l]: m",
    "a template": "{{ 7 * 7 }}{% raw %}{# c #}${7*7}%(a)s%s{0}",
    "mathematics of plots": r"$\frac{1}{x$ _^ \n $$",
    "a path": "../../etc/passwd\x00.json",
    "long": "x" * 200_000,
    "long, of many words": "word " * 40_000,
    "other scripts": "größe 測試 שלום العربية हिन्दी ไทย 🏎",
    "many marks": "Z" + "\u0338\u0301" * 200,
}
# All that acts or is markup in one.
EVERYTHING = (
    "# 1. =a\nb|c\r\n\n## d\n| e |\n---\n```"
    "\x1b[31m\x07<b>*f* _g_ [h](i) ![j](k) `l` ~~m~~ &lt; \\| \u202eevil\u2028\u200b\ud800 $x$"
)

PROTOCOL = Protocol(warmup_steps=1, measured_steps=4)
INFERENCE = Cell(mode=Mode.INFERENCE, precision=Precision.FP32, xla=False, batch_size=1)
TRAINING = replace(INFERENCE, mode=Mode.TRAINING)


def telemetry_with(name: str) -> Telemetry:
    """Readings of which every text is this one."""
    return Telemetry(
        readings=1,
        reading_seconds=0.1,
        seconds=1.0,
        steps=3,
        cpu_seconds=1.0,
        gauges={},
        throttling={name: 0.5},
        foreign_processes=(name,),
        energy_joules=1.0,
        energy_source=name,
        images_per_joule=1.0,
        note=name,
    )


def run_with(name: str, **facts: Any) -> Run:
    """A run in whose directory every text is this one; `facts` are those of its header."""
    ok = Launch(
        cell=INFERENCE,
        protocol=PROTOCOL,
        launch=0,
        status=Status.OK,
        device=name,
        step_seconds=(0.1,) * 4,
        telemetry=telemetry_with(name),
        fork_refused=name,
        conditions=Facts(libraries=(name,)),
        cautions=(Caution(CautionKind.FOREIGN_PROCESS, name),),
    )
    ranks = tuple(
        RankRecord(rank=rank, host=name, device=name, step_seconds=(0.1,) * 4) for rank in range(2)
    )
    failed = replace(ok, status=Status.CRASHED, reason=name, step_seconds=())
    launches = (
        ok,
        replace(ok, cell=TRAINING),
        replace(ok, cell=replace(TRAINING, gpus=2), ranks=ranks),
        replace(failed, cell=replace(INFERENCE, batch_size=2), output_tail="a line"),
        replace(failed, cell=replace(TRAINING, gpus=4)),
    )
    usual: dict[str, Any] = {
        "matrix": name,
        "purpose": name,
        "reference": name,
        "expected_device": name,
        "device": name,
        "gpu": name,
        "protocol": PROTOCOL,
        "started_at": name,
        "cells": (*(launch.cell.id for launch in launches), name),
        "machine": {name: name},
        "environment": {"driver": name, name: name},
        "selection": name,
        "distributed": {name: name},
        "data": {"data_dir": name, name: name},
        "command": (name,),
    }
    damaged = DamagedRecord(f"cells/{name}.0.json", name)
    return Run(header=make_header(**usual | facts), launches=launches, damaged=(damaged,))


def reference_with(name: str) -> Reference:
    """A table of the user's own in which every text is this one."""
    row = ReferenceRow(
        system=name,
        gpu=name,
        gpu_memory_gb=16,
        mode=Mode.INFERENCE,
        precision=Precision.FP32,
        xla=False,
        gpus=1,
        batch_size=1,
        throughput_img_s=100.0,
        latency_avg_ms=10.0,
        latency_p90_ms=10.0,
        latency_p95_ms=10.0,
        latency_p99_ms=10.0,
        note=name,
    )
    bare = {f"latency_{part}_ms": None for part in ("avg", "p90", "p95", "p99")}
    one = replace(row, mode=Mode.TRAINING, **bare)  # type: ignore[arg-type]
    rows = (row, replace(row, batch_size=2), one, replace(one, gpus=2, throughput_img_s=190.0))
    return Reference(
        table=ReferenceTable(name, rows),
        accuracy=(),
        scaling=scaling_of(rows),
        times=times_of(rows),
    )


def machine_with(name: str) -> Machine:
    process = GpuProcess(pid=1, name=name, memory_bytes=None)
    gpu = Gpu(index=0, name=name, uuid=name, form_factor=name, processes=(process,))
    cpu = Cpu(model=name, cores=1, physical_cores=None, memory_bytes=2**30, features=(name,))
    return Machine(gpus=(gpu,), cpu=cpu, nvml=name, driver_version=name, cuda_version=name)
