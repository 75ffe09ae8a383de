"""The main job through bench.py itself, with real processes and the simulated kernel."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from commands import bench
from waiting import wait_until

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "matrices" / "demo.yaml"


# Python imports sitecustomize by itself. Steps take a hundredth of a second by the worker's clock,
# whatever else the machine does.
CLOCK = """
import time
from suite.kernels import simulated
now = 0.0
def step(self):
    global now
    now += 0.01
time.perf_counter, simulated.SimulatedKernel.step = lambda: now, step
"""


def process(*arguments: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    """`bench.py` as a user starts it."""
    return subprocess.run(
        [sys.executable, str(ROOT / "bench.py"), *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def matrix(folder: Path, **changes: str) -> Path:
    """A one-cell matrix of the simulated kernel; changes replace whole lines by their key."""
    lines = {
        "purpose": "purpose: a test",
        "device": "device: any",
        "kernel": "kernel: simulated",
        "protocol": "protocol: {warmup_steps: 1, measured_steps: 3}",
        "axes": "axes: {mode: [inference], precision: [fp32], xla: [off], batch_size: [1]}",
        **changes,
    }
    path = folder / "mine.yaml"
    path.write_text("\n".join(lines.values()) + "\n")
    return path


@pytest.fixture(scope="module")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What `bench.py run matrices/demo.yaml` printed, and its run directory."""
    out = tmp_path_factory.mktemp("reports")
    done = process("run", DEMO, "--out", out)
    assert done.returncode == 0, done.stderr
    (directory,) = out.iterdir()
    return done.stdout, directory


def test_a_run_prints_its_table_and_what_to_do_next(demo_run: tuple[str, Path]) -> None:
    """Every cell has a line; the run directory and the overhead per launch are named."""
    printed, directory = demo_run

    assert "training-amp-xla-bs8-1gpu-simulated" in printed
    assert "s = simulated kernel: the number means nothing" in printed
    assert "outside build, compile and steps: median" in printed
    assert "the runner's own CPU time during steps: median" in printed
    assert "started: 7 by fork" in printed
    assert str(directory) in printed


def test_a_run_keeps_every_sample_of_every_launch(demo_run: tuple[str, Path]) -> None:
    """Records hold warm-up and measured steps apart, and their summary follows from them."""
    _, directory = demo_run
    records = [json.loads(path.read_text()) for path in (directory / "cells").glob("*.json")]

    assert len(records) == 7
    for record in records:
        assert record["schema_version"] == 2
        assert record["status"] == "ok"
        assert (len(record["warmup_seconds"]), len(record["step_seconds"])) == (2, 20)
        images = 20 * record["cell"]["batch_size"]
        assert record["summary"]["images_per_second"] == pytest.approx(
            images / sum(record["step_seconds"])
        )


def test_a_run_writes_its_header_and_report(demo_run: tuple[str, Path]) -> None:
    """run.json names the planned cells and the environment; report.md shows the results."""
    _, directory = demo_run
    header = json.loads((directory / "run.json").read_text())
    report = (directory / "report.md").read_text()

    assert header["matrix"] == "demo"
    assert len(header["cells"]) == 7
    assert header["environment"]["python"].startswith("3.")
    for cell in header["cells"]:
        assert f"| {cell} " in report


def test_launches_without_a_fork_server_are_recorded_as_such(tmp_path: Path) -> None:
    """--no-fork-server starts plain processes, and no record can be mistaken for a forked one."""
    done = process("run", matrix(tmp_path), "--out", tmp_path / "out", "--no-fork-server")
    (record_path,) = tmp_path.glob("out/*/cells/*.json")
    record = json.loads(record_path.read_text())

    assert done.returncode == 0
    assert "started: 1 by process" in done.stdout
    assert (record["started_by"], record["fork_refused"]) == ("process", "")
    assert not list(tmp_path.glob("out/*/fork_server.log"))


def test_output_fits_a_terminal(demo_run: tuple[str, Path]) -> None:
    """No line of the result table is wider than 100 columns."""
    table = demo_run[0].split("run directory:")[0]

    assert max(map(len, table.splitlines())) <= 100


def test_a_mismatched_device_is_said_once_and_marked(tmp_path: Path) -> None:
    """A matrix for another device runs, says so, and --require-device refuses it beforehand."""
    path = matrix(tmp_path, device="device: NVIDIA Imaginary 9000")
    done = bench("run", path, "--out", tmp_path / "out")
    refused = bench("run", path, "--out", tmp_path / "refused", "--require-device")

    assert done.returncode == 0
    assert done.stdout.count("this matrix is for NVIDIA Imaginary 9000") == 1
    assert refused.returncode == 2
    assert "drop --require-device" in refused.stderr
    assert not (tmp_path / "refused").exists()


def test_quick_shortens_and_marks(tmp_path: Path) -> None:
    """--quick cuts the protocol down and every number carries the mark."""
    path = matrix(tmp_path, protocol="protocol: {warmup_steps: 50, measured_steps: 350}")
    done = bench("run", path, "--out", tmp_path / "out", "--quick")
    (record_path,) = tmp_path.glob("out/*/cells/*.json")
    record = json.loads(record_path.read_text())

    assert done.returncode == 0
    assert "q = quick protocol" in done.stdout
    assert (len(record["warmup_seconds"]), len(record["step_seconds"])) == (2, 10)
    assert "quick" in {caution["kind"] for caution in record["cautions"]}


def test_a_time_cap_keeps_the_number_and_marks_it_truncated(tmp_path: Path) -> None:
    """A cell ended by its cap has a number, its sample count and the mark."""
    (tmp_path / "sitecustomize.py").write_text(CLOCK)
    path = matrix(
        tmp_path,
        protocol="protocol: {warmup_steps: 1, measured_steps: 100000, max_seconds: 0.295}",
    )
    done = process(
        *("run", path, "--out", tmp_path / "out"), PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}"
    )
    (record_path,) = tmp_path.glob("out/*/cells/*.json")
    record = json.loads(record_path.read_text())

    assert done.returncode == 0
    assert "t = truncated" in done.stdout
    assert record["status"] == "ok"
    assert len(record["step_seconds"]) == 29
    assert "after 29 of 100000" in record["cautions"][0]["text"]


def test_skipped_cells_have_a_reason_and_a_run_of_nothing_fails(tmp_path: Path) -> None:
    """A cell that no machine here can run is skipped; measuring nothing at all is exit 3."""
    path = matrix(
        tmp_path,
        kernel="kernel: resnet50",
        axes="axes: {mode: [training], precision: [amp], xla: [on], batch_size: [1], gpus: [9999]}",
    )
    done = bench("run", path, "--out", tmp_path / "out")

    assert done.returncode == 3
    assert "skipped: needs 9999 ranks" in done.stdout


def test_ctrl_c_keeps_what_is_finished_and_exits_130(tmp_path: Path) -> None:
    """An interrupted run leaves its records, a report and no process behind."""
    axes = "axes: {mode: [inference], precision: [fp32], xla: [off], batch_size: [1, 4000]}"
    # Minutes of the second cell, so that Ctrl-C never comes too late.
    path = matrix(tmp_path, axes=axes, protocol="protocol: {measured_steps: 100, warmup_steps: 1}")
    running = subprocess.Popen(
        [sys.executable, str(ROOT / "bench.py"), "run", str(path), "--out", str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        wait_until(lambda: list(tmp_path.glob("out/*/cells/*bs4000*.log")), running)
        os.kill(running.pid, signal.SIGINT)
        printed, _ = running.communicate()
    finally:
        running.kill()
    statuses = {
        record["cell"]["batch_size"]: record["status"]
        for record in (json.loads(p.read_text()) for p in tmp_path.glob("out/*/cells/*.json"))
    }

    assert running.returncode == 130
    assert statuses == {1: "ok", 4000: "interrupted"}
    assert "inference-fp32-bs1-1gpu-simulated" in printed
    assert list(tmp_path.glob("out/*/report.md"))


def test_plan_lists_cells_commands_and_time_without_tensorflow(tmp_path: Path) -> None:
    """Each planned cell shows its id, fate and the command that runs it by hand."""
    done = bench("plan", ROOT / "matrices" / "any_gpu.yaml", cwd=tmp_path)

    assert done.returncode == 0
    assert "inference-amp-xla-bs256-1gpu" in done.stdout
    assert (
        "    python -m suite.kernels --mode=inference_benchmark --amp --xla --batch_size 256 \\\n"
        "        --warmup_steps 50 --num_iter 400 --iter_unit batch --results_dir .\n"
        in done.stdout
    )
    assert not list(tmp_path.iterdir())


def test_a_cell_by_hand_leaves_the_record_that_a_run_would(tmp_path: Path) -> None:
    """`python -m suite.kernels` measures, prints both estimators and writes its record."""
    flags = ["--mode=inference_benchmark", "--batch_size=8", "--kernel=simulated"]
    flags += ["--warmup_steps=2", "--num_iter=6", "--iter_unit=batch", f"--results_dir={tmp_path}"]
    done = subprocess.run(
        [sys.executable, "-m", "suite.kernels", *flags],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    (path,) = tmp_path.glob("*.json")
    record = json.loads(path.read_text())

    assert path.name == "inference-fp32-bs8-1gpu-simulated.0.json"
    assert (len(record["warmup_seconds"]), len(record["step_seconds"])) == (2, 4)
    assert "mean of rates, as published" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "no.yaml"], "no.yaml: no such file"),
        (["run", "."], ".: is a directory"),
        (["run"], "the following arguments are required: MATRIX"),
        (["fly"], "invalid choice: 'fly'"),
        ([], "the following arguments are required: VERB"),
        (["compare"], "holds no run; make one with"),
        (
            ["compare", "--reference", "a", "--reference", "b"],
            "--reference: given twice, as 'a' and as 'b'; give one",
        ),
        (
            ["run", "{demo}", "--out=a", "--max-time=1m", "--out=b"],
            "--out: given twice, as 'a' and",
        ),
        (["compare", "--reference", "{t4}"], "holds no run; make one with"),
        (["compare", "--reference", "{t4}", "--run", "nowhere"], "nowhere: no such run directory"),
        (
            ["compare", "--reference", "{t4}", "--fail-below", "-1"],
            "'-1' is not a number from 0.001 to 1000",
        ),
        (["compare", "--reference", "{t4}", "--min-batch", "8"], "give --fail-below too"),
        (["run", "{demo}", "--out", "{t4}/x"], "cannot be made (Not a directory)"),
    ],
)
def test_bad_usage_is_one_line_and_exit_2(tmp_path: Path, arguments: list[str], words: str) -> None:
    """A mistake on the command line is told in one line, without a traceback, writing nothing."""
    names = {"{t4}": str(ROOT / "reference" / "t4.csv"), "{demo}": str(DEMO)}
    for name, value in names.items():
        arguments = [argument.replace(name, value) for argument in arguments]
    done = bench(*arguments, cwd=tmp_path)

    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_help_names_every_verb_and_the_exit_codes() -> None:
    """A newcomer sees what there is to do and what the shell gets back."""
    done = process("--help")

    assert done.returncode == 0
    for word in ("run", "compare", "plan", "devices", "reference", "schema", "130  interrupted"):
        assert word in done.stdout


def test_devices_describes_this_machine() -> None:
    """The text names the CPU; the JSON holds the same machine."""
    text = bench("devices")
    data = json.loads(bench("devices", "--json").stdout)

    assert text.returncode == 0
    assert f"CPU: {data['cpu']['model']}" in text.stdout
    assert "published system:" in text.stdout
