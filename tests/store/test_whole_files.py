"""suite.store.text: whole files, and JSON that any reader takes."""

import json
import os
from pathlib import Path

import pytest

from suite.model.errors import InputError
from suite.store.text import UNFINISHED, json_text, reachable, read_text, write_text


@pytest.mark.parametrize("text", ["plain", "ß 大 🚀 \u202e", 'quote " \\ \n\x1b\x7f\xad'])
def test_json_is_ascii_and_comes_back(text: str) -> None:
    """Every character is stored, by an escape that all readers of JSON know."""
    stored = json_text({text: [text, 1.5, None]}, indent=1)

    assert json.loads(stored) == {text: [text, 1.5, None]}
    assert all(" " <= character <= "~" or character == "\n" for character in stored)


def test_half_a_pair_is_stored_as_its_escape() -> None:
    """Strict readers refuse a lone surrogate, as a name that is not UTF-8 has one."""
    stored = json_text(["caf\udce9 \ud83d 🚀"])

    assert json.loads(stored) == [r"caf\udce9 \ud83d 🚀"]
    json.loads(stored)[0].encode("utf-8")


def test_a_file_takes_any_text(tmp_path: Path) -> None:
    """A file is UTF-8 whatever is written; what that cannot hold is an escape."""
    path = tmp_path / "x"
    write_text(path, "ß caf\udce9\n")

    assert read_text(path, "a text") == "ß caf\\udce9\n"


def test_a_name_that_nothing_can_have_is_not_there(tmp_path: Path) -> None:
    """Asking for it raises nothing, as it does in pathlib before Python 3.12."""
    for name in ("x" * 300, "x\0y", "d/" * 4000):
        for question in ((tmp_path / name).exists, (tmp_path / name).is_dir):
            assert reachable(question) is False
    assert reachable(tmp_path.is_dir)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _: None, "no such file; give the path of a text"),
        (lambda path: path.mkdir(), "is a directory; give the path of a text"),
        (lambda path: path.write_bytes(b"abc\xff"), r"not UTF-8 text \(byte 3\); save it as UTF-8"),
        (
            lambda path: path.write_bytes(bytes(10_001)),
            "larger than 10000 bytes; give the path of a text",
        ),
        (lambda path: path.symlink_to(path), "cannot be read (.*); check the path"),
    ],
    ids=["missing", "directory", "other bytes", "large", "loop"],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, make, words) -> None:  # type: ignore[no-untyped-def]
    """What is wrong with it, and what it should be."""
    path = tmp_path / "x"
    make(path)

    with pytest.raises(InputError, match=words):
        read_text(path, "a text", 10_000)


def test_a_device_without_an_end_is_no_file() -> None:
    """It tells no size, and is read no further than the limit."""
    with pytest.raises(InputError, match="/dev/zero: larger than 10000 bytes; give the path of"):
        read_text(Path("/dev/zero"), "a text", 10_000)


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    """The limit itself is allowed."""
    (tmp_path / "x").write_text("0123456789")

    assert read_text(tmp_path / "x", "a text", 10) == "0123456789"


def test_a_file_is_old_or_new_and_never_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills up leaves the old text and nothing beside it."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "x"
    write_text(path, "old")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(InputError, match=r"x: cannot be written \(No space left on device\)"):
            write_text(path, "new")

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    write_text(path, "new")
    assert path.read_text() == "new"


def test_a_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power failure leaves no empty file under the name of a whole one."""
    on_disk = []
    sync = os.fsync

    def seen(descriptor: int) -> None:
        (unfinished,) = tmp_path.iterdir()
        on_disk.append((unfinished.name.startswith(UNFINISHED), unfinished.read_text()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", seen)
    write_text(tmp_path / "x", "text")

    assert on_disk == [(True, "text")]
