"""Two real ranks under mpirun: the update of one process, equal weights, a common end."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from suite.kernels.tensorflow import MPI_YIELDS

pytestmark = [pytest.mark.slow, pytest.mark.horovod]

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("rank_program.py")


def run(work: str, results: Path, *, ranks: int) -> "subprocess.CompletedProcess[str]":
    """Do a work of rank_program.py on so many ranks, of one thread each."""
    root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
    launcher = ["mpirun", *root, "-np", str(ranks), "-H", f"localhost:{ranks}"]
    results.mkdir(exist_ok=True)
    return subprocess.run(
        [
            *([*launcher, "--bind-to", "none"] if ranks > 1 else []),
            *(sys.executable, str(PROGRAM), work, str(results)),
        ],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TF_CPP_MIN_LOG_LEVEL": "1",
            MPI_YIELDS: "1",  # as in a launch on a CPU
        },
        capture_output=True,
        text=True,
        check=False,
    )


def results_of(work: str, folder: Path, *, ranks: int) -> list[dict[str, Any]]:
    """What each rank left, in order."""
    done = run(work, folder, ranks=ranks)
    assert done.returncode == 0, done.stderr[-2000:]
    return [dict(np.load(folder / f"{rank}.npz")) for rank in range(ranks)]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One process at the whole batch."""
    (result,) = results_of("train", tmp_path_factory.mktemp("alone"), ranks=1)
    return result


@pytest.mark.parametrize(
    ("work", "tolerance"), [("train", 1e-5), ("train-xla", 1e-5), ("train-fp16", 1e-4)]
)
def test_two_ranks_make_the_update_of_one(
    work: str, tolerance: float, alone: dict[str, Any], tmp_path: Path
) -> None:
    """Half the batch on each of two ranks moves the weights as the whole batch on one does.

    They begin with weights of their own, so that this also holds for the broadcast. Gradients that
    crossed as float16 are off by its rounding.
    """
    first, second = results_of(work, tmp_path, ranks=2)
    weights = [name for name in alone if name.startswith("w")]
    moved = np.abs(alone["w0"] - alone["begun"]).max()

    assert len(weights) == 4
    assert moved > 30 * tolerance
    assert not np.array_equal(first["begun"], second["begun"])
    for name in weights:
        np.testing.assert_array_equal(first[name], second[name])
        np.testing.assert_allclose(first[name], alone[name], atol=tolerance)
    np.testing.assert_allclose((first["losses"] + second["losses"]) / 2, alone["losses"], rtol=1e-3)


def test_two_ranks_tell_the_losses_of_one(tmp_path: Path) -> None:
    """At half the batch on each of two ranks a training reports and does what one rank does.

    Both ranks tell the same: loss, cross entropy and rate of all ranks together, to 1e-5.
    """
    (alone,) = results_of("report", tmp_path / "alone", ranks=1)
    first, second = results_of("report", tmp_path / "both", ranks=2)

    np.testing.assert_array_equal(first["told"], second["told"])
    np.testing.assert_allclose(first["told"], alone["told"], rtol=1e-5)
    assert len(np.unique(alone["told"][:, 0])) == len(alone["told"])
    for name in (name for name in alone if name.startswith("w")):
        np.testing.assert_array_equal(first[name], second[name])
        np.testing.assert_allclose(first[name], alone[name], atol=1e-5)


def test_after_ten_steps_all_ranks_have_the_same_weights(tmp_path: Path) -> None:
    """The real network, batch normalisation and all: equal to the last bit, on other images."""
    first, second = results_of("ten-steps", tmp_path, ranks=2)

    np.testing.assert_array_equal(first["weights"], second["weights"])
    assert first["loss"] != second["loss"]
    # 161 gradients, and the wish to end.
    assert first["all_reduces"] == 162
    assert list(first["crossed"]) == ["float32"]
    assert len(first["alone"]) == 5
    assert all(seconds > 0 for seconds in first["alone"])


def test_compressed_gradients_cross_as_float16(tmp_path: Path) -> None:
    """The executed all-reduces are of the type that was asked for."""
    first, _ = results_of("cross-as-float16", tmp_path, ranks=2)

    assert list(first["crossed"]) == ["float16"]


@pytest.mark.parametrize(
    ("work", "words"),
    [
        ("lose-an-update", "the weights of ranks 1 differ from those of rank 0"),
        ("compress-nothing", "compression fp16 is declared, so that gradients cross in float16"),
        ("average-nothing", "0 tensors were averaged over ranks in a step, not all of 162"),
    ],
)
def test_ranks_that_did_not_train_together_are_caught(
    work: str, words: str, tmp_path: Path
) -> None:
    """A number of ranks that each went their own way is the number of something else."""
    done = run(work, tmp_path, ranks=2)

    assert done.returncode != 0
    assert words in (tmp_path / "0.txt").read_text()


def test_ranks_end_with_the_same_step(tmp_path: Path) -> None:
    """One rank's wish to end reaches the other with the gradients, and none waits for ever."""
    first, second = results_of("agree-on-an-end", tmp_path, ranks=2)

    assert first["steps"] == second["steps"] == 3
    assert first["truncated"]
    assert second["truncated"]
