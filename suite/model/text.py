"""Text from outside (names, reasons, notes, paths), made safe to show and to copy.

Whatever comes from a file, a device, another process or a command line may hold characters that
act on a terminal or hide what is there. Everything that is shown goes through `shown`, every
command that is printed through `command`.
"""

import re
import shlex
import unicodedata
from collections.abc import Iterable

# Control and format characters (among them the bidirectional ones and those without a width), lone
# surrogates, and separators of lines and paragraphs.
_ACTING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# A value that is longer would drown what is shown around it.
LONGEST = 1000
_CUT = " [...] "
# What makes a spreadsheet read a text as a formula.
_FORMULA = ("=", "+", "-", "@")


def shown(text: str, longest: int | None = LONGEST) -> str:
    r"""The text in one line, with each acting character as its escape: `\x1b`, `\n`, `\u202e`.

    Letters of any script stay. Of a text of more than `longest` characters the middle is left out.
    """
    if longest is not None and len(text) > longest:
        half = (longest - len(_CUT)) // 2
        text = text[:half] + _CUT + text[-half:]
    return _escaped(text)


def shown_lines(text: str) -> str:
    """The same for a text of several lines and any length: line breaks and tabs stay."""
    return re.sub(r"[^\n\t]+", lambda part: _escaped(part[0]), text)


def command(words: Iterable[str]) -> str:
    """Words as one line that a shell takes apart into the same words again."""
    return " ".join(map(quoted, words))


def quoted(word: str) -> str:
    """One word for a shell; acting characters are written as bash, zsh and ksh read them."""
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
    """The text as a field of a CSV file, which no spreadsheet takes for a formula."""
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
