"""Record ids: 15 case-sensitive characters, and the 18-character form that survives a loss of letter case."""

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SUFFIXES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"

# Coprime to 62**5: multiplying by it reaches every five-character ending exactly once.
_STRIDE = 387_420_489
_SPACE = 62**5


def suffix(body: str) -> str:
    """Return the three characters that encode the letter case of a 15-character id, five bits each."""
    return "".join(
        SUFFIXES[sum(1 << bit for bit, character in enumerate(body[start : start + 5]) if character.isupper())]
        for start in (0, 5, 10)
    )


def to_18(body: str) -> str:
    """Return the 18-character form of a 15-character id."""
    return body + suffix(body)


def base62(number: int, width: int) -> str:
    """Write a number in base 62, padded with zeros to the width."""
    characters = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        characters.append(DIGITS[digit])
    return "".join(reversed(characters))


def record_id(prefix: str, number: int, pod: str = "Dm") -> str:
    """Return the 18-character id of a numbered record; consecutive numbers are spread over the id space.

    Args:
        prefix: the object's three characters: 001 for Account, 005 for User.
        number: from 0 to 916,132,831; each gives a different id.
        pod: the instance's two characters.
    """
    return to_18(f"{prefix}{pod}00000" + base62((number * _STRIDE + 104_729) % _SPACE, 5))


def twin_ids(number: int) -> tuple[str, str]:
    """Return two Account ids that differ only in letter case, from a range that `record_id` never uses."""
    letters = []
    for _ in range(4):
        number, letter = divmod(number, 26)
        letters.append(chr(ord("a") + letter))
    word = "".join(reversed(letters))
    return to_18(f"001Dm00001k{word}"), to_18(f"001Dm00001k{word.upper()}")
