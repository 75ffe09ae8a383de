"""The known word nearest to a misspelt one, for error messages."""

from collections.abc import Iterable
from difflib import get_close_matches

_MOST_TOLD = 20


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?`, or the list of known words, or the first of them, when none is near."""
    words = list(known)
    close = get_close_matches(word, words, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    more = len(words) - _MOST_TOLD
    return f"known: {', '.join(words[:_MOST_TOLD])}" + (f" and {more} more" if more > 0 else "")
