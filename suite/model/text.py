"""Text from outside (names, reasons, notes, paths), made safe to show and to copy.

Text from a file, a device, another process or a command line may contain characters that control
a terminal or hide other text. Everything that is shown goes through `shown`, every printed command
through `command`.
"""

import re
import shlex
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import PurePath

# The command that an installed suite has.
COMMAND = "resnet50-bench"
# Control and format characters (among them the bidirectional ones and those without a width), lone
# surrogates, and separators of lines and paragraphs.
_ACTING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# A longer value would bury the text around it.
LONGEST = 1000
_CUT = " [...] "
# A spreadsheet reads a text that starts with one of these as a formula; East Asian versions take
# their wide forms for the same.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def shown(text: str, longest: int | None = LONGEST) -> str:
    r"""The text on one line, with each control character as its escape: `\x1b`, `\n`, `\u202e`.

    Letters of any script stay. A text of more than `longest` characters loses its middle.
    """
    if longest is not None and len(text) > longest:
        half = (longest - len(_CUT)) // 2
        text = text[:half] + _CUT + text[-half:]
    return _escaped(text)


def shown_lines(text: str) -> str:
    """The same for a text of several lines and any length: line breaks and tabs stay."""
    return re.sub(r"[^\n\t]+", lambda part: _escaped(part[0]), text)


def command(words: Iterable[str]) -> str:
    """Words as one line that a shell splits into the same words again."""
    return " ".join(map(quoted, words))


def program() -> list[str]:
    """The words that start this program, as this user started it."""
    started = PurePath(sys.argv[0])
    if started.parts[-2:] == ("suite", "__main__.py"):
        return ["python", "-m", "suite"]
    return [COMMAND] if started.name == COMMAND else ["python", "bench.py"]


def bench(*words: str) -> str:
    """A command of the suite with these words, as one line for a shell."""
    return command([*program(), *words])


def quoted(word: str) -> str:
    """One word for a shell; control characters are escaped as bash, zsh and ksh read them."""
    if _escaped(word) == word:
        return shlex.quote(word)
    return "$'" + "".join(map(_in_dollar_quotes, word)) + "'"


def file_safe(text: str, longest: int) -> str:
    """The text as part of a file name: letters and digits of any script, and `.`, `_` and `-`.

    At most `longest` characters, each of which takes up to four bytes of the name.
    """
    safe = re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFC", text))
    return safe.strip("-.")[:longest].rstrip("-.") or "unnamed"


def spreadsheet_text(text: str) -> str:
    """The text as a field of a CSV file that no spreadsheet takes for a formula."""
    safe = shown(text)
    return f"'{safe}" if safe.startswith(_FORMULA) else safe


def _escaped(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        _escape(character) if unicodedata.category(character) in _ACTING else character
        for character in text
    )


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _in_dollar_quotes(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte of a file name that is not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    if character in {"\\", "'"}:
        return f"\\{character}"
    return _escape(character) if _escaped(character) != character else character
