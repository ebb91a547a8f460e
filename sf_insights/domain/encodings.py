"""Text as servers send it: in which encoding, and what becomes of bytes and halves of characters that mean nothing.

Such damage is kept inside Python as lone surrogates until it is known which cell it is in; then it is shown as U+FFFD.
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
    # Half a surrogate pair, as some programs write it in UTF-8, is one sign and not three bytes.
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
        start: its first bytes; a byte order mark counts more than the header.

    A charset that is missing or unknown, and ASCII, are read as UTF-8.
    """
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            return encoding
    header = Message()
    header["Content-Type"] = content_type
    try:
        charset = codecs.lookup(header.get_content_charset() or "utf-8").name
        b"ab".decode(charset, _DAMAGE)  # raises for a codec that is not of text
    except (LookupError, ValueError):
        return "utf-8"
    return "utf-8" if charset in ("ascii", "utf-8-sig") else charset


def decoded(content: bytes, encoding: str = "utf-8") -> str:
    """Return the text of bytes; a lone surrogate stands where they mean nothing."""
    return content.decode(encoding, _DAMAGE)


def in_utf8(chunks: Iterator[bytes], content_type: str) -> Iterator[bytes]:
    """Yield a stream in UTF-8, whatever encoding it declares. UTF-8 passes untouched, with its damage if it has any."""
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
    """Tell whether a text has lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def replaced(text: str) -> str:
    """Return the text with U+FFFD for each lone surrogate, which no file and no database could hold."""
    return _HALVES.sub(LOST, text)
