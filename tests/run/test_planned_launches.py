"""suite.run.plan: what is planned for a matrix, and that it survives as JSON."""

import json
import sys
from dataclasses import replace

import pytest

from suite.kernels.interface import KernelOptions
from suite.model.cell import Cell, Data, Mode, Precision, Protocol
from suite.model.device import Cpu, Gpu, Machine
from suite.model.distributed import Compression, Distributed, Host, RankLauncher
from suite.model.errors import InputError
from suite.model.matrix import Matrix
from suite.model.reading import Reading
from suite.run.plan import decode_plan, encode_plan, plan_launches

CPU = Cpu(model="AMD EPYC", cores=2, physical_cores=2, memory_bytes=2**34, features=())
CPU_ONLY = Machine(gpus=(), cpu=CPU, nvml="no NVIDIA driver")
T4 = Gpu(index=0, name="Tesla T4", uuid="GPU-t4", compute_capability=(7, 5))
H200 = Gpu(index=1, name="NVIDIA H200", uuid="GPU-h200", compute_capability=(9, 0))
WITH_T4 = Machine(gpus=(T4,), cpu=CPU, nvml="")
MIXED = Machine(gpus=(T4, H200, replace(T4, index=2, uuid="GPU-t4b")), cpu=CPU, nvml="")
PROTOCOL = Protocol(warmup_steps=50, measured_steps=350, launches=2)


def cell(batch_size: int, precision: Precision = Precision.FP32, gpu: str | None = None) -> Cell:
    return Cell(mode=Mode.INFERENCE, precision=precision, xla=False, batch_size=batch_size, gpu=gpu)


def matrix(*cells: Cell) -> Matrix:
    return Matrix(
        name="mine", purpose="", device=None, reference=None, protocol=PROTOCOL, cells=cells
    )


def test_launches_are_interleaved_across_cells() -> None:
    """Every cell is launched once before any is launched again."""
    planned = plan_launches(matrix(cell(1), cell(8)), CPU_ONLY, KernelOptions()).launches

    assert [(item.cell.batch_size, item.launch) for item in planned] == [
        (1, 0),
        (8, 0),
        (1, 1),
        (8, 1),
    ]


def test_what_cannot_run_is_planned_as_skipped() -> None:
    """The reason is known before anything starts."""
    (planned, _) = plan_launches(matrix(cell(1, Precision.TF32)), WITH_T4, KernelOptions()).launches

    assert planned.skip_reason == "TF32 needs compute capability 8.0, and Tesla T4 has 7.5"


def test_cells_of_dali_are_planned_as_skipped_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan tells beforehand what cannot run, with the line that installs it."""
    monkeypatch.setitem(sys.modules, "nvidia.dali", None)
    (planned, _) = plan_launches(
        matrix(replace(cell(1), data=Data.DALI)), CPU_ONLY, KernelOptions()
    ).launches

    assert planned.skip_reason is not None
    assert planned.skip_reason.startswith("NVIDIA DALI is not installed; pip install")


def test_a_cell_sees_the_gpus_of_its_type_alone() -> None:
    """On a machine with several types the variable names them by UUID; elsewhere it stays unset."""
    cells = [cell(1, gpu="t4"), cell(1, gpu="h200"), cell(1)]
    planned = plan_launches(matrix(*cells), MIXED, KernelOptions()).launches
    alone = plan_launches(matrix(cells[0]), WITH_T4, KernelOptions()).launches[0]
    visible = [item.environment.get("CUDA_VISIBLE_DEVICES") for item in planned]

    assert visible[:3] == ["GPU-t4,GPU-t4b", "GPU-h200", None]
    assert "CUDA_VISIBLE_DEVICES" not in alone.environment
    assert {item.skip_reason for item in (*planned, alone)} == {None}


def test_a_type_that_is_not_here_is_skipped_with_what_is() -> None:
    """The reason names the type, and each type that the machine has once."""
    reasons = [
        plan_launches(matrix(cell(1, gpu="dgx1")), here, KernelOptions()).launches[0].skip_reason
        for here in (MIXED, CPU_ONLY)
    ]

    assert reasons == [
        "needs a GPU of type dgx1, and this machine has Tesla T4 (t4), NVIDIA H200 (h200)",
        "needs a GPU of type dgx1, and this machine has no GPU, only AMD EPYC (2 cores)",
    ]


def test_what_a_type_cannot_do_is_known_though_another_could() -> None:
    """A machine has TF32 where the cell runs, not where some GPU has it; ranks count one type."""
    cells = [cell(1, Precision.TF32, gpu) for gpu in ("t4", "h200")]
    two = replace(cell(8, gpu="h200"), mode=Mode.TRAINING, gpus=2)
    planned = plan_launches(matrix(*cells, two), MIXED, KernelOptions()).launches

    assert [item.skip_reason for item in planned[:3]] == [
        "TF32 needs compute capability 8.0, and Tesla T4 has 7.5",
        None,
        "needs 2 GPUs of type h200, and this machine has 1",
    ]


def test_a_gpu_without_a_uuid_cannot_be_chosen_among_others() -> None:
    """A number could mean another GPU, so nothing is guessed; alone it needs no choice."""
    nameless = replace(T4, uuid=None)
    mixed = replace(MIXED, gpus=(nameless, H200))
    alone = replace(MIXED, gpus=(nameless,))
    reasons = [
        plan_launches(matrix(cell(1, gpu="t4")), here, KernelOptions()).launches[0].skip_reason
        for here in (mixed, alone)
    ]

    assert reasons[0] is not None
    assert "the driver reports no UUID; set CUDA_VISIBLE_DEVICES to it" in reasons[0]
    assert reasons[1] is None


def test_ranks_on_other_hosts_are_not_told_the_uuids_of_this_one() -> None:
    """They would see no GPU at all: with several types here the cell is skipped."""
    two = replace(cell(8, gpu="t4"), mode=Mode.TRAINING, gpus=2)
    hosts = Distributed(hosts=(Host("node1", 1), Host("node2", 1)))
    far = replace(matrix(two), distributed=hosts)
    reasons = [
        plan_launches(given, here, KernelOptions(), launcher).launches[0].skip_reason or ""
        for given, here, launcher in (
            (far, MIXED, RankLauncher.MPIRUN),
            (matrix(two), MIXED, RankLauncher.SRUN),
            (far, WITH_T4, RankLauncher.MPIRUN),
            (matrix(two), MIXED, RankLauncher.MPIRUN),
        )
    ]

    assert ["set CUDA_VISIBLE_DEVICES on every host" in reason for reason in reasons] == [
        True,
        True,
        False,
        False,
    ]


def test_an_order_has_of_matrix_and_flags_what_its_cell_uses() -> None:
    """Folders and reading where records are read, compression between ranks, threads everywhere."""
    options = KernelOptions(data_dir="/data", data_idx_dir="/index", seed=7)
    cells = [
        cell(1),
        replace(cell(1), data=Data.TFRECORD),
        replace(cell(1), data=Data.DALI),
        replace(cell(1), mode=Mode.TRAINING, gpus=2),
    ]
    mine = replace(
        matrix(*cells),
        distributed=Distributed(compression=Compression.FP16),
        reading=Reading(decode_threads=3),
        threads_per_rank=2,
    )
    orders = [item.order for item in plan_launches(mine, CPU_ONLY, options).launches[:4]]
    given = [order.options for order in orders]

    assert [each.data_dir for each in given] == [None, "/data", "/data", None]
    assert [each.data_idx_dir for each in given] == [None, None, "/index", None]
    assert [each.reading.decode_threads for each in given] == [None, 3, 3, None]
    assert [each.compression for each in given] == [Compression.NONE] * 3 + [Compression.FP16]
    assert {(each.threads, each.seed) for each in given} == {(2, 7)}
    assert {order.protocol for order in orders} == {PROTOCOL}


def test_a_plan_survives_as_json() -> None:
    """Orders and skips, with every path to the byte and every variable."""
    options = KernelOptions(data_dir="/caf\udce9 1", data_idx_dir="/100%/ä", seed=7)
    cells = [
        replace(cell(1, gpu="h200"), data=Data.TFRECORD),
        cell(8, Precision.TF32, "t4"),
        replace(cell(8), mode=Mode.TRAINING, data=Data.DALI, gpus=3),
    ]
    mine = replace(
        matrix(*cells),
        distributed=Distributed(compression=Compression.FP16),
        reading=Reading(decode_threads=3),
        threads_per_rank=2,
    )
    plan = plan_launches(mine, MIXED, options)
    text = encode_plan(plan)

    assert decode_plan(text, "a plan") == plan
    assert text.isascii()
    assert len(plan.launches) == 6
    assert {item.skip_reason is None for item in plan.launches} == {True, False}


def test_a_damaged_plan_is_one_line() -> None:
    """An order that nobody could execute is refused, and the line says which."""
    stored = json.loads(
        encode_plan(plan_launches(matrix(cell(1), cell(8)), CPU_ONLY, KernelOptions()))
    )
    stored["launches"][1]["order"]["cell"]["gpu"] = "../etc"

    with pytest.raises(InputError) as refused:
        decode_plan(json.dumps(stored), "a plan")

    assert str(refused.value).startswith("a plan: launches[1].order.cell.gpu: ")
    assert len(str(refused.value).splitlines()) == 1


def test_a_plan_of_what_cannot_be_is_refused() -> None:
    """A cell that contradicts itself is found when the plan is read, and the line says which."""
    plan = plan_launches(matrix(cell(1), cell(8)), CPU_ONLY, KernelOptions())
    stored = json.loads(encode_plan(plan))
    stored["launches"][1]["order"]["cell"]["gpus"] = 2

    with pytest.raises(InputError, match=r"^a plan: launches\[1\]\.order: inference runs on one"):
        decode_plan(json.dumps(stored), "a plan")
