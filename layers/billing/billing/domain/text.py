"""What text people may give: anything that can be stored, shown and read in a log line."""

from __future__ import annotations

import unicodedata


def is_clean(text: str, shortest: int, longest: int) -> bool:
    """Whether the text has this many characters, not all blank, and none of them control ones.

    A lone surrogate counts as one: it has no UTF-8 form.
    """
    if len(text.strip()) < shortest or len(text) > longest:
        return False
    return not any(unicodedata.category(character) in _REFUSED for character in text)


_REFUSED = frozenset({"Cc", "Cs"})
