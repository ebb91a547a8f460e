"""Record ids: 15 characters that tell letter case apart, and the 18-character form that survives losing it."""

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SUFFIXES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"

# Coprime to 62**5: multiplying by it walks through all five-character endings without meeting one twice.
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
    """Write a number in the alphabet of ids, filled with zeros to the width."""
    characters = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        characters.append(DIGITS[digit])
    return "".join(reversed(characters))


def record_id(prefix: str, number: int, pod: str = "Dm") -> str:
    """Return the 18-character id of the record with this number, spread over the id space.

    Args:
        prefix: three characters that name the object: 001 for Account, 005 for User.
        number: from 0 to 916,132,831, one id each.
        pod: two characters that name the instance.
    """
    return to_18(f"{prefix}{pod}00000" + base62((number * _STRIDE + 104_729) % _SPACE, 5))


def twin_ids(number: int) -> tuple[str, str]:
    """Return two Account ids that differ by letter case only, in a range that `record_id` never uses."""
    letters = []
    for _ in range(4):
        number, letter = divmod(number, 26)
        letters.append(chr(ord("a") + letter))
    word = "".join(reversed(letters))
    return to_18(f"001Dm00001k{word}"), to_18(f"001Dm00001k{word.upper()}")
