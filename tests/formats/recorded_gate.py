"""Gates of which the documents are recorded: one with every verdict and doubt, and one refused."""

from dataclasses import replace

from builders import make_cell, make_launch, make_protocol
from gates import CODE, OTHER_CODE, TIMES, baseline_of, make_gate, pairs_of, timed_run, times

from suite.analysis.gate import Confirmation, Gate, gate_report
from suite.model.cell import Mode
from suite.model.gate import Metric
from suite.model.gate_report import GateReport
from suite.model.launch import Caution, CautionKind, Status
from suite.model.rules import GateRules
from suite.model.run import DamagedRecord

BY_PAIRS, DAY_ONLY, SCATTERED, STOPPED, NOT_AGAIN = (
    make_cell(batch_size=size) for size in (1, 2, 4, 16, 32)
)
FEW, SAME, SLIGHTLY, GAIN, FASTER = (
    make_cell(batch_size=size) for size in (64, 128, 256, 512, 1024)
)
CANARY = make_cell(mode=Mode.TRAINING, batch_size=1)
FAILED, MISSING, NEW, DAMAGED = (
    make_cell(mode=Mode.TRAINING, batch_size=size) for size in (8, 16, 32, 64)
)
FACTORS = {
    BY_PAIRS: 1.22, DAY_ONLY: 1.16, SCATTERED: 1.2, STOPPED: 1.2, NOT_AGAIN: 1.09, SAME: 1.004,
    SLIGHTLY: 1.02, GAIN: 0.8, FASTER: 0.85, CANARY: 1.001, NEW: 1,
}  # fmt: skip


def recorded_gate() -> GateReport:
    """Two gated metrics, a canary that did not move, and an A/B of most of what was open."""
    rules = GateRules(canary=CANARY.id, gated=(Metric.THROUGHPUT, Metric.LATENCY_P50))
    return gate_report(_gate(rules), _pairs())


def screened_gate() -> GateReport:
    """The same by the stored baseline alone, of which the code can be measured again."""
    return gate_report(_gate(GateRules()))


def refused_gate() -> GateReport:
    """Another driver, other steps, and a variable more."""
    gate = _gate(GateRules())
    header = replace(
        gate.run.header,
        protocol=make_protocol(launches=5, warmup_steps=9),
        environment={
            "python": "3.12.0", "driver": "550", "variables": {"TF_X": "1"}, **OTHER_CODE
        },
    )  # fmt: skip
    before = replace(
        gate.baseline.header, environment={"python": "3.12.0", "driver": "535", **CODE}
    )
    return gate_report(
        replace(
            gate,
            run=replace(gate.run, header=header),
            baseline=replace(gate.baseline, header=before),
        )
    )


def _gate(rules: GateRules) -> Gate:
    run = timed_run({**{cell: times(factor) for cell, factor in FACTORS.items()}, FEW: times(1, 2)})
    busy = Caution(CautionKind.CONTENDED, "foreign processes kept 20% of the CPU busy")
    launches = [
        replace(each, cautions=(busy,)) if each.cell == BY_PAIRS else each for each in run.launches
    ]
    lost = make_launch(
        cell=FAILED, status=Status.OUT_OF_MEMORY, reason="ResourceExhaustedError",
        protocol=make_protocol(launches=5),
    )  # fmt: skip
    launches += [replace(lost, launch=number) for number in range(5)]
    damaged = DamagedRecord(f"cells/{DAMAGED.id}.0.json", "is empty; delete it")
    known = [cell for cell in (*FACTORS, FEW, FAILED, MISSING, DAMAGED) if cell != NEW]
    return make_gate(
        replace(run, launches=tuple(launches), damaged=(damaged,)),
        baseline_of(known, 6),
        rules=rules,
    )


def _pairs() -> Confirmation:
    return pairs_of(
        {
            BY_PAIRS: times(1.2),
            DAY_ONLY: times(1.003),
            SCATTERED: [each * noise for each, noise in zip(TIMES, (1, 1.2, 1.1, 0.95, 1.15),
                                                            strict=True)],
            STOPPED: times(1.2, 3),
            GAIN: times(0.8),
        }
    )  # fmt: skip
