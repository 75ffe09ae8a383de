"""The flags of `bench.py run` that continue, stop and share, through bench.py itself."""

import argparse
import json
import os
import shlex
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from commands import Done, bench

from suite.cli import main
from suite.cli.run_parser import duration_seconds
from suite.machine.devices import detect_machine
from suite.model.device import Gpu, GpuProcess
from suite.run.locks import hold_devices, lock_names

ROOT = Path(__file__).parents[2]
SIMULATED = """\
purpose: a test
kernel: simulated
protocol: {warmup_steps: 1, measured_steps: %d}
axes: {mode: [inference], precision: [fp32], xla: [off], batch_size: %s}
"""
# Real, and yet nothing that a machine could run.
IMPOSSIBLE = """\
purpose: a test
protocol: {warmup_steps: 1, measured_steps: 3}
axes: {mode: [training], precision: [fp32], xla: [off], batch_size: [1], gpus: [9999]}
"""


def run(folder: Path, *flags: str, **environment: str) -> Done:
    """`bench.py run` on the folder's matrix."""
    places = (f"{folder}/mine.yaml", "--out", f"{folder}/out")
    return bench("run", *places, *flags, cwd=None, **environment)


def write(folder: Path, batches: list[int], steps: int = 3) -> None:
    (folder / "mine.yaml").write_text(SIMULATED % (steps, batches))


def records(folder: Path) -> dict[int, dict[str, Any]]:
    found = (json.loads(path.read_text()) for path in folder.glob("out/*/cells/*.json"))
    return {record["cell"]["batch_size"]: record for record in found}


def test_a_resumption_with_other_records_is_refused(tmp_path: Path) -> None:
    """The folder that was read belongs to the conditions, however its path is written."""
    (tmp_path / "mine.yaml").write_text(
        (SIMULATED % (3, [1])).replace("xla:", "data: [tfrecord], xla:")
    )
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        record = struct.pack("<Q4x", 5) + bytes(5 + 4)
        (tmp_path / name / "validation-00000-of-00001").write_bytes(record)
    (tmp_path / "link").symlink_to(tmp_path / "first")
    began = run(tmp_path, "--data_dir", f"{tmp_path}/first")
    same = run(tmp_path, "--resume", "--data_dir", f"{tmp_path}/link")
    other = run(tmp_path, "--resume", "--data_dir", f"{tmp_path}/second")

    assert (began.returncode, same.returncode, other.returncode) == (0, 0, 4), began.stderr
    assert f"data_dir {tmp_path}/first -> {tmp_path}/second" in other.stderr


def test_a_changed_resumption_is_refused_or_marked(tmp_path: Path) -> None:
    """The change is named with exit 4; --allow-changes mixes, and marks only what came after."""
    write(tmp_path, [1])
    first = run(tmp_path)
    write(tmp_path, [1, 2], steps=4)
    refused = run(tmp_path, "--resume")
    allowed = run(tmp_path, "--resume", "--allow-changes")
    measured = records(tmp_path)

    assert (first.returncode, refused.returncode, allowed.returncode) == (0, 4, 0)
    assert "matrix now with inference-fp32-bs2-1gpu-simulated" in refused.stderr
    assert "protocol measured_steps 3 -> 4" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    kinds = {size: {c["kind"] for c in record["cautions"]} for size, record in measured.items()}
    assert {size for size, found in kinds.items() if "changed" in found} == {2}
    assert "c = measured after the run was resumed" in allowed.stdout


def test_no_secret_of_the_environment_reaches_a_file(tmp_path: Path) -> None:
    """Not in run.json, not in a record, a log or the report, and not in a refusal to resume."""
    write(tmp_path, [1])
    secrets = {
        "AWS_SECRET_ACCESS_KEY": "hunter2",
        "HOROVOD_TOKEN": "hunter2",
        "HOROVOD_RENDEZVOUS": "https://me:hunter2@host/?token=hunter2",
        "NCCL_OPTIONS": "password=hunter2",
        "TF_VAR_database": "hunter2",
    }
    done = run(tmp_path, **secrets)
    resumed = run(tmp_path, "--resume", TF_EXTRA="https://me:hunter2@host")
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]

    assert (done.returncode, resumed.returncode) == (0, 4)
    assert len(files) >= 5
    assert not [path for path in files if b"hunter2" in path.read_bytes()]
    assert "HOROVOD_RENDEZVOUS (withheld: looks like a secret) -> None" in resumed.stderr
    assert "hunter2" not in "".join([done.stdout, done.stderr, resumed.stdout, resumed.stderr])


def test_a_budget_stops_between_launches_and_resume_goes_on(tmp_path: Path) -> None:
    """The launch under way is never capped, the rest is told as not run, and can be run."""
    write(tmp_path, [500, 1], steps=5)
    stopped = run(tmp_path, "--max-time", "1s")
    at_stop = records(tmp_path)
    (directory,) = (tmp_path / "out").iterdir()
    resumed = run(tmp_path, "--resume", str(directory))

    assert stopped.returncode == 3
    assert "inference-fp32-bs1-1gpu-simulated: not run" in stopped.stdout
    assert (
        "not finished (--max-time is over): 1 of 2 launches have ended; finished launches are kept"
        in stopped.stdout
    )
    assert f"--resume {directory}" in stopped.stdout
    assert {batch: len(record["step_seconds"]) for batch, record in at_stop.items()} == {500: 5}
    assert resumed.returncode == 0
    assert records(tmp_path)[500] == at_stop[500]


def test_compare_prints_the_command_that_resumes_a_run(tmp_path: Path) -> None:
    """What stands there can be pasted: it has the flags that began the run, and its directory."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    write(folder, [500, 1], steps=5)
    run(folder, "--max-time", "1s", "--set", "batch_size=1,500")
    (directory,) = (folder / "out").iterdir()
    told = bench("compare", "--run", str(directory), "--reference", "t4", "--fail-below", "0.5")
    command = told.stderr.strip().rpartition("go on with: python bench.py ")[2]
    resumed = bench(*shlex.split(command))

    assert (told.returncode, resumed.returncode) == (3, 0)
    assert "not finished: 1 of 2 launches have ended" in told.stderr
    assert set(records(folder)) == {1, 500}


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--resume"], "holds no run of mine; start one without --resume"),
        (["--resume", "nowhere"], "nowhere: no such run directory"),
        (
            ["--retry-failed"],
            "--retry-failed has no effect without --resume; give --resume with it",
        ),
        (["--allow-changes"], "--allow-changes has no effect without --resume"),
        (["--max-time", "9" * 400 + "h"], "is not a duration such as"),
        (["--max-time", "721h"], "'721h' is not a duration such as 30m, 90s or 1h30m, up to 720h"),
        (["--max-time", "soon"], "'soon' is not a duration such as 30m, 90s or 1h30m, up to 720h"),
    ],
)
def test_wrong_flags_are_one_line(tmp_path: Path, flags: list[str], words: str) -> None:
    """Nothing is run or written on a misunderstanding."""
    write(tmp_path, [1])
    done = run(tmp_path, *flags)

    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_second_run_on_a_device_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    """The owner is named; a simulated kernel uses no device and hinders nobody."""
    (tmp_path / "mine.yaml").write_text(IMPOSSIBLE)
    with hold_devices(lock_names(detect_machine())):
        refused = run(tmp_path)
        written = (tmp_path / "out").exists()
        write(tmp_path, [1])
        simulated = run(tmp_path)

    assert (refused.returncode, simulated.returncode) == (2, 0)
    assert f"the device is in use by process {os.getpid()} on " in refused.stderr
    assert not written


def test_a_report_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """The results are printed all the same, and the records stay."""
    write(tmp_path, [1])
    run(tmp_path)
    (report,) = tmp_path.glob("out/*/report.md")
    report.unlink()
    report.mkdir()
    done = run(tmp_path, "--resume")

    assert done.returncode == 3
    assert (
        "report.md: cannot be written (Is a directory); finished launches are kept" in done.stderr
    )
    assert "inference-fp32-bs1-1gpu-simulated" in done.stdout
    assert records(tmp_path)[1]["status"] == "ok"


def test_exclusive_refuses_a_gpu_that_is_not_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever is on the GPU is named before anything runs; other GPUs do not matter."""
    write(tmp_path, [1])
    foreign = GpuProcess(pid=4711, name="python", memory_bytes=2**31)
    flags = ["run", f"{tmp_path}/mine.yaml", "--out", f"{tmp_path}/out", "--exclusive"]
    two = (Gpu(index=0, name="Tesla T4"), Gpu(index=1, name="Tesla T4"))
    with_gpus = replace(detect_machine(), gpus=two)
    monkeypatch.setattr("suite.cli.run.detect_machine", lambda: with_gpus)
    on_first: dict[Gpu, Any] = {two[0]: (foreign,), two[1]: ()}
    on_second: dict[Gpu, Any] = {two[0]: (), two[1]: (foreign,)}
    unknown: dict[Gpu, Any] = {two[0]: None, two[1]: ()}

    def see(found: dict[Gpu, Any]) -> None:
        asked = "suite.cli.run.foreign_processes"
        monkeypatch.setattr(asked, lambda gpus: tuple(found[gpu] for gpu in gpus))

    see(on_first)
    refused = main(flags)
    said = capsys.readouterr().err
    see(unknown)
    not_seen = main(flags)
    unseen = capsys.readouterr().err
    written = (tmp_path / "out").exists()
    see(on_second)
    run_anyway = main(flags)

    assert (refused, not_seen, run_anyway) == (2, 2, 0)
    assert (
        "foreign processes on the GPU: python (process 4711, 2.0 GiB); end them or drop --exclusive"
        in said
    )
    assert "the processes on Tesla T4 cannot be read, so it is unknown whether it is free" in unseen
    assert not written


def test_exclusive_has_nothing_to_say_of_a_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The flag is about GPUs, and the run says so."""
    write(tmp_path, [1])
    monkeypatch.setattr("suite.cli.run.detect_machine", lambda: replace(detect_machine(), gpus=()))
    code = main(["run", f"{tmp_path}/mine.yaml", "--out", f"{tmp_path}/out", "--exclusive"])

    assert code == 0
    assert "note: --exclusive has no effect without a GPU" in capsys.readouterr().out


@pytest.mark.parametrize("failure", ["hidden", "mismatch"])
def test_a_gpu_that_cannot_be_used_is_no_silent_cpu(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failure: str,
) -> None:
    """Plan and run say it once, with NVML's phrase; --require-device starts nothing."""
    (tmp_path / "mine.yaml").write_text(IMPOSSIBLE)
    phrases = {
        "hidden": '1 GPU found; 0 visible with CUDA_VISIBLE_DEVICES=""',
        "mismatch": "RM has detected an NVML/RM version mismatch.",
    }
    here = replace(detect_machine(), gpus=(), nvml=phrases[failure], gpus_out_of_reach=True)
    for verb in ("run", "plan"):
        monkeypatch.setattr(f"suite.cli.{verb}.detect_machine", lambda: here)
    flags = ["run", f"{tmp_path}/mine.yaml", "--out", f"{tmp_path}/out"]
    refused, (_, said) = main([*flags, "--require-device"]), capsys.readouterr()
    written = (tmp_path / "out").exists()
    main(["plan", f"{tmp_path}/mine.yaml"])
    planned = capsys.readouterr().out
    main(flags)
    ran = capsys.readouterr().out

    assert refused == 2
    assert not written
    assert len(said.splitlines()) == 1
    for text in (said, planned, ran):
        words = " ".join(text.split())
        assert words.count(f"no GPU that can be used (NVML: {phrases[failure]}), only ") == 1


def test_wait_goes_on_when_the_device_is_free(tmp_path: Path) -> None:
    """--wait says whom it waits for, and then runs."""
    (tmp_path / "mine.yaml").write_text(IMPOSSIBLE)
    with hold_devices(lock_names(detect_machine())):
        waiting = subprocess.Popen(
            [
                sys.executable,
                "bench.py",
                "run",
                f"{tmp_path}/mine.yaml",
                "--wait",
                "--out",
                tmp_path,
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert waiting.stdout is not None
        said = waiting.stdout.readline()
    printed, _ = waiting.communicate()

    assert said.startswith(f"waiting: the device is in use by process {os.getpid()} on ")
    assert waiting.returncode == 3
    assert "needs 9999 ranks" in printed


@pytest.mark.parametrize(
    ("text", "seconds"), [("30m", 1800), ("90s", 90), ("2h", 7200), ("1h30m", 5400)]
)
def test_durations_are_read(text: str, seconds: int) -> None:
    """Hours, minutes and seconds, each with its letter."""
    assert duration_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "0s", "-5m", "1m1h", "1.5h"])
def test_anything_else_is_no_duration(text: str) -> None:
    """A number without a unit is not guessed at."""
    with pytest.raises(argparse.ArgumentTypeError):
        duration_seconds(text)
