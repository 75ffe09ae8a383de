"""suite.formats.launches: what report.md says of each launch."""

import random
from dataclasses import replace
from typing import Any

import pytest
from builders import make_run

from suite.analysis.assemble import assemble
from suite.analysis.cautions import measured_cautions
from suite.formats.launches import (
    doubts,
    intervals_table,
    last_output,
    launches_table,
    spread_table,
)
from suite.formats.results import report_markdown, run_text
from suite.formats.telemetry import telemetry_notes, telemetry_table
from suite.model.cell import Cell, Mode, Precision, Protocol
from suite.model.facts import Facts
from suite.model.launch import Caution, CautionKind, Launch, RankRecord, Status
from suite.model.report import Report, ReportedRun
from suite.model.run import DamagedRecord
from suite.model.telemetry import Gauge, Telemetry

# In an order in which neighbours are unlike.
STEPS = tuple(0.010 + 0.0001 * (step * 7 % 10) for step in range(80))
LAUNCH = Launch(
    cell=Cell(mode=Mode.INFERENCE, precision=Precision.AMP, xla=False, batch_size=8),
    protocol=Protocol(warmup_steps=0, measured_steps=80),
    launch=0,
    status=Status.OK,
    step_seconds=STEPS,
)
QUICK = Caution(CautionKind.QUICK, "quick")
ON_GPU = Telemetry(
    readings=5,
    reading_seconds=0.01,
    seconds=4.0,
    steps=79,
    cpu_seconds=6.0,
    gauges={
        "gpu_power_watts": Gauge(69.6, 60, 71),
        "gpu_sm_clock_mhz": Gauge(1200, 1100, 1590),
        "resident_bytes": Gauge(2**31, 2**31, 2**31),
    },
    throttling={"power cap": 0.8},
    energy_joules=280.0,
    energy_source="NVML total energy counter of the GPU",
    images_per_joule=2.257,
)


def reported(*launches: Launch) -> ReportedRun:
    """A run of these launches, assembled."""
    return assembled(*launches).runs[0]


def test_the_libraries_that_launches_had_loaded_are_told_once() -> None:
    """Those installed may be others; nothing is said where none was loaded."""
    told = replace(LAUNCH, conditions=Facts(libraries=("cudart 12.9", "cudnn 9.19.0")))
    other = replace(LAUNCH, launch=1, conditions=Facts(libraries=("cudnn 9.19.0", "nccl 2.28.9")))
    document = report_markdown(assembled(told, other))

    assert "| libraries loaded | cudart 12.9, cudnn 9.19.0, nccl 2.28.9 |" in document
    assert "libraries loaded" not in report_markdown(assembled(LAUNCH))


def assembled(*launches: Launch, **facts: Any) -> Report:
    return assemble([make_run(*launches, **facts)])


def test_intervals_are_shown_or_what_they_need() -> None:
    """80 steps enclose p90 and p95, not p99; the same in ascending order are worth fewer."""
    alike = replace(LAUNCH, step_seconds=tuple(sorted(STEPS)))
    doubted = replace(LAUNCH, cautions=(QUICK,), protocol=replace(LAUNCH.protocol, launches=2))
    (row,) = intervals_table(reported(doubted)).rows
    (ascending,) = intervals_table(reported(alike)).rows

    assert row[1:] == (
        "80", "80", "10.30 to 10.60", "10.80 to 10.90", "10.80 to 10.90", "n/a, needs 368",
        "q 1 of 2 launches",
    )  # fmt: skip
    assert int(ascending[2]) < 6
    assert ascending[3:] == (
        "n/a, needs 6 independent", "n/a, needs 36 independent", "n/a, needs 72 independent",
        "n/a, needs 368", "",
    )  # fmt: skip


def test_telemetry_has_a_row_a_launch_and_no_empty_column() -> None:
    """What no launch tells has no column; what one does not tell is a dash."""
    table = telemetry_table(
        reported(
            replace(LAUNCH, telemetry=ON_GPU),
            replace(LAUNCH, launch=1, telemetry=replace(ON_GPU, gauges={}, images_per_joule=None)),
        )
    )

    assert table is not None
    assert list(table.headers)[2:] == [
        "readings", "power W", "peak", "SM MHz", "least", "clock held by", "cores busy",
        "process GiB", "img/J",
    ]  # fmt: skip
    assert table.rows[0][2:] == (
        "5", "70", "71", "1200", "1100", "power cap 80%", "1.5", "2.00", "2.26",
    )  # fmt: skip
    assert table.rows[1][2:] == ("5", "-", "-", "-", "-", "power cap 80%", "1.5", "-", "-")


def test_every_quantity_has_its_unit_and_its_digits() -> None:
    """Whole watts, MHz and degrees, GiB of a GPU to a tenth and of the process to a hundredth."""
    gauges = {
        "gpu_power_watts": Gauge(70.44, 60.0, 71.46),
        "gpu_sm_clock_mhz": Gauge(1200.44, 1100.46, 1590.0),
        "gpu_memory_clock_mhz": Gauge(5000.44, 405.0, 5001.0),
        "gpu_temperature_celsius": Gauge(60.0, 50.0, 70.44),
        "gpu_utilisation_percent": Gauge(97.44, 90.0, 100.0),
        "gpu_memory_used_bytes": Gauge(2**30, 2**30, 1.26 * 2**30),
        "cpu_frequency_mhz": Gauge(2400.44, 2000.0, 3000.0),
        "resident_bytes": Gauge(2**30, 2**30, 1.256 * 2**30),
    }
    telemetry = replace(ON_GPU, gauges=gauges, stolen_share=0.0126, usable_cpus=4, busy_cpus=2.0)
    table = telemetry_table(reported(replace(LAUNCH, telemetry=telemetry)))

    assert table is not None
    assert dict(zip(table.headers[3:], table.rows[0][3:], strict=True)) == {
        "power W": "70",
        "peak": "71",
        "SM MHz": "1200",
        "least": "1100",
        "memory MHz": "5000",
        "hottest °C": "70",
        "GPU busy %": "97",
        "GPU GiB": "1.3",
        "clock held by": "power cap 80%",
        "cores busy": "1.5",
        "stolen %": "1.3",
        "CPU MHz": "2400",
        "process GiB": "1.26",
        "img/J": "2.26",
        "others %": "12",
    }


@pytest.mark.parametrize(
    ("telemetry", "words"),
    [
        (replace(ON_GPU, throttling=None, throttle_readings=0, foreign_processes=None), "unknown"),
        (replace(ON_GPU, throttling={}, throttle_readings=5, foreign_processes=()), "none"),
    ],
)
def test_none_is_told_from_unknown(telemetry: Telemetry, words: str) -> None:
    """A GPU that does not say why its clock is low, or who else is there, is not shown as free."""
    table = telemetry_table(reported(replace(LAUNCH, telemetry=telemetry)))

    assert table is not None
    (row,) = (dict(zip(table.headers, row, strict=True)) for row in table.rows)
    assert (row["clock held by"], row["others on GPU"]) == (words, words)


def test_others_on_the_gpu_are_counted() -> None:
    """Their names stand in the doubt; the table says how many there were."""
    telemetry = replace(ON_GPU, throttle_readings=5, foreign_processes=("process 1", "process 2"))
    table = telemetry_table(reported(replace(LAUNCH, telemetry=telemetry)))

    assert table is not None
    assert dict(zip(table.headers, table.rows[0], strict=True))["others on GPU"] == "2"


def test_an_empty_value_of_an_earlier_record_claims_nothing() -> None:
    """Before unknown was told from none, and on a CPU, there is no word for it."""
    table = telemetry_table(reported(replace(LAUNCH, telemetry=replace(ON_GPU, throttling={}))))

    assert table is not None
    assert not {"clock held by", "others on GPU"} & set(table.headers)


def test_ranks_are_told_how_busy_others_were_on_their_host() -> None:
    """Each rank has a row; its fellows on the host are no others, what ran beside them is."""
    busy = replace(ON_GPU, gauges={}, throttling={}, usable_cpus=4, busy_cpus=4.0)
    here, there = (
        RankRecord(
            rank=index, host=host, device="", startup_seconds={}, warmup_seconds=(),
            step_seconds=STEPS, telemetry=busy,
        )
        for index, host in enumerate(("a", "b"))
    )  # fmt: skip
    together = replace(LAUNCH, telemetry=None, ranks=(here, replace(there, host="a")))
    apart = replace(LAUNCH, telemetry=None, ranks=(here, there))
    table = telemetry_table(reported(together, apart))

    assert table is not None
    assert table.headers[-1] == "others %"
    assert [row[1] for row in table.rows] == ["0, rank 0", "0, rank 1"] * 2
    # Each used 1.5 of four busy CPUs.
    assert [row[-1] for row in table.rows] == ["25", "25", "62", "62"]


def test_a_run_without_telemetry_has_no_table() -> None:
    """Launches that were skipped or told nothing make no empty table."""
    assert telemetry_table(reported(LAUNCH)) is None
    assert telemetry_notes(reported(LAUNCH)) == []


def test_the_source_of_energy_is_named() -> None:
    """Beside images per joule stands whose energy it is."""
    assert telemetry_notes(reported(replace(LAUNCH, telemetry=ON_GPU))) == [
        "energy: NVML total energy counter of the GPU",
        "a reading took 2.00 ms, between steps",
    ]


def test_an_unsteady_launch_is_told_with_its_remedy() -> None:
    """The launch's row says no and has its letter, and the doubt is spelled out."""
    text = "the steps became 5.0% slower from the first to the last; look for heat"
    unsteady = replace(LAUNCH, cautions=(Caution(CautionKind.UNSTEADY, text),))
    few = replace(LAUNCH, step_seconds=STEPS[:20])

    assert [row[-2:] for row in launches_table(reported(LAUNCH, unsteady, few)).rows] == [
        ("yes", ""),
        ("no", "u"),
        ("n/a, needs 60", ""),
    ]
    assert doubts(reported(LAUNCH, unsteady)) == [f"inference-amp-bs8-1gpu, launch 0: {text}"]


def test_steady_says_what_would_have_been_found() -> None:
    """The report does not promise that nothing is there: it states the sizes that are found."""
    text = " ".join(report_markdown(assembled(LAUNCH)).split())

    assert "in 350 steps with noise of 1% (standard deviation) the check finds" in text
    assert "the first 10 steps 3% slower, a drift or a shift of 2%, an episode of 2%" in text


def test_a_launch_unlike_its_siblings_is_a_doubt_and_a_mark() -> None:
    """The report names it, and the cell's number has the letter and its legend."""
    slow = tuple(1.5 * seconds for seconds in STEPS)
    launches = (*(replace(LAUNCH, launch=n) for n in range(3)),
                replace(LAUNCH, launch=3, step_seconds=slow))  # fmt: skip
    run = reported(*launches)

    assert doubts(run)[0].startswith(
        "inference-amp-bs8-1gpu: launch 3 is 50% slower than its 3 siblings"
    )
    assert "l = launches disagree: one with its siblings" in run_text(run)


def test_stolen_time_has_a_column_and_a_doubt() -> None:
    """A launch that knows of none has a zero, one that knows nothing a dash."""
    (caution,) = measured_cautions((), replace(ON_GPU, throttling={}, stolen_share=0.3))
    some = replace(LAUNCH, telemetry=replace(ON_GPU, stolen_share=0.3), cautions=(caution,))
    none = replace(LAUNCH, telemetry=replace(ON_GPU, stolen_share=0.0))
    table = telemetry_table(reported(some, none, replace(LAUNCH, telemetry=ON_GPU)))

    assert table is not None
    column = list(table.headers).index("stolen %")
    assert [row[column] for row in table.rows] == ["30.0", "0.0", "-"]
    (doubt,) = doubts(reported(some))
    assert doubt.startswith(
        "inference-amp-bs8-1gpu, launch 0: the hypervisor gave 30% of the CPUs'"
    )


def test_cells_that_were_not_run_are_named_up_to_a_number() -> None:
    """A large matrix that was stopped early does not bury its results below the rest's names."""
    cells = (LAUNCH.cell.id, *(f"cell-{number}" for number in range(500)))
    lines = run_text(assembled(LAUNCH, cells=cells).runs[0]).splitlines()

    assert [line for line in lines if line.endswith(": not run")] == [
        *(f"cell-{number}: not run" for number in range(20)),
        "480 more cells: not run",
    ]


def test_damaged_records_are_named_up_to_a_number() -> None:
    """Each with its problem, in place of a claim that its cell was not run."""
    damaged = tuple(DamagedRecord(f"cells/cell-{n}.0.json", f"problem {n}") for n in range(25))
    run = make_run(LAUNCH, cells=(LAUNCH.cell.id, "cell-3", "elsewhere"))
    lines = run_text(assemble([replace(run, damaged=damaged)]).runs[0]).splitlines()

    start = lines.index("cell-3: no whole record")
    assert lines[start + 1 :] == [
        "elsewhere: not run",
        *(f"cells/cell-{n}.0.json: damaged: problem {n}" for n in range(20)),
        "5 more damaged records",
    ]


def test_a_number_that_lacks_launches_says_so_beside_it() -> None:
    """Of three launches one crashed, or one was never run: the number never looks like the rest."""
    protocol = replace(LAUNCH.protocol, launches=3)
    good = [replace(LAUNCH, protocol=protocol, launch=number) for number in range(3)]
    crashed = replace(good[1], status=Status.CRASHED, reason="ended by SIGKILL", step_seconds=())
    whole, partial, stopped = (
        run_text(reported(*launches)) for launches in (good, [good[0], crashed, good[2]], good[:2])
    )

    assert "launches" not in whole
    for text in (partial, stopped):
        (row,) = (line for line in text.splitlines() if line.startswith(f"{LAUNCH.cell.id}  "))
        assert row.split()[1] == "765.55"
        assert row.endswith("160  2 of 3 launches")
    lead = "inference-amp-bs8-1gpu: "
    assert f"{lead}crashed (2 of 3 launches ok): ended by SIGKILL" in partial
    assert f"{lead}not finished (2 of 3 launches ok)" in stopped


def test_a_percentile_of_too_few_samples_is_marked() -> None:
    """The value stays for comparison, with a mark that the legend explains."""
    text = run_text(reported(LAUNCH))

    assert text.split("inference-amp-bs8-1gpu")[1].split()[1:7] == [
        "10.45", "10.45", "10.81", "10.90", "~10.90", "80",
    ]  # fmt: skip
    assert "~ = not enclosed with 95 % confidence" in text


def test_percentiles_of_many_samples_have_no_mark() -> None:
    """Nor has the legend a line about one."""
    chance = random.Random(1)  # noqa: S311 - not for secrets
    steps = tuple(chance.uniform(0.010, 0.011) for _ in range(4000))
    protocol = replace(LAUNCH.protocol, measured_steps=len(steps))
    launch = replace(LAUNCH, protocol=protocol, step_seconds=steps, telemetry=None)
    text = run_text(reported(launch))

    assert "~" not in text


def test_the_spread_between_launches_is_that_of_good_ones() -> None:
    """Repeats show what one launch cannot; a failed one has no part in it, and one is no spread."""
    slower = replace(
        LAUNCH, launch=1, step_seconds=tuple(1.1 * step for step in STEPS), cautions=(QUICK,)
    )
    failed = replace(LAUNCH, launch=2, status=Status.INVALID, step_seconds=(9.0,))
    table = spread_table(reported(LAUNCH, slower, failed))

    assert table is not None
    assert table.rows == [
        ("inference-amp-bs8-1gpu", "2", "695.95", "730.75", "765.55", "9.5%", "q")
    ]
    assert spread_table(reported(LAUNCH, failed)) is None


def test_what_failed_launches_printed_last_is_shown_of_a_few() -> None:
    """Launches that printed nothing, or went well, are left out; many failures are often alike."""
    failed = [
        replace(LAUNCH, launch=n, status=Status.CRASHED, output_tail="" if n == 0 else f"said {n}")
        for n in range(9)
    ]

    assert last_output(reported(LAUNCH, *failed)) == [
        (f"inference-amp-bs8-1gpu, launch {n}", f"said {n}") for n in range(1, 6)
    ]


@pytest.mark.parametrize("kind", CautionKind)
def test_every_caution_is_marked_and_explained(kind: CautionKind) -> None:
    """A result table marks each kind of doubt with its letter and says what the letter means."""
    launch = replace(LAUNCH, cautions=(Caution(kind, "a doubt"),))
    lines = run_text(reported(launch)).splitlines()

    (row,) = [line for line in lines if line.startswith(LAUNCH.cell.id)]
    assert row.split()[-1] == kind.letter
    assert f"{kind.letter} = {kind.legend}" in lines


def test_cells_that_were_skipped_alike_are_counted() -> None:
    """A matrix for many machines does not bury what this one measured below what it cannot."""
    skipped = [
        replace(
            LAUNCH,
            cell=replace(LAUNCH.cell, batch_size=size, gpu="h200"),
            status=Status.SKIPPED,
            reason="needs a GPU of type h200",
            step_seconds=(),
        )
        for size in range(1, 91)
    ]
    few = [replace(one, reason="needs more memory") for one in skipped[:3]]
    text = run_text(reported(LAUNCH, *few, *skipped[3:]))
    report = report_markdown(assembled(LAUNCH, *few, *skipped[3:]))

    first, last = "inference-amp-bs4-1gpu-on-h200", "inference-amp-bs90-1gpu-on-h200"
    line = f"87 cells, {first} to {last}: skipped: needs a GPU of type h200"
    for document in (text, report):
        assert document.count(line) == 1
        assert document.count("needs a GPU of type h200") == 1
        assert document.count(": skipped: needs more memory") == 3
    assert len(text.splitlines()) < 20


def test_enough_samples_that_are_alike_are_told_from_too_few() -> None:
    """36 samples could have an interval of p90; in ascending order they are worth fewer."""
    rising = tuple(0.010 + 0.001 * step for step in range(36))
    enough, few = (
        intervals_table(reported(replace(LAUNCH, step_seconds=steps))).rows[0][4]
        for steps in (rising, rising[:35])
    )

    assert (enough, few) == ("n/a, needs 36 independent", "n/a, needs 36")


def test_cells_that_failed_alike_are_each_named() -> None:
    """A failure is never only counted, however many there are."""
    failed = [
        replace(
            LAUNCH,
            cell=replace(LAUNCH.cell, batch_size=size),
            status=Status.CRASHED,
            reason="ended by SIGSEGV",
            step_seconds=(),
        )
        for size in range(1, 7)
    ]
    lines = run_text(reported(*failed)).splitlines()

    assert [line for line in lines if line.endswith(": crashed: ended by SIGSEGV")] == [
        f"inference-amp-bs{size}-1gpu: crashed: ended by SIGSEGV" for size in range(1, 7)
    ]
