"""suite.formats.plan: a plan as text."""

from dataclasses import replace

from suite.analysis.estimate import Estimate
from suite.analysis.memory import MemoryEstimate
from suite.formats.plan import PlanLine, no_fit_text, plan_text, protocol_text
from suite.model.cell import Cell, Mode, Precision, Protocol, quick_protocol
from suite.model.matrix import Matrix

GIB = 2**30


def cell(batch_size: int) -> Cell:
    return Cell(mode=Mode.TRAINING, precision=Precision.AMP, xla=False, batch_size=batch_size)


def line(batch_size: int, time: Estimate | None, memory: MemoryEstimate | None) -> PlanLine:
    return PlanLine(
        cell=cell(batch_size),
        launch=0,
        command="the command",
        skip_reason=None,
        estimate=time,
        memory=memory,
    )


def test_a_plan_says_time_memory_and_whose_word_it_is() -> None:
    """Each line names its sources; the end names what will not fit, and nobody is skipped."""
    rough, earlier = Estimate(130.0, "rough"), Estimate(130.0, "an earlier run")
    lines = [
        line(8, rough, MemoryEstimate(3.1 * GIB, "a formula")),
        line(16, earlier, MemoryEstimate(4 * GIB, "an earlier run")),
        line(32, None, MemoryEstimate(17 * GIB, "a formula")),
        line(64, rough, MemoryEstimate(0, "an earlier run", ran_out=True)),
        line(128, rough, None),
    ]
    protocol = Protocol(warmup_steps=1, measured_steps=2)
    matrix = Matrix(
        name="mine",
        purpose="a test",
        device=None,
        reference=None,
        protocol=protocol,
        cells=tuple(line.cell for line in lines),
    )

    too_large = no_fit_text([(line.cell, line.memory) for line in lines], 16 * GIB)

    assert too_large is not None
    assert plan_text(matrix, "a GPU", None, lines, [too_large], 90) == (
        "mine: a test\n"
        "on a GPU\n"
        "1 warm-up and 2 measured steps, 1 launch per cell\n"
        "\n"
        "training-amp-bs8-1gpu  about 2 min 10 s (from rough), estimated 3.1 GiB (from a formula)\n"
        "    the command\n"
        "training-amp-bs16-1gpu  about 2 min 10 s, estimated 4.0 GiB (from an earlier run)\n"
        "    the command\n"
        "training-amp-bs32-1gpu  time unknown, estimated 17.0 GiB (from a formula)\n"
        "    the command\n"
        "training-amp-bs64-1gpu  about 2 min 10 s (from rough), too much memory (from an earlier\n"
        "    run)\n"
        "    the command\n"
        "training-amp-bs128-1gpu  about 2 min 10 s (from rough)\n"
        "    the command\n"
        "\n"
        "5 launches to run, 0 skipped: about 8 min 40 s and 1 of unknown time\n"
        "estimated not to fit in memory (the device has 16.0 GiB): training-amp-bs32-1gpu (17.0\n"
        "    GiB, a formula), training-amp-bs64-1gpu (ran out in an earlier run)"
    )


def test_a_long_list_is_cut_and_repeated_launches_count_once() -> None:
    """A reader sees how many more there are; what fits, or an unknown capacity, says nothing."""
    needs = [(cell(batch), MemoryEstimate(9 * GIB, "a formula")) for batch in range(1, 21)]
    text = no_fit_text(needs * 2, 8 * GIB)

    assert text is not None
    assert text.endswith("training-amp-bs8-1gpu (9.0 GiB, a formula) and 12 more")
    assert no_fit_text(needs, 10 * GIB) is None
    assert no_fit_text(needs, None) is None


def test_each_launch_of_a_cell_has_its_number() -> None:
    """Commands that would be alike are told apart, and one launch a cell is not counted."""
    lines = [replace(line(8, None, None), launch=number) for number in range(2)]
    protocol = Protocol(warmup_steps=1, measured_steps=2, launches=2)
    matrix = Matrix(
        name="mine",
        purpose="a test",
        device=None,
        reference=None,
        protocol=protocol,
        cells=(cell(8),),
        selection="--only x (1 of 9 cells)",
    )
    text = plan_text(matrix, "a GPU", "a note", lines, [])

    assert "training-amp-bs8-1gpu (launch 1)  time unknown\n" in text
    assert "training-amp-bs8-1gpu (launch 2)  time unknown\n" in text
    assert "selected by --only x (1 of 9 cells)\n" in text
    assert "on a GPU (note: a note)\n" in text


def test_a_protocol_in_a_line() -> None:
    """A quick one says so, and a cap is a duration."""
    full = Protocol(warmup_steps=50, measured_steps=350, launches=3, max_seconds=90.0)

    assert protocol_text(full) == (
        "50 warm-up and 350 measured steps, 3 launches per cell, at most 1 min 30 s each"
    )
    assert protocol_text(quick_protocol(full)) == (
        "quick protocol: 2 warm-up and 10 measured steps, 1 launch per cell, at most 20 s each"
    )


def test_a_skipped_launch_has_its_reason_and_is_counted_apart() -> None:
    """What will not run takes no time, and its command is still there to be tried by hand."""
    lines = [
        line(8, Estimate(60.0, "rough"), None),
        replace(line(16, Estimate(60.0, "rough"), None), skip_reason="needs a GPU of type t4"),
    ]
    protocol = Protocol(warmup_steps=1, measured_steps=2)
    matrix = Matrix(
        name="mine", purpose="a test", device=None, reference=None, protocol=protocol, cells=()
    )
    text = plan_text(matrix, "a CPU", None, lines, [])

    assert "training-amp-bs16-1gpu  skipped: needs a GPU of type t4\n    the command\n" in text
    assert text.endswith("1 launches to run, 1 skipped: about 1 min 00 s")
