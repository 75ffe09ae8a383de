"""suite.cli.data and the flags that hand records to cells: from the command line to a launch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import bench

from suite.cli import main
from suite.model.errors import ExitCode
from suite.run.flags import parse_order

ROOT = Path(__file__).parents[2]
MATRIX = """\
purpose: a test
device: any
protocol: {warmup_steps: 1, measured_steps: 8}
axes:
  mode: [inference]
  data: [synthetic, tfrecord, dali]
  precision: [fp32]
  xla: [off]
  batch_size: [2]
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set and its index, as `bench.py data` makes them."""
    directory = tmp_path_factory.mktemp("made") / "data"
    made = bench(
        "data", "make", "--out", directory, "--images", 12, "--size", "96x80", "--shards", 2
    )
    indexed = bench("data", "index", directory)

    assert (made.returncode, indexed.returncode) == (0, 0), made.stderr + indexed.stderr
    return directory


@pytest.mark.slow
def test_a_made_data_set_checks_good(data: Path) -> None:
    """What `make` and `index` write, `check` finds whole, and counts."""
    # Whoever switches oneDNN on gets TensorFlow's notice of it.
    usual = {name: text for name, text in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    command = [sys.executable, str(ROOT / "bench.py"), "data", "check", str(data)]
    checked = subprocess.run(command, env=usual, capture_output=True, text=True, check=False)

    assert checked.stdout.splitlines() == [
        "train: 12 good records in 2 shards",
        "validation: 12 good records in 2 shards",
        f"index: {data / 'index'} matches the shards",
    ]
    assert checked.returncode == 0
    assert checked.stderr == ""


@pytest.mark.slow
def test_one_split_is_enough(data: Path, tmp_path: Path) -> None:
    """Validation images alone can be indexed and checked; what they do not allow is said."""
    for shard in data.glob("validation-*"):
        (tmp_path / shard.name).write_bytes(shard.read_bytes())

    checked = bench("data", "check", tmp_path)
    indexed = bench("data", "index", tmp_path)

    assert checked.stdout.splitlines() == [
        "train: none, so no training",
        "validation: 12 good records in 2 shards",
        "index: none, so no cells of DALI",
    ]
    assert indexed.stdout == f"{tmp_path / 'index'}: index of 12 records in 2 shards\n"


@pytest.mark.slow
def test_a_bad_record_is_one_line(data: Path, tmp_path: Path) -> None:
    """`check` names the file and the number of the first bad record, and exits 2."""
    for shard in data.glob("*-of-*"):
        (tmp_path / shard.name).write_bytes(shard.read_bytes())
    bad = tmp_path / "train-00001-of-00002"
    bad.write_bytes(bad.read_bytes().replace(b"\xff\xd8\xff", b"\xff\xd8\xfe"))

    checked = bench("data", "check", tmp_path)

    assert checked.returncode == 2
    assert (
        checked.stderr == f"error: {bad}: record 1: fails its checksum; copy or make the file"
        " again\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "flags", [[], pytest.param(["--dali"], marks=pytest.mark.dali)], ids=["tfrecord", "dali"]
)
@pytest.mark.parametrize("mode", ["inference", "training"])
def test_a_launch_reads_the_records(
    data: Path, tmp_path: Path, mode: str, flags: list[str]
) -> None:
    """A launch by hand on records is ok and says what fed it and how long steps waited."""
    index = ["--data_idx_dir", str(data / "index")] if flags else []
    command = [
        *(sys.executable, "-m", "suite.kernels", f"--mode={mode}_benchmark", *flags, *index),
        *("--data_dir", str(data), "--batch_size", "4", "--synthetic_data_size", "64"),
        *("--warmup_steps", "1", "--num_iter", "1", "--results_dir", str(tmp_path)),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = tmp_path.glob("*.json")
    record = json.loads(path.read_text())
    assert record["status"] == "ok"
    assert len(record["step_seconds"]) == 12 // 4 - 1  # one epoch, less the warm-up
    assert record["conditions"]["input"].startswith("DALI" if flags else "tf.data")
    waited, share = (record["conditions"][f"input_wait_{what}"] for what in ("seconds", "share"))
    assert 0 < waited < sum(record["step_seconds"])
    assert share == pytest.approx(waited / sum(record["step_seconds"]))


@pytest.mark.slow
def test_a_run_on_a_bad_record_gives_no_number(data: Path, tmp_path: Path) -> None:
    """The cell is invalid, naming file and record, exit 3; nothing else is read in its place."""
    for shard in data.glob("*-of-*"):
        (tmp_path / shard.name).write_bytes(shard.read_bytes())
    bad = tmp_path / "validation-00001-of-00002"
    bad.write_bytes(bad.read_bytes()[:-20])
    matrix = tmp_path / "m.yaml"
    matrix.write_text(
        MATRIX.replace("synthetic, tfrecord, dali", "tfrecord") + "  image_size: [32]\n"
    )
    done = bench("run", matrix, "--data_dir", tmp_path, "--out", tmp_path / "runs")

    (path,) = tmp_path.glob("runs/*/cells/*.json")
    record = json.loads(path.read_text())
    assert done.returncode == 3, done.stdout + done.stderr
    assert record["status"] == "invalid"
    assert record["reason"].startswith(f"{bad}: record 6: extends past the end of the file")
    assert record["step_seconds"] == []


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line with which bench.py refuses to start."""
    code = main([str(argument) for argument in arguments])
    (line,) = capsys.readouterr().err.splitlines()

    assert code == ExitCode.BAD_INPUT
    return line


def test_cells_of_records_need_their_directories(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A matrix that reads records does not start without them, nor with directories for naught."""
    matrix = tmp_path / "m.yaml"
    matrix.write_text(MATRIX)
    run = ("run", matrix, "--out", tmp_path / "runs")

    assert "reads records; give --data_dir DIR" in refused(capsys, *run)
    assert "plan" not in (line := refused(capsys, "plan", matrix))
    assert "give --data_dir DIR" in line
    assert "not a readable data directory" in refused(capsys, *run, "--data_dir", tmp_path / "no")
    assert "no validation-* shard" in refused(capsys, *run, "--data_dir", tmp_path)
    demo = ROOT / "matrices" / "demo.yaml"
    assert "leave out --data_dir" in refused(capsys, "run", demo, "--data_dir", tmp_path)
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
@pytest.mark.dali
def test_each_cell_is_told_the_directories_that_it_reads(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plan's commands give synthetic cells no data, and the index to DALI only.

    What the matrix changes of their reading goes to the cells that heed it.
    """
    matrix = tmp_path / "m.yaml"
    matrix.write_text(f"{MATRIX}reading: {{decode_threads: 3, open_files: 2}}\n")
    directories = ["--data_dir", str(data), "--data_idx_dir", str(data / "index")]

    assert main(["plan", str(matrix), *directories]) == 0
    printed = capsys.readouterr().out.replace("\\\n", "")
    commands = [
        line.split("suite.kernels ")[1] for line in printed.splitlines() if "--mode" in line
    ]
    orders = [parse_order(command.split()) for command in commands]
    assert [order.cell.data.value for order in orders] == ["synthetic", "tfrecord", "dali"]
    assert [bool(order.options.data_idx_dir) for order in orders] == [False, False, True]
    assert [order.options.reading.decode_threads for order in orders] == [None, 3, 3]
    assert [order.options.reading.open_files for order in orders] == [None, 2, None]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("make --out x --images 0", "'0' is not a whole number from 1 to 1300000"),
        ("make --out x --images 4 --size 500", "'500' is not WIDTHxHEIGHT"),
        ("make --out x --images 4 --size 8x8", "'8' is not a whole number from 16 to 8192"),
        ("make --out x --images 4 --shards 5", "--shards 5 for 4 images"),
        ("make --out x", "one of the arguments --images --digits is required"),
        ("make --out x --images 4 --digits", "not allowed with argument --images"),
        ("make --out x --digits --size 64x64", "--size is for random images"),
        ("make --out x --digits --seed 0", "--seed is for random images"),
        ("index none", "none: not a readable data directory"),
        ("check none", "none: not a readable data directory"),
    ],
)
def test_bad_flags_are_one_line(flags: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be made or found is refused before TensorFlow is imported."""
    assert words in refused(capsys, "data", *flags.split())
