"""suite.files.matrices: every mistake in a matrix is one line with file, line, place and remedy."""

import json
from pathlib import Path

import pytest

from suite.core.errors import InputError
from suite.files.matrices import read_matrix
from suite.files.matrix_model import json_schema

ROOT = Path(__file__).parents[2]

GOOD = """\
purpose: a test
protocol:
  warmup_steps: 2
  measured_steps: 5
axes:
  mode: [inference]
  precision: [fp32, amp]
  xla: [off, on]
  batch_size: [1, 8]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text)
    return path


def test_reads_a_matrix(tmp_path: Path) -> None:
    """The file's name is the matrix's, and `off` and `on` are XLA's values."""
    matrix = read_matrix(write(tmp_path, GOOD))

    assert matrix.name == "mine"
    assert len(matrix.cells) == 8
    assert (matrix.protocol.warmup_steps, matrix.protocol.measured_steps) == (2, 5)
    assert (matrix.device, matrix.reference) == (None, None)


BAD = {
    "misspelt key": ("axes:", "axis:", ":5: axis: unknown key; did you mean 'axes'?"),
    "misspelt inner key": ("batch_size:", "batchsize:", "did you mean 'batch_size'?"),
    "unknown key": ("purpose: a test", "purpose: a test\nzzz: 1", ":2: zzz: unknown key; known:"),
    "wrong type": ("warmup_steps: 2", "warmup_steps: two", ":3: protocol.warmup_steps:"),
    "number as text": ("[1, 8]", "[1, '8']", ":9: axes.batch_size[1]: input should be a valid int"),
    "scalar axis": ("[1, 8]", "8", ":9: axes.batch_size: input should be a valid list"),
    "empty axis": ("[1, 8]", "[]", ":9: axes.batch_size: "),
    "batch 0": ("[1, 8]", "[0]", ":9: axes.batch_size[0]: "),
    "negative batch": ("[1, 8]", "[-4]", ":9: axes.batch_size[0]: "),
    "unknown precision": ("[fp32, amp]", "[fp16]", ":7: axes.precision[0]: "),
    "duplicate cell": ("[1, 8]", "[8, 8]", ":5: axes: gives cell inference-fp32-bs8-1gpu twice"),
    "reading without records": (
        "axes:",
        "reading: {open_files: 4}\naxes:",
        ":5: reading.open_files: no cell of this matrix heeds it; leave it out",
    ),
    "misspelt reading": (
        "axes:",
        "reading: {open_file: 4}\naxes:",
        ":5: reading.open_file: unknown key; did you mean 'open_files'?",
    ),
    "both batch sizes": (
        "axes:",
        "axes:\n  global_batch_size: [8]",
        ":6: axes.global_batch_size: stands beside batch_size; keep one of the two",
    ),
    "no batch size": (
        "  batch_size: [1, 8]",
        "",
        ":5: axes.batch_size: missing; add it, or global_batch_size to share it out among the GPUs",
    ),
    "uneven shares": (
        "batch_size: [1, 8]",
        "gpus: [1, 3]\n  global_batch_size: [6, 8]",
        ":10: axes.global_batch_size[1]: 8 cannot be shared out evenly among 3 GPUs; give a mult",
    ),
    "inference on several GPUs": (
        "batch_size: [1, 8]",
        "batch_size: [1, 8]\n  gpus: [1, 2]",
        ":5: axes: gives cell inference-fp32-bs1-2gpu: inference runs on one GPU, not on 2: each",
    ),
    "no host": (
        "axes:",
        "distributed:\n  hosts: [node1:8, node2:none]\naxes:",
        ":6: distributed.hosts[1]: 'node2:none' is not a host such as node1:8",
    ),
    "host twice": (
        "axes:",
        "distributed:\n  hosts: [node1:8, node1:4]\naxes:",
        ":6: distributed.hosts[1]: host node1 is named twice; give it once, with all its slots",
    ),
    "no launcher": (
        "axes:",
        "distributed:\n  launcher: mpiexec\naxes:",
        ":6: distributed.launcher: ",
    ),
    "no variable": (
        "axes:",
        "distributed:\n  environment: ['A=1']\naxes:",
        ":6: distributed.environment[0]: ",
    ),
    "no measured step": ("measured_steps: 5", "measured_steps: 0", ":4: protocol.measured_steps:"),
    "missing key": ("purpose: a test\n", "", ":1: purpose: missing; add it"),
    "key twice": ("purpose: a test", "purpose: a\npurpose: b", ":2: purpose: given twice"),
    "alias": ("[1, 8]", "&a [1, *a]", ":9: axes.batch_size[1]: anchors and aliases"),
    "not YAML": ("[1, 8]", "[1, 8", "is not YAML"),
    "exclusion of nothing": (
        "axes:",
        "exclude:\n  - {batch_size: 3}\naxes:",
        ":6: exclude[0]: matches no cell",
    ),
    "empty exclusion": ("axes:", "exclude:\n  - {}\naxes:", ":6: exclude[0]: names no condition"),
    "missing reference": ("axes:", "reference: no.csv\naxes:", ":5: reference: no such file"),
    "unknown device": (
        "axes:",
        "device: t5\naxes:",
        ":5: device: unknown device 't5'; known: any, cpu,",
    ),
    "tag": ("a test", "!!python/object/apply:os.getcwd []", "is not YAML"),
}


@pytest.mark.parametrize(("old", "new", "words"), BAD.values(), ids=BAD)
def test_a_mistake_names_file_line_and_remedy(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    """Each kind of mistake gives one line that begins with the file."""
    path = write(tmp_path, GOOD.replace(old, new))

    with pytest.raises(InputError) as caught:
        read_matrix(path)

    message = str(caught.value)
    assert message.startswith(f"{path}:")
    assert words in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _: None, "no such file"),
        (lambda path: path.mkdir(), "is a directory"),
        (lambda path: path.write_text(""), "is empty"),
        (lambda path: path.write_text("- 1\n"), "is not a mapping"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "not UTF-8"),
        (lambda path: path.write_text("purpose: \x07\n"), "is not YAML"),
    ],
)
def test_a_file_that_is_no_matrix_is_named(tmp_path: Path, make, words) -> None:  # type: ignore[no-untyped-def]
    """Missing files, directories and other documents are told apart."""
    path = tmp_path / "mine.yaml"
    make(path)

    with pytest.raises(InputError, match=words):
        read_matrix(path)


@pytest.mark.parametrize("path", sorted((ROOT / "matrices").glob("*.yaml")), ids=lambda p: p.stem)
def test_every_shipped_matrix_expands_and_opens_with_its_header(path: Path) -> None:
    """A matrix that ships states purpose, command, hardware and duration before anything else."""
    head = path.read_text().split("purpose:")[0]

    assert read_matrix(path).cells
    for word in ("Purpose:", "Command:", "Hardware:", "Duration:"):
        assert word in head
    assert f"python bench.py run matrices/{path.name}" in head


def test_the_schema_file_is_the_models() -> None:
    """Editors complete what the reader accepts: the committed schema is in step with the code."""
    committed = (ROOT / "matrices" / "matrix.schema.json").read_text()

    assert committed == json_schema(), "run: python bench.py schema > matrices/matrix.schema.json"
    assert json.loads(committed)["additionalProperties"] is False
