"""Text as Markdown: what comes from outside stays a text and cannot become markup."""

import re

from suite.model.text import shown, shown_lines


class Markdown(str):
    """Text that is Markdown already; templates write it as it is, and escape any other."""

    __slots__ = ()


# Underscores within words, as in most names, are no markup.
_INLINE = re.compile(r"[\\`*\[\]|]|(?<![^\W_])_|_(?![^\W_])")
_ENTITY = re.compile(r"&(?=#?\w+;)")
# What makes the beginning of a line a heading, an item, a quotation or a rule.
_BLOCK = re.compile(r"^(?=#{1,6}(\s|$)|[-+](\s|$)|>|---|===)")
_NUMBERED = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")


def inline(text: str) -> Markdown:
    """Text within a line, such as in a cell of a table."""
    safe = _INLINE.sub(r"\\\g<0>", _ENTITY.sub("&amp;", shown(text))).replace("<", "&lt;")
    # One tilde strikes nothing out, and begins every percentile of few samples.
    return Markdown(safe.replace("~", r"\~") if safe.count("~") > 1 else safe)


def line(text: str) -> Markdown:
    """Text with which a line may begin."""
    safe = inline(text.strip())
    return Markdown(_NUMBERED.sub(r"\1\\\2", _BLOCK.sub(r"\\", safe)))


def code_block(text: str) -> Markdown:
    """Lines that are shown as they are, such as the output of a program."""
    lines = shown_lines(text.expandtabs()).split("\n")
    return Markdown("\n".join(f"    {written}" if written else "" for written in lines))
