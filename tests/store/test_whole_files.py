"""suite.store.text: whole files, and JSON that any reader takes."""

import json
from pathlib import Path

import pytest

from suite.store.text import json_text, reachable, read_text, write_text


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
