"""Every parser of the suite against damaged input: a value or one line, and never anything else."""

import json
import random
import re
import shutil
import struct
import traceback
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from hashlib import sha256
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from builders import (
    make_baseline,
    make_cell,
    make_evaluated,
    make_header,
    make_trained_step,
    make_training_header,
    make_whole_launch,
)

from suite.analysis.baseline import baseline_report
from suite.analysis.results import cell_results
from suite.analysis.training_course import training_course
from suite.cli.parser import make_parser
from suite.cli.selection import narrowed
from suite.formats.baseline import baseline_text
from suite.model.cell import Mode, Precision, Protocol
from suite.model.errors import ExitCode, InputError, SuiteError
from suite.model.run import Run
from suite.model.training_record import Began, Ended, Outcome, Saved
from suite.run.channel import receive
from suite.run.flag_table import NetworkMode, TrainingMode, given_flags
from suite.run.flags import parse_order
from suite.run.network_flags import evaluation_words, prediction_words
from suite.run.order import decode_order, encode_order
from suite.run.plan import Plan, PlannedLaunch, decode_plan, encode_plan
from suite.run.training_flags import training_of
from suite.store.baselines import read_baseline, write_baseline
from suite.store.checkpoints import read_checkpoint
from suite.store.dali_index import compare_index
from suite.store.hostfile import read_hostfile
from suite.store.import_published import transcribe
from suite.store.launches import encode_launch, write_launch
from suite.store.matrices import read_matrix
from suite.store.recipes import read_recipe
from suite.store.references import read_bands, read_system
from suite.store.rules import read_rules
from suite.store.runs import create_run, read_run
from suite.store.saved_results import is_results_table, read_results
from suite.store.text import json_text, read_text
from suite.store.tfrecords import count_records
from suite.store.training_runs import encode_event, read_events, read_training_header

ROOT = Path(__file__).parents[1]
INPUTS = 10_000
LONGEST = 20_000

MATRIX = """\
purpose: every key there is
device: any
kernel: resnet50
protocol: {warmup_steps: 2, measured_steps: 12, launches: 2, max_seconds: 1.5,
  startup_timeout_seconds: 60, step_timeout_seconds: 6e1}
axes:
  mode: [training]
  gpus: [1, 2]
  data: [synthetic, tfrecord, dali, synthetic_device]
  image_size: [64]
  gpu: [t4, NVIDIA L4]
  layout: [nhwc, nchw]
  precision: [fp32, tf32, amp]
  xla: [on, false]
  xla_mode: [jit_compile, auto_clustering]
  global_batch_size: [8, 16]
distributed:
  {launcher: mpirun, hosts: [node1:1, node2:1], bind_to: none, interface: eth0,
   environment: [HOME], compression: fp16, fusion_mib: 64, cycle_ms: 2.5}
threads_per_rank: 2
reading: {shuffled_records: 0, decode_threads: 10, open_files: 10}
exclude:
  - {precision: tf32, xla: on}
include:
  - {mode: inference, precision: amp, xla: on, batch_size: 64, data: dali, layout: nhwc,
     xla_mode: jit_compile, gpus: 1, graph: frozen}
"""
RECIPE = """\
purpose: every key there is
system: dgx1
epochs: 90
gpus: 8
image_size: 160
data: tfrecord
xla: on
xla_mode: auto_clustering
layout: nhwc
kernel: resnet50
weight_init: fan_in
lr_init: 0.256
lr_warmup_epochs: 8
cosine_lr: true
momentum: 0.875
weight_decay: 3.0517578125e-05
label_smoothing: 0.1
mixup: 0.2
crop_min_area: 0.5
mirror: false
shuffled_records: 100
decode_threads: 4
open_files: 4
seed: 7
precisions:
  fp32: {batch_size: 128}
  amp: {batch_size: 256, static_loss_scale: 128}
"""
TRAINING = make_training_header()
EVENTS = "\n".join(
    encode_event(event)
    for event in (
        Began(at="now", step=0, steps_per_epoch=2),
        make_trained_step(1),
        make_trained_step(2, loss_scale=64.0, is_skipped=True),
        make_evaluated(2),
        Saved(step=2, file="2.ckpt", bytes=10, sha256="ab", seconds=0.5),
        Ended(at="now", step=2, outcome=Outcome.STOPPED, reason="why"),
    )
)
HEADER_OF_ARRAYS = b'{"step": 3, "arrays": [{"name": "a", "type": "<i2", "shape": [3]}]}'


def checkpoint(header: bytes, data: bytes = b"") -> bytes:
    """A checkpoint with this header and the checksum that it should have."""
    content = header + b"\n" + data
    return sha256(content).hexdigest().encode() + b" " + content


CELLS = tuple(
    make_cell(mode=mode, precision=precision, xla=xla, batch_size=batch_size)
    for mode in Mode
    for precision in Precision
    for xla in (False, True)
    for batch_size in (1, 8, 64)
)
PROTOCOL = Protocol(warmup_steps=1, measured_steps=3)
HEADER = make_header(protocol=PROTOCOL, cells=(CELLS[0].id,))
LAUNCH = make_whole_launch(cell=CELLS[0], protocol=PROTOCOL)
SHARD = b"".join(struct.pack("<Q4x", size) + bytes(size + 4) for size in (5, 0, 70))


def words(*commands: str) -> list[bytes]:
    """Command lines as the kernel hands them over, with a NUL between arguments."""
    return [command.replace(" ", "\0").encode() for command in commands]


def arguments(data: bytes) -> list[str]:
    return data.decode("utf-8", "surrogateescape").split("\0")


def parse_matrix(folder: Path, data: bytes) -> None:
    path = folder / "matrices" / "mine.yaml"
    path.write_bytes(data)
    assert all(cell.id for cell in read_matrix(path).cells)


def parse_recipe(folder: Path, data: bytes) -> None:
    path = folder / "mine.yaml"
    path.write_bytes(data)
    assert read_recipe(path).training.cell.id


def parse_setting(folder: Path, data: bytes) -> None:
    path = folder / "mine.yaml"
    path.write_text(RECIPE)
    assert read_recipe(path, settings=arguments(data)).training.cell.id


def parse_events(folder: Path, data: bytes) -> None:
    (folder / "events.jsonl").write_bytes(data)
    read = read_events(folder)
    assert training_course(TRAINING, read.events).seconds >= 0


def parse_training(folder: Path, data: bytes) -> None:
    (folder / "training.json").write_bytes(data)
    assert read_training_header(folder).began


def parse_checkpoint(folder: Path, data: bytes) -> None:
    (folder / "checkpoints").mkdir(exist_ok=True)
    (folder / "checkpoints" / "3.ckpt").write_bytes(data)
    read_checkpoint(folder, 3)


def parse_reference(folder: Path, data: bytes) -> None:
    path = folder / "mine.csv"
    path.write_bytes(data)
    assert all(row.estimators_agree in {True, False} for row in read_system(path).table.rows)


def parse_results(folder: Path, data: bytes) -> None:
    path = folder / "results.csv"
    path.write_bytes(data)
    assert is_results_table(path) in {True, False}
    summaries = [result.summary for result in read_results(path).results]
    assert all(summary is None or summary.images_per_second > 0 for summary in summaries)


def parse_bands(folder: Path, data: bytes) -> None:
    path = folder / "bands.csv"
    path.write_bytes(data)
    read_bands(path)


def parse_launch(folder: Path, data: bytes) -> None:
    path = folder / "run" / "cells" / f"{LAUNCH.cell.id}.0.json"
    kept = path.read_bytes()
    path.write_bytes(data)
    try:
        run = read_run(folder / "run")
    finally:
        path.write_bytes(kept)
    for damaged in run.damaged:
        # As its reader named it; the run is read without it.
        raise InputError(damaged.problem)
    assert len(cell_results(run.launches)) == 1
    assert all(encode_launch(launch).encode() for launch in run.launches)


def parse_header(folder: Path, data: bytes) -> None:
    path = folder / "run" / "run.json"
    kept = path.read_bytes()
    path.write_bytes(data)
    try:
        read_run(folder / "run")
    finally:
        path.write_bytes(kept)


def parse_baseline(folder: Path, data: bytes) -> None:
    path = folder / "baseline.json"
    path.write_bytes(data)
    assert baseline_text(baseline_report(read_baseline(path)))


def parse_sealed_baseline(folder: Path, data: bytes) -> None:
    """With the checksum that fits it, as of a program that wrote nonsense."""
    try:
        stored = json.loads(data)
        content = {name: part for name, part in stored.items() if name not in {"kind", "sha256"}}
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        data = json.dumps({**stored, "sha256": sha256(canonical.encode()).hexdigest()}).encode()
    except (ValueError, AttributeError, RecursionError):
        pass
    parse_baseline(folder, data)


def stored_baseline() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "baseline.json"
        write_baseline(path, make_baseline(Run(header=HEADER, launches=(LAUNCH,))))
        return path.read_bytes()


def parse_rules(folder: Path, data: bytes) -> None:
    path = folder / "rules.yaml"
    path.write_bytes(data)
    assert read_rules(path).gated


def parse_hostfile(folder: Path, data: bytes) -> None:
    (folder / "hosts").write_bytes(data)
    assert all(host.slots > 0 for host in read_hostfile(folder / "hosts"))


def parse_shard(folder: Path, data: bytes) -> None:
    (folder / "train-0").write_bytes(data)
    count_records([folder / "train-0"])


def parse_index(folder: Path, data: bytes) -> None:
    (folder / "shard").mkdir(exist_ok=True)
    (folder / "shard" / "train-1").write_bytes(SHARD)
    (folder / "train-1").write_bytes(data)
    compare_index(folder / "shard" / "train-1", folder)


def parse_page(folder: Path, data: bytes) -> None:
    (folder / "page.txt").write_bytes(data)
    transcribe(folder / "page.txt", read_text(folder / "page.txt", "a page"))


def parse_selection(folder: Path, data: bytes) -> None:
    only, *settings = arguments(data)
    matrix = read_matrix(folder / "matrices" / "demo.yaml")
    narrowed(matrix, only or None, settings)


def parse_bench(_: Path, data: bytes) -> None:
    make_parser().parse_args(arguments(data))


def parse_worker(_: Path, data: bytes) -> None:
    parse_order(arguments(data))


def parse_other_mode(_: Path, data: bytes) -> None:
    given = given_flags(arguments(data))
    mode = given.get("mode")
    if isinstance(mode, TrainingMode):
        training_of(given, {})
    elif mode is NetworkMode.PREDICT:
        make_parser().parse_args(prediction_words(given))
    elif mode is NetworkMode.EVALUATE:
        make_parser().parse_args(evaluation_words(given))


def parse_told(_: Path, data: bytes) -> None:
    decode_order(data.decode(errors="surrogateescape"))


def parse_plan(_: Path, data: bytes) -> None:
    decode_plan(data.decode(errors="surrogateescape"), "the plan")


def parse_message(_: Path, data: bytes) -> None:
    receive(data)


@dataclass(frozen=True)
class Subject:
    """A parser, good inputs for it, bad ones by hand, and the errors that it may raise."""

    parse: Callable[[Path, bytes], None]
    good: Sequence[bytes]
    bad: Sequence[bytes] = ()
    errors: tuple[type[Exception], ...] = (SuiteError,)


def files(pattern: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(ROOT.glob(pattern))]


def changed(text: bytes, *changes: tuple[str, str]) -> list[bytes]:
    """The text with one change each, every one of which applies."""
    assert all(old.encode() in text for old, _ in changes), changes
    return [
        text.replace(old.encode(), new.encode("utf-8", "surrogatepass")) for old, new in changes
    ]


DIGITS = "9" * 400
MANY_DIGITS = "9" * 5000
DEEP = "[" * 900
STEPS = "measured_steps: 12"
RECORD = encode_launch(LAUNCH).encode()
RATE = "0.30000000000000004"
BY_HAND = "--mode=training_benchmark --batch_size 8 --num_iter 9 --iter_unit batch --warmup_steps 2"
COUNTED = (
    "batch_size",
    "crop_min_area",
    "decode_threads",
    "gpus",
    "launch",
    "lr_init",
    "lr_warmup_epochs",
    "max_seconds",
    "mixup",
    "num_iter",
    "open_files",
    "seed",
    "shuffled_records",
    "static_loss_scale",
    "synthetic_data_size",
    "threads",
    "warmup_steps",
    "weight_decay",
)
PLANNED = tuple(
    PlannedLaunch(
        order=parse_order(f"{BY_HAND} --gpu t4".split()),
        environment={"CUDA_VISIBLE_DEVICES": "GPU-1"},
        skip_reason=reason,
    )
    for reason in (None, "no such GPU")
)
MAKE = "data make --out d --images"
# What was once accepted in silence, took minutes or ended in a traceback comes first.
SUBJECTS = {
    "matrix": Subject(
        parse_matrix,
        [MATRIX.encode(), *files("matrices/*.yaml")],
        [
            DEEP.encode(),
            b"a: " + b"{a: " * 900,
            b"- " * 900,
            *changed(
                MATRIX.encode(),
                ("[training]", "{2020-01-01: x}"),
                ("[training]", "[2020-01-01]"),
                ("[training]", "[{a: b}]"),
                ("[training]", "[[training]]"),
                ("[training]", "{[a]: {b: c}}"),
                ("[training]", DEEP),
                (STEPS, "measured_steps: 0100"),
                (STEPS, "measured_steps: 1:30"),
                (STEPS, f"measured_steps: {DIGITS}"),
                (STEPS, f"measured_steps: {MANY_DIGITS}"),
                (STEPS, f"measured_steps: 0x{MANY_DIGITS}"),
                (STEPS, f"measured_steps: 1{':59' * 900}"),
                (STEPS, "measured_steps: 1000000000000000000000"),
                ("max_seconds: 1.5", "max_seconds: yes"),
                ("max_seconds: 1.5", "max_seconds: .nan"),
                ("max_seconds: 1.5", "max_seconds: 1e400"),
                ("[8, 16]", "[100000000000000000000000000]"),
                ("[8, 16]", f"{list(range(1, 4000))}"),
                ("node1:1", f"node1:{MANY_DIGITS}"),
                ("every key there is", "!!python/object/apply:os.getcwd []"),
                ("every key there is", '"\\ud800"'),
                ("device: any", f"device: any\nreference: {'x' * 300}"),
                ("device: any", 'device: any\nreference: "a\\0b"'),
                ("device: any", 'device: any\n"a\\nb": 1'),
                ("device: any", "device: any\n? [a]\n: b"),
                ("device: any", "device: any\n<<: {device: any}"),
            ),
        ],
    ),
    "recipe": Subject(
        parse_recipe,
        [RECIPE.encode(), *files("recipes/*.yaml")],
        [
            b"[]",
            b"",
            DEEP.encode(),
            *changed(
                RECIPE.encode(),
                ("fp32: {batch_size: 128}", "{}: {}"),
                ("fp32: {batch_size: 128}", "fp32: []"),
                ("fp32: {batch_size: 128}", "fp32:"),
                ("fp32: {batch_size: 128}", "fp33: {batch_size: 128}"),
                ("fp32: {batch_size: 128}", "fp32: {batch_sise: 128}"),
                ("fp32: {batch_size: 128}", "fp32: {batch_size: 65536}"),
                ("lr_init: 0.256", "lr_init: 1e400"),
                ("lr_init: 0.256", "lr_init: .nan"),
                ("lr_init: 0.256", f"lr_init: {DIGITS}"),
                ("mixup: 0.2", "mixup: null"),
                ("crop_min_area: 0.5", "crop_min_area: 0"),
                ("crop_min_area: 0.5", "crop_min_area: 1.1"),
                ("mirror: false", "mirror: no"),
                ("system: dgx1", "system: dgx3"),
                ("epochs: 90", "epochs: 0"),
                ("weight_init: fan_in", 'weight_init: "fan_in\\n"'),
            ),
        ],
    ),
    "setting": Subject(
        parse_setting,
        words("lr_init=0.3 epochs=2", "xla=off batch_size=7", "static_loss_scale=128", "seed=1")[
            :2
        ],
        [
            *words("lr_init", "=", "lr_init=", "lr_init={", "lr_init=[", "lr_init=!!int 1", "a=b"),
            *words(f"epochs={DIGITS}", "epochs=1:30", "data=synthetic", "open_files=1 data=dali"),
            *words("static_loss_scale=128", "weight_init=fan", "lr_init=1\n2", "lr_init=---"),
        ],
    ),
    "events": Subject(
        parse_events,
        [EVENTS.encode() + b"\n", EVENTS.encode(), b""],
        [
            b"\n",
            b"{}\n",
            b"[]\n",
            b"\xff\n",
            b'{"step": null}\n',
            f"{DEEP}\n".encode(),
            *changed(
                EVENTS.encode() + b"\n",
                ('"loss": 2.0', '"loss": NaN'),
                ('"loss": 2.0', '"loss": 1e999'),
                ('"loss": 2.0', '"loss": null'),
                ('"step": 1', f'"step": {DIGITS}'),
                ('"step": 1', f'"step": {MANY_DIGITS}'),
                ('"steps_per_epoch": 2', '"steps_per_epoch": 0'),
                ('"top1": 60', '"top1": 600'),
            ),
        ],
    ),
    "training": Subject(
        parse_training,
        [json_text({"schema_version": 2, **asdict(TRAINING)}).encode()],
        [b"", b"{}", b"[]", f"{DEEP}".encode()],
    ),
    "checkpoint": Subject(
        parse_checkpoint,
        [checkpoint(HEADER_OF_ARRAYS, bytes(6))],
        [
            b"",
            b" ",
            b"x" * 70,
            b"0" * 64 + b" {}\n",
            *(checkpoint(text) for text in (b"", b"{}", b"[]", b"1", DEEP.encode(), b"\xff")),
            *(
                checkpoint(HEADER_OF_ARRAYS.replace(old, new), bytes(6))
                for old, new in (
                    (b'"step": 3', b'"step": 4'),
                    (b"<i2", b"|O"),
                    (b"<i2", b"<f99"),
                    (b"<i2", b"<U999999"),
                    (b"[3]", b"[-3]"),
                    (b"[3]", b"[4]"),
                    (b"[3]", b"[99999999999, 99999999999]"),
                    (b"[3]", b'"3"'),
                    (b"[3]", b"null"),
                    (b'"a"', b"null"),
                )
            ),
        ],
    ),
    "reference": Subject(
        parse_reference,
        files("reference/*.csv"),
        changed(
            (ROOT / "reference" / "t4.csv").read_bytes(),
            (",1,1,", f",1,{MANY_DIGITS},"),
            (",1,1,", ",0100,1,"),
            ("136.44", DIGITS),
            ("136.44", "1e308"),
            ("136.44", "1e-320"),
            ("136.44", "nan"),
            (",", ";"),
            ("T4", '"'),
            ("note\n", "\x1b[31mmine\n"),
        ),
    ),
    "results": Subject(
        parse_results,
        files("tests/data/results.csv"),
        changed(
            (ROOT / "tests" / "data" / "results.csv").read_bytes(),
            (",64,1,", f",{MANY_DIGITS},1,"),
            (",160,", f",{MANY_DIGITS},"),
            ("2612.571469392858", "1e400"),
            ("2612.571469392858", "nan"),
            ("2612.571469392858", "0"),
            ("throttled", "\x1b[31m"),
            ("mode", "mode,mode"),
            (",", ";"),
            ("recorded", '"'),
        ),
    ),
    "bands": Subject(
        parse_bands,
        files("reference/bands.csv"),
        changed(
            (ROOT / "reference" / "bands.csv").read_bytes(), ("0.", f"{DIGITS}."), ("0.", "1e30")
        ),
    ),
    "launch record": Subject(
        parse_launch,
        [RECORD],
        [
            DEEP.encode(),
            b'{"cell":' * 900,
            *changed(
                RECORD,
                ('"casts": 3', f'"casts": {DEEP}'),
                (RATE, "-0.1"),
                (RATE, "0"),
                (RATE, "NaN"),
                (RATE, "1e-320"),
                (RATE, "1e308, 1e308"),
                (RATE, MANY_DIGITS),
                (RATE, '"0.001"'),
                (RATE, "true"),
                ('"warmup_seconds": [0.125]', '"warmup_seconds": [NaN]'),
                ('"wall_seconds": 3.0', '"wall_seconds": Infinity'),
                ('"batch_size": 1', '"batch_size": -1'),
                ('"batch_size": 1', '"batch_size": 1, "batch_size": 64'),
                ('"batch_size": 1', f'"batch_size": {DIGITS}'),
                ('"step_seconds"', '"step_second"'),
                ("Tesla", "\\ud800"),
                ("Tesla", "\ud800"),
            ),
        ],
    ),
    "run header": Subject(
        parse_header,
        [],
        [DEEP.encode(), b'{"cell":' * 900, b'{"schema_version": 1}', b"[]", b"1", b"null"],
    ),
    "baseline": Subject(
        parse_baseline,
        [stored_baseline()],
        [
            DEEP.encode(),
            b'{"kind":' * 900,
            b'{"kind": "baseline"}',
            b'{"kind": "baseline", "schema_version": 1}',
            b"[]",
            b"null",
            b"",
            stored_baseline().replace(b'"sessions"', b'"session"'),
        ],
    ),
    "baseline with a checksum that fits": Subject(parse_sealed_baseline, [stored_baseline()]),
    "rules": Subject(
        parse_rules,
        files("docs/gate-rules.yaml"),
        [
            b"gated: [latency_p99]",
            b"allow: [device]",
            b"minimum_loss_percent: {throughput: {usual: 1e400}}",
            f"wanted_loss_percent: {DIGITS}".encode(),
            b"- " * 200,
            b"a: &a [*a]",
        ],
    ),
    "hostfile": Subject(
        parse_hostfile,
        [b"# ours\nnode1 slots=8\n\nnode2   slots = 4 max_slots=8 # half\nnode3:2\nnode4\n"],
        [
            f"node1 slots={MANY_DIGITS}\n".encode(),
            b"node1 slots=0\n",
            "node1 slots=\u0663\n".encode(),
            b"a" * 300 + b"\n",
            b"".join(b"node%d\n" % number for number in range(2000)),
        ],
    ),
    "TFRecords": Subject(
        parse_shard,
        [SHARD],
        [b"", b"\x1f\x8b\x08" + bytes(60), b"\xff" * 40, b"0 21\n21 23\n", SHARD[:-1]],
    ),
    "DALI index": Subject(
        parse_index,
        [b"0 21\n21 16\n37 86\n"],
        [f"0 {MANY_DIGITS}\n".encode(), "0 \u0662\u0661\n".encode(), b"0 0\n0 0\n", b"\xff"],
    ),
    "selection": Subject(
        parse_selection,
        [
            *words("", "precision==amp", "xla batch_size=1,8 mode=inference"),
            b"precision == amp and 8 <= batch_size < 64",
            b"not (xla or mode in [training])\0batch_size=1",
        ],
        [
            f"batch_size == {DIGITS}".encode(),
            f"\0batch_size={DIGITS}".encode(),
            f"\0batch_size={MANY_DIGITS}".encode(),
            "\0batch_size=\u00b2".encode(),
            b"(" * 450,
            b"not " * 124 + b"xla",
            b"xla." + b"a." * 240 + b"a == 1",
            b"-" * 400 + b"1 == batch_size",
            b"f'''{xla}\\n''' == on",
            b"batch_size in [*range(9)]",
            b"xla == '\\ud800'",
        ],
    ),
    "flags of bench.py": Subject(
        parse_bench,
        words(
            "run matrices/demo.yaml --only xla --set batch_size=8 --max-time 1h30m --resume --wait",
            "compare --reference x.csv --fail-below 0.9 --min-batch 32 --run d",
            "plan matrices/demo.yaml --quick --hostfile hosts --data_dir d --data_idx_dir i",
            f"{MAKE} 16 --shards 2 --size 500x375 --seed 3",
            "data index d --out i",
            "reference show t4 --format markdown",
            "layers --image_size 224",
            "baseline save b.json --run r --run s --why because --who me",
            "baseline update b.json --run r --why because --replace",
            "selfcheck --quick",
            "run --help",
            "--version",
        ),
        words(
            f"run m --max-time {DIGITS}h",
            f"run m --max-time {MANY_DIGITS}h",
            "run m --max-time 0s",
            f"layers --image_size {MANY_DIGITS}",
            "layers --image_size \u00b2",
            f"compare --fail-below {DIGITS}",
            "compare --fail-below 1e400",
            f"compare --min-batch {DIGITS}",
            f"{MAKE} {MANY_DIGITS}",
            f"{MAKE} 4 --size {DIGITS}x{DIGITS}",
            f"{MAKE} 4 --seed {MANY_DIGITS}",
            "run m --resume %(prog)s%",
            "run m --a\nb",
        ),
    ),
    "flags of other modes": Subject(
        parse_other_mode,
        words(
            "--mode=train --kernel simulated --num_iter 3 --batch_size 8 --max_seconds 2 --seed 7",
            "--arch=resnet50 --mode=train_and_evaluate --data_dir d --gpus 8 --amp --mixup 0.2",
            "--mode=evaluate --model_dir m --data_dir d --dali --data_idx_dir i --graph frozen",
            "--mode=predict --to_predict a.jpg --model_dir m",
        ),
        words(
            "--mode=train",
            "--mode=train --data_dir d --num_iter 1001",
            "--mode=train --data_dir d --iter_unit batch",
            f"--mode=train --data_dir d --seed {2**32}",
            "--mode=predict",
        ),
    ),
    "flags of a worker": Subject(
        parse_worker,
        words(
            f"{BY_HAND} --amp --xla --xla_mode auto_clustering --gpus 1 --lr_init 0.256",
            f"{BY_HAND} --use_tf_amp --data_dir d --use_dali --data_idx_dir i --decode_threads 4",
            f"{BY_HAND} --amp --static_loss_scale -1 --momentum 0.875 --mixup 0.2 --seed 7",
            f"{BY_HAND} --lr_warmup_epochs 8 --threads 2",
            f"{BY_HAND} --data_dir d --crop_min_area 0.5 --no_mirror",
            f"{BY_HAND} --max_seconds 2.5 --launch 3 --no_telemetry --data_format NCHW",
            "--mode=inference_benchmark --batch_size=8 --num_iter=2 --data_dir d --warmup_steps=0",
            "--help",
        ),
        words(
            *(
                f"{BY_HAND} --{flag} {number}"
                for flag in COUNTED
                for number in (DIGITS, MANY_DIGITS, "1e400", "nan", "-1", "\u00b2", "0x10", "1_0")
            ),
            f"{BY_HAND} --a\nb",
        ),
    ),
    "order of a worker": Subject(
        parse_told,
        [encode_order(parse_order(BY_HAND.split())).encode()],
        [
            DEEP.encode(),
            b'{"cell":' * 900,
            b'{"schema_version": 9e400}',
            b"\xff",
        ],
    ),
    "plan": Subject(
        parse_plan,
        [encode_plan(Plan(launches=PLANNED)).encode()],
        [
            DEEP.encode(),
            b'{"launches":' * 900,
            b'{"schema_version": 1, "launches": [{}]}',
            *changed(
                encode_plan(Plan(launches=PLANNED)).encode(),
                ('"gpu": "t4"', '"gpu": "../x"'),
                ('"gpu": "t4"', '"gpu": ""'),
                ('"gpu": "t4"', '"gpu": "T4"'),
            ),
        ],
    ),
    "message of a rank": Subject(
        parse_message,
        [
            b'{"progress": {"phase": "build", "done": 1, "total": 100}}',
            b'{"here": {"place": "batches.next"}}',
            b'{"result": "{\\"a\\": 1}"}',
        ],
        [DEEP.encode(), b'{"progress":' * 900, f'{{"progress": {MANY_DIGITS}}}'.encode(), b"\xff"],
        errors=(ValueError,),
    ),
    "published page": Subject(
        parse_page,
        files("tests/data/published_page.txt"),
        changed(
            (ROOT / "tests" / "data" / "published_page.txt").read_bytes(),
            ("1 ", f"{MANY_DIGITS} "),
            ("img/s", "img/s img/s"),
            (" ", "\u2028"),
        ),
    ),
}

# Put in the place of a word, or between two bytes.
TOKENS = [
    token.encode("utf-8", "surrogatepass")
    for token in (
        "", "0", "-1", "0100", "0x10", "1:30", "1_000", "1e400", "1e-320", "-0.0", "NaN",
        "Infinity", DIGITS, MANY_DIGITS, "true", "null", "yes", "on", "~", '"1"', "[]", "{}", "[1]",
        "{a: b}", "2020-01-01", "\u00b2", "\u0663", "\x00", "\x1b[31m", "\x85", "\u2028", "\u202e",
        "\ufeff",
        "\ud800", "\\ud800", "\\u0000", "\n", "\r", "\t", ",", ";", ":", '"', "'", "|", "%s",
        "%(a)s", "{0}", "#", "&a ", "*a", "!!set ", "<<", "--", "=", "../" * 30, "x" * 300, DEEP,
        "{" * 900, "- " * 200, '{"a":' * 900, "(" * 300, "not " * 100,
    )
]  # fmt: skip
WORD = re.compile(rb"[^\s\0,:;=\[\]{}()]+")


def mutated(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """The data with one to four random changes."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        found = list(WORD.finditer(data))
        start, end = rng.choice(found).span() if found else (0, 0)
        place = rng.randint(0, len(data))
        slice_end = min(len(data), place + rng.choice((1, 8, 100)))
        lines = data.splitlines(keepends=True)
        other = rng.choice(others)
        match rng.randrange(9):
            case 0 if data:
                position = rng.randrange(len(data))
                flipped = bytes([data[position] ^ 1 << rng.randrange(8)])
                data = data[:position] + flipped + data[position + 1 :]
            case 1:
                data = data[:place]
            case 2:
                data = data[:place] + data[slice_end:]
            case 3:
                data = (
                    data[:slice_end]
                    + data[place:slice_end] * rng.choice((1, 30))
                    + data[slice_end:]
                )
            case 4:
                data = data[:place] + rng.choice(TOKENS) + data[place:]
            case 5 | 6:
                data = data[:start] + rng.choice(TOKENS) + data[end:]
            case 7 if lines:  # a repeated key
                line = rng.choice(lines)
                lines.insert(rng.randint(0, len(lines)), line)
                data = b"".join(lines)
            case _:
                data = data[:place] + other[rng.randint(0, len(other)) :]
    return data[:LONGEST]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where inputs are written, beside the tables that matrices name and a run that is whole."""
    made = tmp_path_factory.mktemp("fuzz")
    for name in ("matrices", "reference"):
        shutil.copytree(ROOT / name, made / name)
    create_run(made / "run", HEADER)
    write_launch(made / "run" / "cells", LAUNCH)
    return made


def fault(subject: Subject, folder: Path, data: bytes) -> str | None:
    """What is wrong with how a parser takes an input; None for a value or a good error."""
    try:
        with redirect_stdout(StringIO()):
            subject.parse(folder, data)
    except subject.errors as error:
        message = str(error)
        if not message.strip() or len(message.splitlines()) != 1:
            return f"{type(error).__name__}: not one line: {message[:200]!r}"
    except SystemExit as leaving:  # --help and --version
        return None if leaving.code in {None, ExitCode.GOOD} else f"exit {leaving.code}"
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the fault looked for
        last = traceback.extract_tb(error.__traceback__)[-1]
        return (
            f"{type(error).__name__} in {Path(last.filename).name}:{last.name}: {str(error)[:80]}"
        )
    return None


@pytest.mark.slow
@pytest.mark.parametrize("name", SUBJECTS)
def test_damaged_input_gives_a_value_or_one_line(name: str, folder: Path) -> None:
    """No input, whatever was done to it, ends in another exception or in an error of two lines.

    The inputs are the same in every run: all that were written by hand, then mutations of them and
    of good ones.
    """
    subject = SUBJECTS[name]
    good = subject.good or [(folder / "run" / "run.json").read_bytes()]
    seeds = [*good, *subject.bad]
    rng = random.Random(name)  # noqa: S311 - not for secrets
    mutations = INPUTS // len(SUBJECTS) + 1 - len(seeds)
    # Good ones lead further into a parser than bad ones do.
    weighted = [*subject.bad, *(list(good) * (1 + 3 * len(subject.bad) // len(good)))]
    inputs = [*seeds, *(mutated(rng, rng.choice(weighted), seeds) for _ in range(mutations))]
    faults: dict[str, bytes] = {}
    for data in inputs:
        problem = fault(subject, folder, data)
        if problem is not None:
            faults.setdefault(problem, data)

    assert all(fault(subject, folder, data) is None for data in good)
    assert not faults, "\n".join(f"{what} <- {data[:300]!r}" for what, data in faults.items())


def test_there_are_ten_thousand_inputs() -> None:
    """Every subject has its share, and what was written by hand leaves room for mutations."""
    share = INPUTS // len(SUBJECTS) + 1

    assert share * len(SUBJECTS) >= INPUTS
    assert all(len(subject.good) + len(subject.bad) < share for subject in SUBJECTS.values())
