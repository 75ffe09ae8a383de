"""suite.store.matrices: every mistake in a matrix is one line with file, line, place and remedy."""

import hashlib
import json
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from suite.model.errors import InputError
from suite.store.matrices import read_matrix
from suite.store.matrix_model import json_schema

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


def test_weights_are_those_of_a_network_beside_the_file(tmp_path: Path) -> None:
    """Its file and checksum are known before anything is measured."""
    (tmp_path / "folder").mkdir()
    file = tmp_path / "net.keras"
    file.write_bytes(b"weights")
    text = GOOD.replace("purpose: a test", "purpose: a test\nweights: ../net.keras")
    weights = read_matrix(write(tmp_path / "folder", text)).weights

    assert weights is not None
    assert weights.path == str(file)
    assert weights.sha256 == hashlib.sha256(b"weights").hexdigest()


BAD = {
    "weights of a training": (
        "axes:\n  mode: [inference]",
        "weights: a\naxes:\n  mode: [training]",
        ":5: weights: are for inference, and cell training-",
    ),
    "no such weights": (
        "axes:",
        "weights: a\naxes:",
        "/a: no such training directory and no such file",
    ),
    "simulated weights": (
        "axes:",
        "weights: a\nkernel: simulated\naxes:",
        ":5: weights: are those of the network",
    ),
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
        ":5: reading.open_files: has no effect on any cell; remove it",
    ),
    "misspelt reading": (
        "axes:",
        "reading: {open_file: 4}\naxes:",
        ":5: reading.open_file: unknown key; did you mean 'open_files'?",
    ),
    "both batch sizes": (
        "axes:",
        "axes:\n  global_batch_size: [8]",
        ":6: axes.global_batch_size: conflicts with batch_size; keep one of the two",
    ),
    "no batch size": (
        "  batch_size: [1, 8]",
        "",
        ":5: axes.batch_size: missing; add it, or global_batch_size to divide it among the GPUs",
    ),
    "uneven shares": (
        "batch_size: [1, 8]",
        "gpus: [1, 3]\n  global_batch_size: [6, 8]",
        ":10: axes.global_batch_size[1]: 8 cannot be divided evenly among 3 GPUs; give a mult",
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
    "not YAML": ("[1, 8]", "[1, 8", ": cannot be read as YAML: "),
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
    "tag": ("a test", "!!python/object/apply:os.getcwd []", ":1: purpose: tags are not read"),
    "tag of a scalar": ("steps: 5", "steps: !!int '5'", ":4: protocol.measured_steps: tags are"),
    "unknown type of GPU": (
        "axes:",
        "axes:\n  gpu: [t4, t5]",
        ":6: axes.gpu[1]: unknown type of GPU 't5'; known: dgxa100, dgx1, dgx2, t4 (or a prod",
    ),
    "unknown type of GPU in a condition": (
        "axes:",
        "exclude: [{gpu: h200}]\naxes:",
        ":5: exclude[0].gpu: unknown type of GPU 'h200'; known: dgxa100, dgx1, dgx2, t4 (or a",
    ),
    "two names of one GPU": (
        "axes:",
        "axes:\n  gpu: [t4, Tesla T4]",
        ":5: axes: gives cell inference-fp32-bs1-1gpu-on-t4 twice; remove one",
    ),
    "a device and types of GPUs": (
        "axes:",
        "device: t4\naxes:\n  gpu: [t4]",
        ":5: device: conflicts with gpu in the cells; keep one of the two",
    ),
    "a device and a type in an inclusion": (
        "axes:",
        "device: t4\ninclude: [{gpu: t4, precision: amp, xla: on, batch_size: 1}]\naxes:",
        ":5: device: conflicts with gpu in the cells; keep one of the two",
    ),
    "octal": (
        "steps: 5",
        "steps: 0100",
        ":4: protocol.measured_steps: '0100' is ambiguous; write 100,",
    ),
    "new octal": ("steps: 5", "steps: 0o17", "'0o17' is ambiguous; write 15, or '0o17' for text"),
    "hexadecimal": (
        "[1, 8]",
        "[0x40]",
        ":9: axes.batch_size[0]: '0x40' is ambiguous; write 64, or",
    ),
    "binary": ("[1, 8]", "[0b11]", ":9: axes.batch_size[0]: '0b11' is ambiguous; write 3, or"),
    "base 60": ("steps: 5", "steps: 1:30", "'1:30' is ambiguous; write 90, or"),
    "underscore": ("steps: 5", "steps: 1_000", "'1_000' is ambiguous; write 1000, or"),
    "zeros before": ("steps: 5", "steps: 5\n  max_seconds: 08.5", "write 8.5, or '08.5' for text"),
    "yes for a time": (
        "steps: 5",
        "steps: 5\n  max_seconds: yes",
        ":5: protocol.max_seconds: 'yes' is ambiguous; write true, or 'yes' for text",
    ),
    "true for a time": (
        "steps: 5",
        "steps: 5\n  max_seconds: true",
        ":5: protocol.max_seconds: input should be a valid number, not true",
    ),
    "text for a time": ("steps: 5", "steps: 5\n  max_seconds: '5'", 'a valid number, not "5"'),
    "on for a time": ("steps: 5", "steps: 5\n  max_seconds: on", 'a valid number, not "on"'),
    "infinite": ("steps: 5", "steps: 5\n  max_seconds: 1e400", ":5: protocol.max_seconds: input"),
    "no for XLA": ("[off, on]", "[no]", ":8: axes.xla[0]: 'no' is ambiguous; write false, or"),
    "1 for XLA": ("[off, on]", "[1]", ":8: axes.xla[0]: input should be a valid boolean, not 1"),
    "date": ("a test", "2020-01-01", ":1: purpose: '2020-01-01' is ambiguous; write '2020-01-01'"),
    "date for a mode": ("[inference]", "[2020-01-01]", ":6: axes.mode[0]: '2020-01-01' is ambig"),
    "mapping for a mode": ("[inference]", "{2020-01-01: x}", ":6: axes.mode: a key is a word, not"),
    "plain mapping for a mode": (
        "[inference]",
        "{a: b}",
        ":6: axes.mode: input should be a valid l",
    ),
    "list for a mode": ("[inference]", "[[inference]]", ":6: axes.mode[0]: "),
    "list for a key": ("a test", "a test\n[a]: b", ":2: a key is a word, not a list or a mapping"),
    "number for a key": ("a test", "a test\n1: b", ":2: a key is a word, not '1'; correct it"),
    "lines in a key": (
        "a test",
        'a test\n"a\\nb": b',
        ":2: 'a\\nb' is not a key",
    ),
    "several mistakes": (
        "steps: 2\n  measured_steps: 5",
        "steps: two\n  measured_steps: five",
        ':3: protocol.warmup_steps: input should be a valid integer, not "two" (and 1 more)',
    ),
    "long key": (
        "a test",
        f"a test\n{'a' * 101}: b",
        "' is not a key; correct it",
    ),
    "unknown long key": ("a test", f"a test\n{'a' * 100}: b", "aaa: unknown key; known: "),
    "no letter in a key": (
        "a test",
        'a test\n"": b',
        ":2: '' is not a key; correct it",
    ),
    "merge key": ("purpose: a test", "<<: {purpose: a test}", ":1: a key is a word, not '<<'"),
    "half a character": ("a test", '"\\ud800"', ":1: purpose: '\\ud800' has half a character"),
    "hundreds of digits": (
        "steps: 5",
        f"steps: {'9' * 400}",
        ":4: protocol.measured_steps: '999999999999...9999999999999' is longer than any number",
    ),
    "thousands of digits": ("steps: 5", f"steps: {'9' * 5000}", "is longer than any number here"),
    "batch of 10^26": (
        "[1, 8]",
        f"[{10**26}]",
        f":9: axes.batch_size[0]: input should be less than or equal to 65536, not {10**26}",
    ),
    "10^21 steps": ("steps: 5", f"steps: {10**21}", "less than or equal to 10000000, not 1000"),
    "too many steps in all": (
        "steps: 2\n  measured_steps: 5",
        "steps: 5000000\n  measured_steps: 5000001",
        "gives 10000001 step times, warm-up included, to a launch with gpus: 1",
    ),
    "too many steps of ranks": (
        "steps: 5\naxes:\n  mode: [inference]",
        "steps: 3333332\naxes:\n  gpus: [2]\n  mode: [training]",
        "gives 10000002 step times, warm-up included, to a launch with gpus: 2",
    ),
    "too many launches": ("steps: 5", "steps: 5\n  launches: 1001", "equal to 1000, not 1001"),
    "a month": ("steps: 5", "steps: 5\n  max_seconds: 2592001", "less than or equal to 2592000"),
    "large images": (
        "[1, 8]",
        "[1]\n  image_size: [2049]",
        ":10: axes.image_size[0]: input should",
    ),
    "many GPUs": ("[1, 8]", "[1]\n  gpus: [10001]", ":10: axes.gpus[0]: input should be less"),
    "many threads": ("a test", "a test\nthreads_per_rank: 4097", ":2: threads_per_rank: input"),
    "large share": (
        "batch_size: [1, 8]",
        "global_batch_size: [65537]",
        ":9: axes.global_batch_size[0]: 65537 among 1 GPUs is more than 65536 for each; lower it",
    ),
    "many slots": (
        "a test",
        f"a test\ndistributed: {{hosts: ['a:{'9' * 400}']}}",
        ":2: distributed.hosts[0]: slots of host a: '999999999999...9999999999999' is not a whole",
    ),
    "long name": ("a test", f"a test\nreference: {'x' * 300}", ":2: reference: no such file"),
    "deep list": ("[1, 8]", "[" * 400, ":9: cannot be read as YAML: nested more than 30 deep"),
    "deep mapping": (
        "a test",
        "{a: " * 400,
        ":1: cannot be read as YAML: nested more than 30 deep",
    ),
    "too many cells": (
        "[1, 8]",
        f"{list(range(1, 5002))}",
        ":5: axes: give 20004 cells, more than the 20000 that a matrix may have; shorten an axis",
    ),
    "too many inclusions": (
        "[1, 8]",
        f"{list(range(1, 5001))}\ninclude: [{{precision: fp32, xla: false, batch_size: 9999}}]",
        ":10: include: adds 1 cells to the 20000 of the axes, more than 20000; split the matrix",
    ),
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


def test_launches_have_a_limit_in_all(tmp_path: Path) -> None:
    """Few cells and many launches plan as much work as many cells do."""
    text = GOOD.replace("steps: 5", "steps: 5\n  launches: 1000")
    path = write(tmp_path, text.replace("[1, 8]", f"{list(range(1, 27))}"))

    with pytest.raises(InputError) as caught:
        read_matrix(path)

    assert str(caught.value) == (
        f"{path}:5: protocol.launches: gives 104000 launches of 104 cells, and a matrix has at most"
        " 100000; lower it"
    )


def test_plain_numbers_and_both_spellings_of_xla_are_read(tmp_path: Path) -> None:
    """Decimals and exponents are numbers, what is quoted is text, and on and true are the same."""
    text = GOOD.replace("a test", "'0100'").replace("steps: 5", "steps: 5\n  max_seconds: 1e3")
    quoted = read_matrix(write(tmp_path, text.replace("[off, on]", "['off', \"on\"]")))
    boolean = read_matrix(write(tmp_path, text.replace("[off, on]", "[false, true]")))

    assert (quoted.purpose, quoted.protocol.max_seconds) == ("0100", 1000.0)
    assert quoted.cells == boolean.cells == read_matrix(write(tmp_path, GOOD)).cells


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _: None, "no such file"),
        (lambda path: path.mkdir(), "is a directory"),
        (lambda path: path.write_text(""), "is empty"),
        (lambda path: path.write_text("- 1\n"), "is not a mapping"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "not UTF-8"),
        (lambda path: path.write_text("purpose: a\n# \x07\n"), r":2: .*character '\\x07' is not"),
        (
            lambda path: path.write_text("#" * 2**20 + "\n"),
            "has 1048577 characters, and a matrix at",
        ),
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


def test_editors_accept_every_shipped_matrix() -> None:
    """YAML 1.2, which editors read, and the schema agree on each; the schema itself is sound.

    No reference in it points out of the file, so that nothing is fetched to check it.
    """
    check = [sys.executable, "-m", "check_jsonschema"]
    schema = ROOT / "matrices" / "matrix.schema.json"
    matrices = sorted((ROOT / "matrices").glob("*.yaml"))
    for flags in (["--check-metaschema", schema], ["--schemafile", schema, *matrices]):
        done = subprocess.run(
            [*check, *map(str, flags)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    references = re.findall(r'"\$(?:ref|schema)": "(.*)"', schema.read_text())
    assert references
    assert all(reference.startswith("#/$defs/") for reference in references)


@pytest.mark.parametrize(
    ("xla", "is_valid"), [("on", True), ("true", True), ("yes", False), ("0", False)]
)
def test_the_schema_takes_what_the_reader_takes(
    tmp_path: Path, xla: str, *, is_valid: bool
) -> None:
    """Both spellings of XLA's values, and no third, are good to editors and to the suite."""
    path = write(tmp_path, GOOD.replace("[off, on]", f"[{xla}]"))
    schema = str(ROOT / "matrices" / "matrix.schema.json")
    check = [sys.executable, "-m", "check_jsonschema", "--schemafile", schema, str(path)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)

    assert (done.returncode == 0) is is_valid, done.stdout
    with nullcontext() if is_valid else pytest.raises(InputError):
        read_matrix(path)


def test_the_schema_file_is_the_models() -> None:
    """Editors complete what the reader accepts: the committed schema is in step with the code."""
    committed = (ROOT / "matrices" / "matrix.schema.json").read_text()

    assert committed == json_schema(), "run: python bench.py schema > matrices/matrix.schema.json"
    assert json.loads(committed)["additionalProperties"] is False


@pytest.mark.parametrize(("length", "end"), [(58, '"'), (59, "...")])
def test_a_wrong_value_is_shown_as_far_as_a_line_has_room(
    tmp_path: Path, length: int, end: str
) -> None:
    """Sixty characters, quotes included."""
    text = GOOD.replace("steps: 5", f"steps: {'x' * length}")
    with pytest.raises(InputError) as caught:
        read_matrix(write(tmp_path, text))

    assert str(caught.value).endswith(f'integer, not "{"x" * length}{end}')
