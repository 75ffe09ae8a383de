"""suite.store.flags: mistakes on a command line, and paths as a user writes them."""

import argparse
import os
from pathlib import Path

import pytest

from suite.cli.parser import make_parser
from suite.install.horovod import main as install_horovod
from suite.model.errors import InputError
from suite.run.flags import parse_order
from suite.store.flags import path, path_text


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["comprae"], "invalid choice: 'comprae'; did you mean 'compare'?"),
        (["data", "mak"], "invalid choice: 'mak'; did you mean 'make'?"),
        (["--versoin"], "unknown flag '--versoin'; did you mean '--version'?"),
        (["run", "x", "--data-dir", "y"], "bench.py run: unknown flag '--data-dir'; did you mean"),
        (
            ["compare", "--fail_below=1"],
            "unknown flag '--fail_below'; did you mean '--fail-below'?",
        ),
        # Before the flag that is missing because of it.
        (["compare", "--refrence", "x"], "unknown flag '--refrence'; did you mean '--reference'?"),
        (["devices", "--frobnicate"], "unknown flag '--frobnicate'; known: --help, --json"),
        (["plan", "a", "b"], "bench.py plan: unexpected 'b'"),
        (["plan", "a", "-q"], "bench.py plan: unexpected '-q'"),
        (["run", "x" * 300], "a name of 300 bytes; Linux allows 255"),
        (["run", "d/" * 3000], "a path of 5999 bytes; Linux allows 4095"),
        (["run", "x", "--out="], "argument --out: is empty"),
        (["compare", "--reference=~nobodyx/t4.csv"], "'~nobodyx': no such home directory"),
    ],
)
def test_a_mistake_is_told_with_what_was_meant(words: list[str], problem: str) -> None:
    """A misspelt verb or flag names the nearest, and a path what is wrong with it."""
    with pytest.raises(InputError) as raised:
        make_parser().parse_args(words)

    assert problem in str(raised.value)
    assert len(str(raised.value)) < 400


def test_the_program_of_one_cell_hints_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    """So does the installer: all programs share one parser."""
    with pytest.raises(
        InputError, match=r"unknown flag '--batch-size'; did you mean '--batch_size'"
    ):
        parse_order(["--mode=inference_benchmark", "--batch-size", "8"])

    assert install_horovod(["--chekc"]) == 2
    assert "did you mean '--check'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["run", "~/m.yaml"], "matrix"),
        (["run", "m", "--out=~/m.yaml"], "out"),
        (["run", "m", "--resume=~/m.yaml"], "resume"),
        (["run", "m", "--hostfile=~/m.yaml"], "hostfile"),
        (["plan", "m", "--data_dir=~/m.yaml"], "data_dir"),
        (["plan", "m", "--data_idx_dir=~/m.yaml"], "data_idx_dir"),
        (["compare", "--reference=~/m.yaml"], "reference"),
        (["compare", "--reference=x", "--run=~/m.yaml"], "runs"),
        (["report", "x", "--out=~/m.yaml"], "out"),
        (["history", "~/m.yaml"], "folder"),
        (["ab", "m", "--a=x", "--b=x", "--resume=~/m.yaml"], "resume"),
        (["data", "make", "--images=1", "--out=~/m.yaml"], "out"),
        (["data", "index", "~/m.yaml"], "directory"),
        (["data", "check", "x", "--index=~/m.yaml"], "index"),
        (["reference", "show", "~/m.yaml"], "table"),
        (["reference", "import", "x", "--out=~/m.yaml"], "out"),
    ],
)
def test_every_path_may_begin_at_home(
    words: list[str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`~` is the home directory also where the shell leaves it, as after an equals sign."""
    monkeypatch.setenv("HOME", "/home/somebody")
    given = getattr(make_parser().parse_args(words), name)

    assert [str(each) for each in (given if isinstance(given, list) else [given])] == [
        "/home/somebody/m.yaml"
    ]


def test_every_flag_that_takes_a_path_is_read_as_one() -> None:
    """No flag takes a path by another type, which would leave `~` as the name of a folder."""
    parsers = [make_parser()]
    for parser in parsers:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                parsers += action.choices.values()
            assert action.type is not Path, action.dest
            if action.metavar in {"DIR", "IDXDIR", "CSV", "FILE"}:
                assert action.type in {path, path_text}, action.dest


def test_the_paths_of_one_cell_may_begin_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program of one cell reads them the same way."""
    monkeypatch.setenv("HOME", "/home/somebody")
    flags = ["--mode=inference_benchmark", "--batch_size=1", "--num_iter=60", "--iter_unit=batch"]
    order = parse_order([*flags, "--results_dir=~/x", "--data_dir=~/y"])

    assert order.results_dir == "/home/somebody/x"
    assert order.options.data_dir == "/home/somebody/y"


def test_a_path_keeps_the_bytes_of_its_name() -> None:
    """A name that is not UTF-8 is that file's."""
    name = os.fsdecode(b"caf\xe9")

    assert os.fsencode(path(name)) == b"caf\xe9"


def test_a_flag_is_given_once_or_twice_the_same() -> None:
    """Of two values nobody knows which was meant; the same one again does no harm."""
    given = make_parser().parse_args(["run", "m", "--out=a", "--out", "a"])

    assert str(given.out) == "a"
    with pytest.raises(InputError, match="given twice, as 'a' and as 'b'; give one of them"):
        make_parser().parse_args(["run", "m", "--out=a", "--out", "b"])


def test_an_unknown_flag_after_two_dashes_is_a_word() -> None:
    """As everywhere: a file may have the name of a flag."""
    given = make_parser().parse_args(["run", "--", "--odd"])

    assert str(given.matrix) == "--odd"


def test_a_path_may_be_as_long_as_linux_allows() -> None:
    """A name of 255 bytes and a path of 4095 are none too long."""
    long = "/".join(["x" * 255, "y" * 255, *["d"] * 1791, "z"])

    assert len(long) == 4095
    assert str(path(long)) == long
