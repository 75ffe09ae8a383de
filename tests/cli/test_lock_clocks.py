"""`--lock-clocks`: locked before the first launch, recorded, and restored however a run ends."""

import json
import signal
import time
from pathlib import Path

import psutil
import pytest
from fake_nvml import LOCKABLE
from faulty_bench import HANG, HELD_MEASURING, Bench, bench_of_two_cells

from suite.cli import main

LOCKED = ["lock 585 585 GPU-t4"]
RESTORED = [*LOCKED, "restore GPU-t4"]
AXES = "axes: {mode: [inference], gpu: [t4], precision: [fp32], xla: [off], batch_size: [1, 2]}\n"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A folder with a matrix of two cells for one GPU of three."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    made = bench_of_two_cells(tmp_path)
    made.matrix.write_text(
        "purpose: clocks\nkernel: simulated\nprotocol: {warmup_steps: 1, measured_steps: 20}\n"
        + AXES
    )
    (tmp_path / "pynvml.py").write_text(LOCKABLE)
    return made


def changes(bench: Bench) -> list[str]:
    """What was done to the clocks so far."""
    log = bench.folder / "clocks.log"
    return log.read_text().splitlines() if log.exists() else []


def recorded(bench: Bench) -> list[int | None]:
    """The locked clocks of the GPUs in the record of the newest run."""
    header = json.loads((max(bench.out.iterdir()) / "run.json").read_text())
    return [gpu["locked_clock_mhz"] for gpu in header["machine"]["gpus"]]


# The log as a launch sees it when it begins to measure.
SEEN = "(FOLDER / 'seen').write_text((FOLDER / 'clocks.log').read_text())"


def test_the_clocks_are_locked_before_the_first_launch(bench: Bench) -> None:
    """Those of the GPU that is used, said and recorded, and restored at the end."""
    code, printed, _ = bench.run("--lock-clocks", faults={("compile", 1): SEEN})

    assert code == 0
    assert (bench.folder / "seen").read_text().splitlines() == LOCKED
    assert changes(bench) == RESTORED
    assert "clock locked until the end: GPU 1 (Tesla T4) at 585 MHz" in printed
    assert recorded(bench) == [None, 585, None]


def test_a_run_without_the_flag_touches_no_clock(bench: Bench) -> None:
    """And is no continuation of one with it."""
    assert bench.run("--lock-clocks", "900", paths=(bench.folder,))[0] == 0
    code, _, said = bench.run("--resume", paths=(bench.folder,))

    assert code == 4
    assert "locked clocks in MHz [900] -> []" in said
    assert changes(bench) == ["lock 900 900 GPU-t4", "restore GPU-t4"]


def test_a_first_ctrl_c_restores_them(bench: Bench) -> None:
    """After the report."""
    process = bench.start("--lock-clocks", faults={("step", 2): HELD_MEASURING})
    bench.wait_for("reached-0", process)
    assert changes(bench) == LOCKED
    process.send_signal(signal.SIGINT)
    code, _, _ = bench.end(process)

    assert code == 130
    assert changes(bench) == RESTORED


def test_an_impatient_user_restores_them(bench: Bench) -> None:
    """A third Ctrl-C ends the run at once, and the guard is there."""
    process = bench.start("--lock-clocks", faults={("step", 2): HANG})
    bench.wait_for("reached-0", process)
    for _ in range(20):
        process.send_signal(signal.SIGINT)
        time.sleep(0.01)  # so that they arrive one by one
    code, _, _ = bench.end(process)

    assert code == 130
    assert changes(bench) == RESTORED


@pytest.mark.parametrize("flags", [[], ["--no-fork-server"]], ids=["forked", "programs"])
def test_a_killed_run_restores_them(bench: Bench, flags: list[str]) -> None:
    """While a launch hangs, which has no hold on the guard, nor has the fork server."""
    process = bench.start("--lock-clocks", *flags, faults={("step", 2): HANG})
    bench.wait_for("reached-0", process)
    family = [process.pid, *(each.pid for each in psutil.Process(process.pid).children(True))]
    (guard,) = (pid for pid in family if "suite.cli.clock_guard" in psutil.Process(pid).cmdline())
    assert changes(bench) == LOCKED
    assert len(family) >= 3
    assert [pid for pid in family if sockets(pid) & peers(process.pid, guard)] == [process.pid]
    process.kill()
    bench.end(process)

    assert changes(bench) == RESTORED


def sockets(pid: int) -> set[str]:
    """The sockets that a process has open."""
    links = (str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir())
    return {link for link in links if link.startswith("socket:")}


def peers(runner: int, guard: int) -> set[str]:
    """The sockets of the runner that were made beside the guard's: a pair has adjacent numbers."""
    theirs = {int(link[8:-1]) for link in sockets(guard)}
    ours = {int(link[8:-1]): link for link in sockets(runner)}
    found = {ours[number] for number in ours if {number - 1, number + 1} & theirs}
    assert found
    return found


def test_without_permission_nothing_is_measured(bench: Bench) -> None:
    """One line with the command for root, and no directory."""
    (bench.folder / "refuse-GPU-t4").write_text("NVMLError_NoPermission")
    code, _, said = bench.run("--lock-clocks", paths=(bench.folder,))

    assert code == 2
    assert said.startswith(
        "error: --lock-clocks: only root may lock the clocks of GPU 1 (Tesla T4)"
    )
    assert said.endswith("sudo nvidia-smi -i 1 -lgc 585\n")
    assert said.count("\n") == 1
    assert list(bench.out.iterdir()) == []
    assert changes(bench) == []


def test_an_ab_holds_them_for_both_sides(bench: Bench) -> None:
    """From before the first round to the end."""
    words = ["--a", "unchanged", "--b", "unchanged", "--rounds", "3", "--lock-clocks"]
    code, printed, said = bench.run(*words, paths=(bench.folder,), verb="ab")
    (folder,) = bench.out.iterdir()
    headers = [json.loads((folder / side / "run.json").read_text()) for side in "ab"]

    assert code in {0, 3}, said
    assert "clock locked until the end: GPU 1 (Tesla T4) at 585 MHz" in printed
    assert changes(bench) == RESTORED
    assert [header["machine"]["gpus"][1]["locked_clock_mhz"] for header in headers] == [585, 585]


def test_a_cpu_has_no_clock_to_lock(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run says so and goes on."""
    bench.write([1])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")

    assert main(["run", str(bench.matrix), "--out", str(bench.out), "--lock-clocks"]) == 0
    assert "note: --lock-clocks has no effect without a GPU" in capsys.readouterr().out
