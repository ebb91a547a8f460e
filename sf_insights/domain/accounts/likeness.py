"""When the names of two accounts are alike. sql/matching/candidates.sql applies these rules to all accounts."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable

# Names are compared in lower case, without accents, punctuation and these words.
LEGAL_FORMS = (
    *("inc", "incorporated", "llc", "ltd", "limited", "corp", "corporation", "co", "company"),
    *("gmbh", "ag", "sa", "ab", "oy", "bv", "plc", "kg", "spa", "srl", "the"),
)
MOST_CANDIDATES = 3
LEAST_SIMILARITY = 0.85  # by Jaro and Winkler, from 0 to 1
MOST_NAMES_OF_A_WORD = 2000  # a word of more names does not tell accounts apart
# Between words. Only ASCII: with all punctuation of Unicode, matching a million names is a hundred times slower.
_PUNCTUATION = r"[ -/:-@\[-`{-~]*"


# The accented forms of each Latin letter.
_ACCENTED: dict[str, str] = defaultdict(str)
for _letter in map(chr, range(0xC0, 0x180)):
    _plain = unicodedata.normalize("NFD", _letter.lower())[0]
    if "a" <= _plain <= "z":
        _ACCENTED[_plain] += _letter


def pattern_of(names: Iterable[Iterable[str]]) -> str:
    """Return a regular expression of RE2 that finds texts with the given words and ignores case and accents.

    Args:
        names: the words of each name, in lower case without accents, of letters and digits only; punctuation may be
            between them.
    """
    return "(?i)" + "|".join(sorted({_PUNCTUATION.join(map(_with_accents, words)) for words in names}))


def _with_accents(word: str) -> str:
    return "".join(f"[{sign}{_ACCENTED[sign]}]" if sign in _ACCENTED else sign for sign in word)


def site_pattern(words: Iterable[str]) -> str:
    """Return a regular expression of RE2 that finds websites whose name is one of the words."""
    return r"(?i)^(?:https?://)?(?:www\.)?(?:" + "|".join(sorted(words)) + r")\."


def how_alike(similarity: float) -> str:
    """Return how alike a candidate is, for people."""
    if similarity >= 1:
        return "same name"
    return "very similar name" if similarity >= 0.95 else "similar name"
