"""suite.run.locks: one run at a time on a device, and no lock outlives its owner."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from builders import CPU

from suite.model.device import Gpu, Machine
from suite.model.errors import InputError
from suite.run.locks import FOLDER_VARIABLE, SHARED_FOLDERS, hold_devices, hold_run, lock_names

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from suite.run.locks import hold_devices, hold_run
with hold_devices(["GPU-1", "GPU-2"]) as announce, hold_run(Path(sys.argv[1])):
    announce(Path("reports/theirs"))
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of device locks of this test's own."""
    folder = tmp_path / "locks"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    return folder


@pytest.fixture
def owner(locks: Path, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process of another job, with a TMPDIR of its own, that holds two devices and a run."""
    assert locks.is_dir()
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_device_in_use_is_refused_with_its_owner_named(owner: "subprocess.Popen[str]") -> None:
    """The line says which process on which host, and where its records go."""
    with pytest.raises(InputError) as refused, hold_devices(["GPU-0", "GPU-2"]):
        pass

    assert f"in use by process {owner.pid} on " in str(refused.value)
    assert "running reports/theirs; wait for its end with --wait" in str(refused.value)


def test_another_device_is_free(owner: "subprocess.Popen[str]") -> None:
    """Runs on different GPUs of one machine do not hinder each other."""
    with hold_devices(["GPU-3"]):
        assert owner.poll() is None


def test_the_lock_of_a_killed_owner_is_gone(owner: "subprocess.Popen[str]") -> None:
    """Nobody has to remove a file after a crash."""
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    with hold_devices(["GPU-1", "GPU-2"]):
        pass

    assert owner.returncode == -signal.SIGKILL


def test_waiting_names_the_owner_and_ends_with_it(owner: "subprocess.Popen[str]") -> None:
    """--wait says once for whom, and goes on when that one is done."""
    told: list[str] = []

    def on_wait(text: str) -> None:
        told.append(text)
        assert owner.stdin is not None
        owner.stdin.close()

    with hold_devices(["GPU-1"], on_wait):
        pass

    assert len(told) == 1
    assert str(owner.pid) in told[0]


def test_a_run_directory_that_is_being_filled_is_refused(
    owner: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    """The second one is told who fills it, and may fill it once that one has ended."""
    with pytest.raises(InputError) as refused, hold_run(tmp_path):
        pass
    owner.kill()
    owner.wait()
    with hold_run(tmp_path):
        pass

    assert f"{tmp_path}: is being filled by process {owner.pid} on " in str(refused.value)


def test_a_lock_file_is_one_that_every_user_may_lock(locks: Path) -> None:
    """Another user's run is refused by the lock, not by the mode of its file."""
    earlier = os.umask(0o077)
    try:
        with hold_devices(["cpu"]):
            pass
    finally:
        os.umask(earlier)

    (lock,) = locks.iterdir()
    assert stat.S_IMODE(lock.stat().st_mode) == 0o666


def held_by_nobody() -> str:
    """`held`, or the words of the refusal, of the user nobody trying for GPU-7."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        try:
            with hold_devices(["GPU-7"]):
                said = "held"
        except InputError as error:
            said = str(error)
        os.write(writer, said.encode())
        os._exit(0)
    os.waitpid(child, 0)
    with os.fdopen(writer), os.fdopen(reader) as pipe:
        return os.read(pipe.fileno(), 1000).decode()


@pytest.mark.skipif(os.getuid() != 0, reason="becoming another user takes root")
@pytest.mark.parametrize("folder", [*SHARED_FOLDERS, None])
def test_users_share_the_lock(folder: Path | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of another user is refused, in each of the folders and where the suite chooses."""
    if folder is not None:
        monkeypatch.setattr("suite.run.locks.SHARED_FOLDERS", (folder,))
    monkeypatch.delenv(FOLDER_VARIABLE)
    name = f"test-{os.getpid()}"
    monkeypatch.setattr("suite.run.locks.LOCK_PREFIX", f"resnet50-bench-{name}-")
    try:
        with hold_devices(["GPU-7"]):
            during = held_by_nobody()
        after = held_by_nobody()
    finally:
        for shared in SHARED_FOLDERS:
            (shared / f"resnet50-bench-{name}-GPU-7.lock").unlink(missing_ok=True)

    assert f"in use by process {os.getpid()} on " in during
    assert after == "held"


def plant_a_link(lock: Path, victim: Path) -> None:
    lock.symlink_to(victim)


def plant_a_second_name(lock: Path, victim: Path) -> None:
    lock.hardlink_to(victim)


def plant_a_pipe(lock: Path, _: Path) -> None:
    os.mkfifo(lock)


@pytest.mark.parametrize("plant", [plant_a_link, plant_a_second_name, plant_a_pipe])
def test_what_was_planted_in_place_of_a_lock_is_refused(
    locks: Path, tmp_path: Path, plant: Callable[[Path, Path], None]
) -> None:
    """No file outside is opened, signed or waited for."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    plant(locks / "resnet50-bench-cpu.lock", victim)

    with pytest.raises(InputError) as refused, hold_devices(["cpu"]):
        pass
    assert "is a link" in str(refused.value) or "is not a lock file" in str(refused.value)
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_folder_in_which_others_may_replace_files_is_refused(locks: Path, mode: int) -> None:
    """Without the sticky bit anybody could put a second lock in place of one that is held."""
    locks.chmod(mode)

    with pytest.raises(InputError, match="have the sticky bit"), hold_devices(["cpu"]):
        pass


def test_a_link_to_a_folder_of_locks_is_refused(
    locks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who made the link may point it elsewhere at any time."""
    (tmp_path / "link").symlink_to(locks)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "link"))

    with pytest.raises(InputError, match="must be a folder, not a link"), hold_devices(["cpu"]):
        pass


def test_a_lock_that_was_removed_while_waited_for_is_made_anew(locks: Path) -> None:
    """A run that waited holds the file that is there, so a third one is refused."""
    lock = locks / "resnet50-bench-cpu.lock"
    with ExitStack() as first:
        first.enter_context(hold_devices(["cpu"]))

        def on_wait(_: str) -> None:
            lock.unlink()
            first.close()

        with hold_devices(["cpu"], on_wait):
            assert lock.exists()
            with pytest.raises(InputError, match="in use by"), hold_devices(["cpu"]):
                pass


def test_the_names_are_those_of_the_devices_that_launches_see() -> None:
    """GPUs by UUID where there is one, MIG devices too; the CPU where there is no GPU."""
    gpus = (Gpu(index=1, name="b", uuid="MIG-7/1"), Gpu(index=0, name="a"))

    assert lock_names(Machine(gpus=gpus, cpu=CPU, nvml="")) == ("MIG-7-1", "gpu-0")
    assert lock_names(Machine(gpus=(), cpu=CPU, nvml="")) == ("cpu",)
