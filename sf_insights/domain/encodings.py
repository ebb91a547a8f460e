"""Decode the text that servers send, including invalid bytes and halves of surrogate pairs.

Invalid bytes become lone surrogates inside Python. Once the cell that holds them is known, they become U+FFFD.
"""

import codecs
import re
from collections.abc import Iterator
from email.message import Message
from itertools import chain

LOST = "\N{REPLACEMENT CHARACTER}"

_DAMAGE = "sf_insights.damage"
_LOST_BYTES = "\udcff"
_HALVES = re.compile("[\ud800-\udfff]")
_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def _keep_damage(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    # Some programs write half a surrogate pair in UTF-8: three bytes, but one character.
    half = error.object[error.start : error.start + 3]
    try:
        if error.encoding == "utf-8":
            return half.decode("utf-8", "surrogatepass"), error.start + len(half)
    except UnicodeDecodeError:
        pass
    return _LOST_BYTES, error.end


codecs.register_error(_DAMAGE, _keep_damage)


def declared_encoding(content_type: str, start: bytes) -> str:
    """Return Python's name of the encoding that an answer declares.

    Args:
        content_type: the answer's header, such as "text/csv; charset=ISO-8859-1".
        start: its first bytes; a byte order mark overrides the header.

    A missing or unknown charset, and ASCII, mean UTF-8.
    """
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            return encoding
    header = Message()
    header["Content-Type"] = content_type
    try:
        charset = codecs.lookup(header.get_content_charset() or "utf-8").name
        b"ab".decode(charset, _DAMAGE)  # raises for a codec that does not decode text
    except (LookupError, ValueError):
        return "utf-8"
    return "utf-8" if charset in ("ascii", "utf-8-sig") else charset


def decoded(content: bytes, encoding: str = "utf-8") -> str:
    """Decode bytes; invalid ones become lone surrogates."""
    return content.decode(encoding, _DAMAGE)


def in_utf8(chunks: Iterator[bytes], content_type: str) -> Iterator[bytes]:
    """Convert a stream from the encoding that it declares to UTF-8. UTF-8 passes unchanged, invalid bytes included."""
    start = next(chunks, b"")
    encoding = declared_encoding(content_type, start)
    if encoding == "utf-8":
        yield start
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)(_DAMAGE)
    for chunk in chain([start], chunks):
        yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")


def is_damaged(text: str) -> bool:
    """Tell whether a text contains lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def replaced(text: str) -> str:
    """Replace each lone surrogate, which neither a file nor a database can store, with U+FFFD."""
    return _HALVES.sub(LOST, text)
