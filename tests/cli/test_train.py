"""`bench.py train`: a whole training, and what is left of one that was ended at any moment."""

import json
import os
import random
import re
import shutil
import signal
from pathlib import Path

import pytest
from event_files import scalars
from training_bench import TrainingBench
from waiting import wait_until

from suite.analysis.training_scalars import scalars_by_part
from suite.cli import main, training_scalars
from suite.formats.tensorboard import event_files
from suite.model.training import TrainedStep
from suite.model.training_record import Ended, Evaluated, Outcome, Saved
from suite.store.training_runs import read_training_header

# Steps of the recipe `demo`: ten epochs of ten.
LAST = 100
MOMENTS = sorted(random.Random(14).sample(range(1, LAST + 1), 10))  # noqa: S311 - not for secrets


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> TrainingBench:
    """A training that nobody disturbed."""
    bench = TrainingBench(tmp_path_factory.mktemp("whole"))
    code, _, said = bench.train()
    assert code == 0, said
    return bench


@pytest.fixture
def bench(tmp_path: Path) -> TrainingBench:
    return TrainingBench(tmp_path)


def losses(bench: TrainingBench) -> dict[int, float]:
    """The loss of each step; of one that was repeated, the last."""
    return {event.step: event.loss for event in bench.events() if isinstance(event, TrainedStep)}


def test_a_training_says_how_it_goes_and_what_it_came_to(tmp_path: Path) -> None:
    """A plain line an epoch, then a summary, and files with both."""
    bench = TrainingBench(tmp_path)
    code, printed, said = bench.train("--precision", "amp", "--set", "lr_init=0.7")
    epochs = [line for line in said.splitlines() if line.startswith("epoch ")]
    document = (bench.directory / "training.md").read_text()

    assert code == 0
    assert [line.split(",")[0] for line in epochs] == [f"epoch {n}/10" for n in range(1, 11)]
    assert all(word in epochs[-1] for word in ("loss ", "learning rate ", "top-1 9", " img/s"))
    for text in (printed, document):
        assert "lr_init 0.7 (not 0.8)" in text
        assert "none for this recipe with these overrides" in text
        assert "of 203 images after epoch 10" in text
        assert "a small problem stood in for the network" in text
    assert (bench.directory / "training.csv").read_text().count("\n") == 11
    assert bench.header()["overrides"] == [{"name": "lr_init", "declared": "0.8", "given": "0.7"}]


# The worker stands still in the evaluation of the last epoch.
HELD_EVALUATING = (
    "judge = simulated_training.SimulatedTrainer.evaluate;"
    " simulated_training.SimulatedTrainer.evaluate = lambda self:"
    " (held() if self.steps_done == 100 else None, judge(self))[1]"
)


def test_an_evaluation_that_was_cut_short_is_made_up_for(
    whole: TrainingBench, bench: TrainingBench
) -> None:
    """No step is repeated for it, also where every step was made, and none is made twice."""
    bench.kill(bench.start(at_start=HELD_EVALUATING))
    before = losses(bench)
    code, printed, said = bench.train("--resume")
    again, answer, _ = bench.train("--resume")

    assert (code, again) == (0, 0), said
    assert "going on from step 100" in printed
    assert "nothing was missing" in answer
    assert before == losses(bench) == losses(whole)
    assert [event.evaluation.top1 for event in bench.events() if isinstance(event, Evaluated)] == [
        event.evaluation.top1 for event in whole.events() if isinstance(event, Evaluated)
    ]


def test_the_record_has_every_step_evaluation_and_checkpoint(whole: TrainingBench) -> None:
    """Nothing that happened is missing, and the best and the newest checkpoints are kept."""
    events = whole.events()
    evaluated = [event for event in events if isinstance(event, Evaluated)]
    best = max(evaluated, key=lambda event: event.evaluation.top1)

    assert sorted(losses(whole)) == list(range(1, LAST + 1))
    assert [event.step for event in evaluated] == list(range(10, LAST + 1, 10))
    assert [event.step for event in events if isinstance(event, Saved)] == [
        event.step for event in evaluated
    ]
    assert isinstance(events[-1], Ended)
    assert events[-1].outcome is Outcome.FINISHED
    assert {path.name for path in (whole.directory / "checkpoints").iterdir()} == {
        "90.ckpt",
        "100.ckpt",
        f"{best.step}.ckpt",
    }


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_training_goes_on_to_the_same_result(
    whole: TrainingBench, bench: TrainingBench, moment: int
) -> None:
    """Wherever a SIGKILL meets it, `--resume` ends with the same bits, and with the same steps."""
    process = bench.start("--checkpoint-every", 7, fault=f"held() if step == {moment} else None")
    bench.kill(process)
    assert max(losses(bench), default=0) == moment - 1

    code, printed, said = bench.train("--resume")

    assert code == 0, said
    assert bench.state() == whole.state()
    assert losses(bench) == losses(whole)
    before = max((n for n in range(moment) if n and (n % 7 == 0 or n % 10 == 0)), default=None)
    place = "the beginning" if before is None else f"step {before}"
    assert f"going on from {place}\n" in printed


@pytest.mark.slow
@pytest.mark.parametrize(
    "at_start",
    [
        "checkpoints.os.fsync = lambda _: held()",
        "training_runs.encode_event = lambda event: held() if getattr(event, 'file', '') else ''",
    ],
    ids=["while a checkpoint is written", "before it is recorded"],
)
def test_a_kill_at_a_checkpoint_loses_none_before(
    whole: TrainingBench, bench: TrainingBench, at_start: str
) -> None:
    """A checkpoint is there whole or not at all."""
    if "encode_event" in at_start:
        at_start = (
            "real_encode = training_runs.encode_event; training_runs.encode_event = lambda event:"
            " (held() if getattr(event, 'file', '') else None, real_encode(event))[1]"
        )
    else:
        at_start = (
            "real_fsync = os.fsync; checkpoints.os = type('Os', (), {**vars(os),"
            " 'fsync': staticmethod(lambda file: held())})"
        )
    bench.kill(bench.start(at_start=at_start))
    code, _, said = bench.train("--resume")

    assert code == 0, said
    assert bench.state() == whole.state()


@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")]
)
def test_a_signal_finishes_the_step_and_saves(
    whole: TrainingBench, bench: TrainingBench, number: signal.Signals, name: str
) -> None:
    """The exit code is 130, and the command that goes on is printed and works."""
    process = bench.start(fault="held() if step == 25 else None")
    bench.wait_until_held(process)
    process.send_signal(number)
    said = process.stderr.readline() if process.stderr else ""
    while said and "stopping after the current step" not in said:
        said = process.stderr.readline() if process.stderr else ""
    bench.go_on()
    printed, _ = process.communicate()

    assert process.returncode == 130
    assert f"not finished (stopped by {name}): after step 25 of 100; go on with: " in printed
    assert f"--resume {bench.directory}" in printed
    assert (bench.directory / "checkpoints" / "25.ckpt").exists()
    assert bench.train("--resume", bench.directory)[0] == 0
    assert bench.state() == whole.state()


@pytest.mark.slow
def test_a_signal_before_the_first_step_is_an_interruption(bench: TrainingBench) -> None:
    """Nothing is there to keep, so it ends at once; going on begins at the beginning."""
    process = bench.start(at_start="held()")
    bench.wait_until_held(process)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    ended = bench.events()[-1]
    code, printed, _ = bench.train("--resume")

    assert process.returncode == 130
    assert isinstance(ended, Ended)
    assert ended.outcome is Outcome.STOPPED
    assert code == 0
    assert "going on from the beginning" in printed


@pytest.mark.slow
def test_the_time_limit_saves_and_is_no_success(whole: TrainingBench, bench: TrainingBench) -> None:
    """--max-time ends a training early with exit code 3, and it can go on."""
    code, printed, _ = bench.train("--max-time", "1s", fault="time.sleep(1) if step > 3 else None")

    assert code == 3
    assert re.search(r"not finished \(--max-time is over\): after step \d+ of 100; go on", printed)
    assert bench.train("--resume")[0] == 0
    assert bench.state() == whole.state()


def ended_at(bench: TrainingBench, moment: int, *words: object) -> None:
    bench.kill(bench.start(*words, fault=f"held() if step == {moment} else None"))


@pytest.mark.parametrize("harm", ["cut short", "changed"])
def test_a_damaged_checkpoint_is_passed_over(
    whole: TrainingBench, bench: TrainingBench, harm: str
) -> None:
    """The last good one is used, and what was wrong with the newer one is said and recorded."""
    ended_at(bench, 35)
    path = bench.directory / "checkpoints" / "30.ckpt"
    content = path.read_bytes()
    path.write_bytes(content[:-5] if harm == "cut short" else content[:-5] + b"wrong")
    code, printed, _ = bench.train("--resume")

    assert code == 0
    assert "30.ckpt: is damaged or cut short" in printed
    assert "going on from step 20" in printed
    assert "30.ckpt: is damaged or cut short" in (bench.directory / "training.md").read_text()
    assert bench.state() == whole.state()


@pytest.mark.slow
def test_a_training_without_a_good_checkpoint_is_refused(bench: TrainingBench) -> None:
    """It would begin anew, and overwrite what somebody may still mend."""
    ended_at(bench, 15)
    (bench.directory / "checkpoints" / "10.ckpt").write_bytes(b"")
    before = bench.files()
    code, _, said = bench.train("--resume")

    assert code == 2
    assert "no checkpoint of this training can be read" in said
    assert bench.files() == before


@pytest.mark.slow
def test_a_line_cut_short_is_dropped_and_said(whole: TrainingBench, bench: TrainingBench) -> None:
    """A process that was killed while it wrote an event loses that event alone."""
    ended_at(bench, 25)
    with (bench.directory / "events.jsonl").open("a") as file:
        file.write('{"step": {"step": 25, "lo')
    code, printed, _ = bench.train("--resume")

    assert code == 0
    assert "its last line was cut short and is dropped" in printed
    assert losses(bench) == losses(whole)


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> TrainingBench:
    """A training that was killed in its second epoch."""
    bench = TrainingBench(tmp_path_factory.mktemp("unfinished"))
    ended_at(bench, 15)
    return bench


def refused(
    bench: TrainingBench, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str]:
    """The exit code of going on with these words, and what is said; nothing may be written."""
    before = bench.files()
    code = main(["train", "demo", "--out", str(bench.out), "--resume", *words])
    assert bench.files() == before
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--set", "lr_init=0.5"], "lr_init 0.8 -> 0.5"),
        (["--set", "epochs=12"], "epochs 10 -> 12"),
        (["--precision", "amp"], "precision fp32 -> amp"),
        (["--set", "seed=1"], "seed 0 -> 1"),
        (["--set", "batch_size=16"], "batch_size 32 -> 16"),
    ],
)
def test_another_recipe_is_not_gone_on_with(
    unfinished: TrainingBench, capsys: pytest.CaptureFixture[str], words: list[str], problem: str
) -> None:
    """Exit code 4 says what differs, and nothing is overwritten."""
    code, said = refused(unfinished, capsys, *words)

    assert code == 4
    assert problem in said


def test_other_software_is_not_gone_on_with(
    unfinished: TrainingBench, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither another TensorFlow nor another suite would compute the same."""
    path = unfinished.directory / "training.json"
    kept = path.read_text()
    header = unfinished.header()
    header["environment"] |= {"tensorflow": "1.15.2", "code": "abc"}
    path.write_text(json.dumps(header))
    code, said = refused(unfinished, capsys)
    path.write_text(kept)

    assert code == 4
    assert "tensorflow 1.15.2 -> " in said
    assert "code abc -> " in said


@pytest.mark.slow
@pytest.mark.mpi
@pytest.mark.horovod
def test_ranks_train_stop_and_go_on_together(tmp_path: Path) -> None:
    """Two ranks take the same last step, and go on to what they would have come to."""
    (tmp_path / "whole").mkdir()
    (tmp_path / "ended").mkdir()
    whole, bench = TrainingBench(tmp_path / "whole"), TrainingBench(tmp_path / "ended")
    assert whole.train("--set", "gpus=2")[0] == 0
    process = bench.start("--set", "gpus=2", fault="held() if step == 25 else None")
    bench.wait_until_held(process)
    process.send_signal(signal.SIGTERM)
    bench.go_on()
    process.communicate()

    assert process.returncode == 130
    assert bench.train("--resume")[0] == 4  # one rank alone is another training
    assert bench.train("--resume", "--set", "gpus=2")[0] == 0
    assert bench.state() == whole.state()


def test_nothing_is_left_to_do_for_a_whole_training(whole: TrainingBench) -> None:
    """`--resume` of one that ended says so, and changes no weight."""
    before = whole.state()
    code, printed, _ = whole.train("--resume")

    assert code == 0
    assert "nothing was missing" in printed
    assert whole.state() == before


def test_a_report_that_cannot_be_written_is_said(
    whole: TrainingBench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was trained stays, and the exit code is not that of a training without its report."""
    directory = tmp_path / "copy"
    shutil.copytree(whole.directory, directory)
    (directory / "training.csv").unlink()
    (directory / "training.csv").mkdir()
    code = main(["train", "demo", "--resume", str(directory)])
    said = capsys.readouterr()

    assert code == 3
    assert "training.csv: cannot be written" in said.err
    assert "of 203 images after epoch 10" in said.out


def test_a_training_that_diverges_stops_and_keeps_its_checkpoints(bench: TrainingBench) -> None:
    """Exit code 3, with the step and the learning rate; the last good checkpoint stays."""
    wild = ("lr_init=1000", "lr_warmup_epochs=0", "weight_decay=1", "batch_size=4096")
    code, printed, said = bench.train(*(word for each in wild for word in ("--set", each)))
    ended = bench.events()[-1]
    last = max(event.step for event in bench.events() if isinstance(event, Saved))

    assert code == 3
    assert "at learning rate" in said
    assert f"the checkpoint of step {last} stays" in said
    assert "Traceback" not in said
    assert isinstance(ended, Ended)
    assert ended.outcome is Outcome.FAILED
    assert "diverged" in printed
    assert (bench.directory / "checkpoints" / f"{last}.ckpt").exists()


@pytest.mark.slow
def test_a_worker_that_dies_is_said_and_recorded(bench: TrainingBench) -> None:
    """The record ends with the reason that the runner saw, and the way on is printed."""
    code, _, said = bench.train(fault="os.kill(os.getpid(), 9) if step == 25 else None")
    ended = bench.events()[-1]

    assert code == 3
    assert "ended by SIGKILL" in said
    assert "the checkpoint of step 20 stays; go on with: " in said
    assert isinstance(ended, Ended)
    assert ended.outcome is Outcome.FAILED


def test_too_little_room_is_said_before_training(bench: TrainingBench) -> None:
    """Two checkpoints must fit, or exit code 2."""
    at_start = (
        "checkpoints.shutil = type('Disk', (), {'disk_usage': staticmethod("
        "lambda _: type('Usage', (), {'free': 100}))})"
    )
    code, _, said = bench.train(at_start=at_start)

    assert code == 2
    assert "two checkpoints take" in said
    assert not any(isinstance(event, TrainedStep) for event in bench.events())


@pytest.mark.slow
def test_a_disk_that_fills_keeps_the_last_good_checkpoint(
    whole: TrainingBench, bench: TrainingBench
) -> None:
    """It is a failure with one line; with room again, the training goes on to the same result."""
    at_start = (
        "import errno; real_fsync = os.fsync\n"
        "    def full(file):\n"
        "        if 'unfinished-30' in os.readlink(f'/proc/self/fd/{file}'):\n"
        "            raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "    checkpoints.os = type('Os', (), {**vars(os), 'fsync': staticmethod(full)})"
    )
    code, _, said = bench.train(at_start=at_start)

    assert code == 3
    assert "30.ckpt: cannot be written (No space left on device)" in said
    assert "the checkpoint of step 20 stays" in said
    assert bench.train("--resume")[0] == 0
    assert bench.state() == whole.state()


REAL = """\
purpose: a test
epochs: 1
precisions: {fp32: {batch_size: 1}}
"""


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([], "give --data_dir DIR with train-* and validation-* shards"),
        (["--data_dir", "train_only"], "holds no validation-* shard"),
        (["--data_dir", "validation_only"], "holds no train-* shard"),
        (["--data_dir", "nowhere"], "not a readable data directory"),
        (["--set", "data=synthetic"], "--set data: synthetic images teach a network nothing"),
        (["--data_dir", "both", "--data_idx_dir", "both"], "add --set data=dali"),
        (["--data_dir", "both", "--set", "data=dali"], "DALI needs --data_idx_dir DIR"),
        (["--precision", "amp"], "has no such precision"),
        (["--data_dir", "mine.yaml"], "mine.yaml: not a readable data directory"),
        (["--set", "momentum=2"], "--set momentum=2: "),
        (["--set", "seed=4294967296"], "--set seed=4294967296: input should be less than or equal"),
        (["--set", "seed=-1"], "--set seed=-1: input should be greater than or equal to 0"),
        (["--set", "batch_sise=2"], "did you mean 'batch_size'?"),
        (["--data_dir", "both", "--hostfile", "hosts"], "trains on one GPU; add --set gpus=N"),
        (
            ["--data_dir", "both", "--hostfile", "nowhere", "--set", "gpus=2"],
            "nowhere: no such file; give the path of a file of hosts",
        ),
        (["--resume"], "holds no training of mine"),
        (["--resume", "nowhere"], "no such training directory"),
    ],
)
def test_bad_input_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    problem: str,
) -> None:
    """Exit code 2 before anything is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(REAL)
    shard = (4).to_bytes(8, "little") + bytes(12)
    folders = {"train_only": ["train"], "validation_only": ["validation"]}
    for folder, splits in {**folders, "both": ["train", "validation"]}.items():
        (tmp_path / folder).mkdir()
        for split in splits:
            (tmp_path / folder / f"{split}-00000-of-00001").write_bytes(shard)
    given = ["--data_dir", "both", *words] if "--resume" in words else words
    code = main(["train", "mine.yaml", *given])
    said = capsys.readouterr().err

    assert code == 2
    assert problem in said
    assert said.count("\n") == 1
    assert not os.path.lexists("reports")


def test_hosts_have_to_take_every_rank(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The hosts of `--hostfile` are those that ranks are started on."""
    hosts = tmp_path / "hosts"
    hosts.write_text("localhost slots=1\n")
    words = ["--set", "gpus=2", "--hostfile", str(hosts), "--out", str(tmp_path / "out")]

    assert main(["train", "demo", *words]) == 2
    assert "needs 2 ranks, and its hosts take 1" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def scalar_files(bench: TrainingBench) -> dict[str, bytes]:
    """The event files of TensorBoard by their names."""
    folder = bench.directory / "tensorboard"
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*"))}


def test_tensorboard_sees_a_training_while_it_goes_on(bench: TrainingBench) -> None:
    """Before the next step, and after `--resume` no step twice; `report` would write the same."""
    process = bench.start("--checkpoint-every", 7, fault="held() if step == 25 else None")
    bench.wait_until_held(process)
    wait_until(lambda: live_steps(bench) == list(range(1, 25)), process)
    bench.kill(process)
    assert bench.train("--resume")[0] == 0
    header, events = read_training_header(bench.directory), bench.events()

    assert live_steps(bench) == list(range(1, LAST + 1))
    assert scalar_files(bench) == event_files(scalars_by_part(header, events))


def live_steps(bench: TrainingBench) -> list[int]:
    """The steps that event files have, in order of their names."""
    return [step for step, tag, _ in scalars(scalar_files(bench)) if tag == "step/loss"]


def test_without_tensorboard_one_line_says_how_to_get_its_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is no failure."""
    monkeypatch.setattr(training_scalars, "is_installed", lambda: False)
    code = main(["train", "demo", "--out", str(tmp_path), "--set", "epochs=1"])
    printed = capsys.readouterr().out
    (directory,) = tmp_path.iterdir()

    assert code == 0
    assert printed.count("pip install -e '.[tensorboard]'") == 1
    assert not (directory / "tensorboard").exists()


def test_event_files_that_cannot_be_written_end_no_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The training matters more; what is missing is said."""
    monkeypatch.setattr(training_scalars, "FOLDER", "training.json/tensorboard")
    code = main(["train", "demo", "--out", str(tmp_path), "--set", "epochs=1"])

    assert code == 0
    assert "training.json/tensorboard: cannot be made" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("recipe", "problem"),
    [
        ("/dev/zero", "/dev/zero: larger than 8388608 bytes; give the path of a recipe, such as"),
        ("huge.yaml", "huge.yaml: has 1048577 characters, and a recipe at most 1048576"),
        ("folder.yaml", "folder.yaml: is a directory; give the path of a recipe, such as"),
        ("folder", "folder: no such recipe and no such file"),
        ("seeded.yaml", "seeded.yaml:4: seed: "),
    ],
)
def test_what_is_no_recipe_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    recipe: str,
    problem: str,
) -> None:
    """A file without end is not read to its end, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    for folder in ("folder", "folder.yaml"):
        (tmp_path / folder).mkdir()
    (tmp_path / "huge.yaml").write_text("#" * (2**20 + 1))
    (tmp_path / "seeded.yaml").write_text(f"{REAL}seed: {2**32}\n")
    code = main(["train", recipe, "--data_dir", "folder"])
    said = capsys.readouterr().err

    assert code == 2
    assert problem in said
    assert said.count("\n") == 1
    assert not os.path.lexists("reports")
