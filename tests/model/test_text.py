"""suite.model.text: what comes from outside is shown, copied and stored without acting."""

import subprocess
import unicodedata

import pytest

from suite.model.text import bench, command, file_safe, quoted, shown, shown_lines, spreadsheet_text

HOSTILE = {
    "\x1b[31m": r"\x1b[31m",
    "a\nb": r"a\nb",
    "a\r\tb": r"a\r\tb",
    "\x7f\x9b": r"\x7f\x9b",
    "abc\u202egpj": r"abc\u202egpj",
    "a\u2028b\u2029": r"a\u2028b\u2029",
    "a\u200bb\ufeff": r"a\u200bb\ufeff",
    "\ud800 \udce9": r"\ud800 \udce9",
    "\U000e0041": r"\U000e0041",
}


@pytest.mark.parametrize("text", HOSTILE)
def test_no_character_acts_when_it_is_shown(text: str) -> None:
    """Control, format and bidirectional characters, separators and surrogates are escapes."""
    assert shown(text) == HOSTILE[text]


@pytest.mark.parametrize(
    "text", ["NVIDIA A100-SXM4-40GB", "große Stapel", "大批次　測試", "ความแม่นยำ", "🚀"]
)
def test_every_script_stays_readable(text: str) -> None:
    """Letters, marks and symbols are left as they are."""
    assert shown(text) == text


def test_a_flood_is_cut_in_its_middle() -> None:
    """Beginning and end stay, which hold the place and the remedy of an error."""
    text = shown("begin" + "x" * 10**6 + "end")

    assert 990 <= len(text) <= 1000
    assert text.startswith("begin")
    assert text.endswith("end")
    assert " [...] " in text


def test_a_text_of_lines_keeps_its_lines() -> None:
    """Line breaks and tabs that the suite makes stay, whatever the lines hold."""
    assert shown_lines("a\x1b[2J\tb\n\x07\n") == "a\\x1b[2J\tb\n\\x07\n"


@pytest.mark.parametrize(
    "word",
    [
        "plain",
        "two words",
        "it's",
        "$HOME",
        "`id`",
        "tab\tline\n",
        "\x1b]0;x\x07",
        "ü \u202e",
        "-x",
        "",
    ],
)
def test_a_printed_command_is_the_one_that_was_meant(word: str) -> None:
    """A shell takes the printed words apart into the same again, and printing them is safe."""
    said = command(["printf", "%s.", word, word])
    done = subprocess.run(["bash", "-c", said], capture_output=True, check=True)

    assert done.stdout.decode() == f"{word}.{word}."
    assert shown(said) == said


def test_a_path_that_is_not_utf8_can_be_copied() -> None:
    """The bytes of its name come back from a shell."""
    name = b"caf\xe9 \x80\xff'\\".decode(errors="surrogateescape")
    done = subprocess.run(
        ["bash", "-c", f"printf %s {quoted(name)}"], capture_output=True, check=True
    )

    assert done.stdout == b"caf\xe9 \x80\xff'\\"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("t4_inference", "t4_inference"),
        ("m\x1b[31m\n", "m-31m"),
        ("../../etc/passwd", "etc-passwd"),
        ("a b|c:d*e", "a-b-c-d-e"),
        ("大批次", "大批次"),
        ("\udcff.", "unnamed"),
        ("x" * 300, "x" * 40),
    ],
)
def test_a_name_becomes_a_file_name(name: str, safe: str) -> None:
    """Letters and digits of any script stay; nothing hides, climbs out, or grows too long."""
    assert file_safe(name, 40) == safe
    assert len(file_safe(unicodedata.normalize("NFD", "é") * 300, 40).encode()) <= 4 * 40


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\uff1d1+1"])
def test_a_spreadsheet_takes_no_text_for_a_formula(text: str) -> None:
    """Text that a spreadsheet would compute begins with an apostrophe."""
    assert spreadsheet_text(text) == f"'{text}"
    assert spreadsheet_text(f"a {text}") == f"a {text}"


def test_a_command_looks_as_people_write_it() -> None:
    """Only a word that needs quotes has them."""
    assert command(["bench.py", "run", "it's mine.yaml", "--max-time=30m"]) == (
        """bench.py run 'it'"'"'s mine.yaml' --max-time=30m"""
    )


@pytest.mark.parametrize(
    ("started", "words"),
    [
        ("bench.py", "python bench.py run 'my matrix.yaml'"),
        ("/usr/local/bin/resnet50-bench", "resnet50-bench run 'my matrix.yaml'"),
        ("/site-packages/suite/__main__.py", "python -m suite run 'my matrix.yaml'"),
        ("/site-packages/pytest/__main__.py", "python bench.py run 'my matrix.yaml'"),
        ("", "python bench.py run 'my matrix.yaml'"),
    ],
)
def test_commands_begin_as_the_user_began(
    monkeypatch: pytest.MonkeyPatch, started: str, words: str
) -> None:
    """What a hint says to type is what this installation understands."""
    monkeypatch.setattr("sys.argv", [started])

    assert bench("run", "my matrix.yaml") == words
