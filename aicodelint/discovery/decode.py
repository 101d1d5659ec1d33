"""Bytes to text, whatever the bytes. Lines end in ``\\n`` afterwards and keep their numbers."""

from __future__ import annotations

import codecs

_LOOKED_AT = 8192
_CONTROL = bytes(sorted(set(range(32)) - set(b"\t\n\v\f\r\b\x1b") | {127}))
_HIGH = bytes(range(128, 256))
_UTF16 = (("utf-16-le", 1), ("utf-16-be", 0))


def decode(data: bytes) -> str | None:
    """Return the text of a file's bytes, or None when they are no text. Never raises; the text can always be encoded as UTF-8.

    UTF-8, UTF-16 and UTF-32 with a byte order mark, UTF-8 and UTF-16 without; what is no valid UTF-8 keeps what is valid of it, or is read
    as Windows-1252 (a superset of printable Latin-1) where next to nothing is.
    """
    text = _marked(data) if data[:1] in (b"\xef", b"\xff", b"\xfe", b"\x00") else None
    if text is None:
        text = _unmarked(data)
    if text is None or "\0" in text:
        return None
    return normalise_newlines(text)


def normalise_newlines(text: str) -> str:
    """Return ``text`` with ``\\n`` for ``\\r\\n``, and for ``\\r`` where that is the only line ending.

    A stray ``\\r`` among other line endings is no line end to git or an editor, so it becomes a blank and line numbers hold.
    """
    if "\r" not in text:
        return text
    if "\n" not in text:
        return text.replace("\r", "\n")
    return text.replace("\r\n", "\n").replace("\r", " ")


def _marked(data: bytes) -> str | None:
    if data.startswith(codecs.BOM_UTF8):
        return data[3:].decode("utf-8", "replace")
    for mark, name in ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")):
        if data.startswith(mark) and len(data) % 4 == 0:
            try:
                return data[4:].decode(name)
            except UnicodeDecodeError:
                continue
    for mark, name in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            text = data[2:].decode(name, "replace")
            return text if text.count("\ufffd") * 20 <= len(text) + 20 else None
    return None


def _unmarked(data: bytes) -> str | None:
    head = data[:_LOOKED_AT]
    if b"\0" in data:
        return _bare_utf16(data, head)
    if _is_noise(head):
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _broken_utf8(data)


def _bare_utf16(data: bytes, head: bytes) -> str | None:
    """UTF-16 of mostly ASCII text has a zero in every other byte, and next to none in the others."""
    if len(data) % 2:
        return None
    for name, zeros in _UTF16:
        there, elsewhere = head[zeros::2].count(0), head[1 - zeros :: 2].count(0)
        if there * 10 >= len(head) * 4 and elsewhere * 100 <= len(head):
            try:
                text = data.decode(name)
            except UnicodeDecodeError:
                return None
            return None if _is_noise(text[:_LOOKED_AT].encode()) else text
    return None


def _is_noise(head: bytes) -> bool:
    return (len(head) - len(head.translate(None, _CONTROL))) * 20 > len(head)


def _broken_utf8(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    plain = len(data.translate(None, _HIGH))
    return text if len(text) - broken - plain > broken else data.decode("cp1252", "replace")
