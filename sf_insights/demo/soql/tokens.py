"""Splits the text of a SOQL query into tokens, and reads string literals."""

import re
from dataclasses import dataclass

from sf_insights.demo.soql.tree import malformed

MAX_LITERAL = 4000

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>'(?:\\.|[^'\\])*')
    |(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    |(?P<cut>\d{4}-\d\d-\d\dT[\d:.]*)
    |(?P<date>\d{4}-\d\d-\d\d(?![\dT]))
    |(?P<time>\d\d:\d\d:\d\d(?:\.\d+)?Z)
    |(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    |(?P<operator><=|>=|!=|<>|[=<>(),:])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "N": "\n", "r": "\r", "R": "\r", "t": "\t", "T": "\t", "b": "\b", "f": "\f"}


@dataclass(frozen=True)
class Token:
    """A token of a query and its position."""

    kind: str
    text: str
    at: int


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a query.

    Raises:
        ApiError: 400 MALFORMED_QUERY at a character that no token has.
    """
    found = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup == "cut":  # a datetime without a zone: an unencoded + became a space
            at = match.end() if match else at
            line = text.count("\n", 0, at) + 1
            column = at - text.rfind("\n", 0, at) - 1
            raise malformed(f"line {line}:{column} no viable alternative at character '{text[at : at + 1] or '<EOF>'}'")
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup or "", match.group(), at))
        at = match.end()
    return found


def unescaped(token: Token) -> str:
    """Return the text that a string literal stands for."""
    body = token.text[1:-1]
    if len(body) > MAX_LITERAL:
        raise malformed(f"string literals cannot be longer than {MAX_LITERAL} characters")
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), body, flags=re.DOTALL)


def pattern_of(token: Token) -> str:
    r"""Return a string literal as a LIKE pattern: the special characters %, _ and \ keep their backslash."""
    kept = "%_\\"
    return re.sub(
        r"\\(.)",
        lambda match: match.group() if match[1] in kept else _ESCAPES.get(match[1], match[1]),
        token.text[1:-1],
        flags=re.DOTALL,
    )
