"""A cell on the page: its line, its details, and the command that measures it again."""

from dataclasses import replace
from typing import Any

from builders import make_cell, make_launch, make_run, make_telemetry

from suite.analysis.assemble import assemble
from suite.formats.html.cells import CellPart, MachineLine, cell_parts
from suite.model.cell import Data, Mode, Precision
from suite.model.facts import Facts
from suite.model.launch import Launch, RankRecord, Status
from suite.model.telemetry import Gauge

AMP = make_cell(precision=Precision.AMP, batch_size=64)
DATA = {
    "data_dir": "/records",
    "data_idx_dir": "/index",
    "shuffled_records": None,
    "decode_threads": 6,
    "open_files": None,
}


def part(*launches: Launch, **header: Any) -> CellPart:
    """The only cell of a run."""
    (run,) = assemble([make_run(*launches, **header)]).runs
    (found,) = cell_parts(run, {})
    return found


def command(launch: Launch, **header: Any) -> str:
    return part(launch, **header).command


def test_the_command_is_that_of_the_launch_by_hand() -> None:
    """Threads are those that ran, as a cap of them changes the number."""
    launch = make_launch(cell=AMP, step_seconds=(0.1,), conditions=Facts(intra_op_threads=4))

    assert command(launch) == (
        "python -m suite.kernels --mode=inference_benchmark --amp --batch_size 64 --threads 4"
        " --warmup_steps 1 --num_iter 3 --iter_unit batch --results_dir ."
    )


def test_the_command_of_a_cell_that_reads_records_names_them() -> None:
    """With the settings that its pipeline has; an index is DALI's alone."""
    by_dali, by_tf_data = (
        command(make_launch(cell=replace(AMP, data=data), step_seconds=(0.1,)), data=DATA)
        for data in (Data.DALI, Data.TFRECORD)
    )

    for text in (by_dali, by_tf_data):
        assert "--data_dir /records" in text
        assert "--decode_threads 6" in text
    assert "--data_idx_dir /index" in by_dali
    assert "--data_idx_dir" not in by_tf_data
    assert "/records" not in command(make_launch(cell=AMP, step_seconds=(0.1,)), data=DATA)
    # A run from before they were stored.
    unknown = make_launch(cell=replace(AMP, data=Data.TFRECORD), step_seconds=(0.1,))
    assert "/records" not in command(unknown, data=None)


def test_what_is_not_known_of_records_is_not_in_the_command() -> None:
    """Nor is a number that is none."""
    launch = make_launch(cell=replace(AMP, data=Data.DALI), step_seconds=(0.1,))
    text = command(launch, data={"data_dir": "/records", "open_files": "many", "decode_threads": 6})

    assert "--data_dir /records" in text
    assert "--decode_threads 6" in text
    for absent in ("--data_idx_dir", "None", "many"):
        assert absent not in text


def test_a_cell_of_several_ranks_is_run_again_from_its_matrix() -> None:
    """By what tells it from the other cells there."""
    cell = make_cell(mode=Mode.TRAINING, gpus=2, xla=True)

    assert command(make_launch(cell=cell, step_seconds=(0.1,))) == (
        "python bench.py run mine --cell training-fp32-xla-bs8-2gpu"
    )


def test_a_percentile_without_an_interval_says_what_it_lacks() -> None:
    """More steps, or more that are independent of each other."""
    few = part(make_launch(step_seconds=(0.1,) * 12)).latencies
    alike = part(make_launch(step_seconds=tuple(0.1 + 0.001 * n for n in range(400)))).latencies

    assert [line.name for line in few] == [
        "average", "p50", "p90", "p95", "p99", "shortest", "longest",
    ]  # fmt: skip
    assert few[4].measured == "~100.00"
    assert few[4].interval == "needs 368 steps"
    assert alike[4].interval == "needs 368 independent steps"
    assert few[1].interval == "100.00 to 100.00"
    assert (few[5].measured, few[6].measured) == ("100.00", "100.00")
    assert {line.published for line in few} == {""}


def test_a_cell_without_steps_has_no_numbers_and_says_why() -> None:
    """Its status and reason stand in their place."""
    lost = part(make_launch(status=Status.TIMED_OUT, reason="startup missed its deadline"))

    assert (lost.spark, lost.latencies, lost.estimators, lost.proven) == ("", (), "", ())
    assert lost.shortfall == "timed out: startup missed its deadline"
    assert lost.launches[0].drawing is None
    assert lost.launches[0].note == "timed out"
    assert lost.machine is None


def test_the_machine_is_told_a_column_for_each_launch() -> None:
    """What one of them lacks is a dash; a launch that never ran has no column."""
    watts = make_telemetry(
        gauges={"gpu_power_watts": Gauge(50.0, 40.0, 60.0)}, cpu_seconds=0.25, seconds=0.5
    )
    usual = make_launch(
        step_seconds=(0.5, 0.25), warmup_seconds=(1.5,), wall_seconds=9.0,
        startup_seconds={"import": 0.1, "build": 2.0},
    )  # fmt: skip
    table = part(
        replace(usual, telemetry=watts),
        replace(usual, launch=1, startup_seconds={"build": 2.5}),
        replace(usual, launch=2, status=Status.SKIPPED, wall_seconds=0.0, step_seconds=()),
    ).machine

    assert table is not None
    assert table.launches == ("1", "2")
    assert table.lines == (
        MachineLine(name="power W", texts=("50", "-")),
        MachineLine(name="peak", texts=("60", "-")),
        MachineLine(name="cores busy", texts=("0.5", "-")),
        MachineLine(name="import s", texts=("0.1", "-")),
        MachineLine(name="build s", texts=("2.0", "2.5")),
        MachineLine(name="warm-up s", texts=("1.5", "1.5")),
        MachineLine(name="steps s", texts=("0.8", "0.8")),
        MachineLine(name="whole launch s", texts=("9.0", "9.0")),
    )


def test_what_was_proven_is_told_in_words() -> None:
    """Each fact once, and nothing of what is not known."""
    facts = Facts(
        device_type="GPU",
        compute_type="float16",
        tf32=True,
        xla_compute_type="float32",
        xla="auto_clustering",
        xla_clusters=3,
        layouts=("NHWC", "NCHW"),
        transposes=2,
        convolutions=53,
        casts=0,
        input="tf.data",
        input_staging="prefetched to the GPU",
        input_wait_share=0.125,
        loss=288.5703,
        parameters=25_559_081,
    )
    proven = {
        fact.name: fact.text
        for fact in part(make_launch(step_seconds=(0.1,), conditions=facts)).proven
    }

    assert proven == {
        "device": "GPU",
        "computed in": "float16 (TF32), in XLA float32",
        "XLA": "auto_clustering, 3 clusters",
        "layout": "NHWC, NCHW, 2 transposes",
        "graph": "53 convolutions",
        "input": "tf.data, prefetched to the GPU; steps waited for it 12.5% of their time",
        "loss": "288.57",
        "parameters": "25,559,081",
    }
    simulated = part(make_launch(step_seconds=(0.1,), conditions=Facts(simulated=True))).proven
    assert [fact.text for fact in simulated] == ["a stand-in slept instead of computing"]


def test_launches_and_ranks_are_told_one_by_one() -> None:
    """How many there are is said where there are several."""
    ranks = tuple(RankRecord(rank=rank, host="node1", step_seconds=(0.1,)) for rank in range(2))
    cell = make_cell(mode=Mode.TRAINING, gpus=2)
    alone = part(make_launch(cell=cell, step_seconds=(0.1,), ranks=ranks))
    several = part(*(make_launch(launch=number, step_seconds=(0.1,)) for number in range(2)))

    assert [each.title for each in alone.launches] == ["Launch 1"]
    assert [rank.rank for rank in alone.launches[0].ranks] == [0, 1]
    assert [each.title for each in several.launches] == ["Launch 1 of 2", "Launch 2 of 2"]
    assert several.launches[0].note == "80.00 img/s"
    assert several.few
    assert not part(make_launch(step_seconds=(0.1,) * 41)).few


def test_a_launch_that_ended_early_tells_the_phases_that_it_had() -> None:
    """No time is told of steps that it did not take."""
    lost = make_launch(status=Status.CRASHED, wall_seconds=3.25, startup_seconds={"import": 0.25})
    table = part(lost).machine

    assert table is not None
    assert table.lines == (
        MachineLine(name="import s", texts=("0.2",)),
        MachineLine(name="whole launch s", texts=("3.2",)),
    )
