"""What the warm daemon and its clients say to each other over a Unix socket.

A frame is four bytes, the length of what follows (big-endian), then one JSON object in UTF-8 with a ``type``. JSON is all there is:
nothing that arrives is ever unpickled or executed. A frame longer than its limit ends the connection before it is read.

A client says, the server answers::

    hello   protocol, version, fingerprint, device    hello   the same, and pid, ready (is the model loaded), window
                                                      refuse  reason: protocol | version | fingerprint | device | busy | retiring
    judge   id, text, language, fresh                 verdict id, verdict (see verdict_json)
                                                      error   id: this text could not be judged here
    ping                                              pong
    status                                            status  (see server.Status)
    stop                                              stopping; then it drains and ends

``judge`` needs an accepted hello before it; ping, status and stop do not, so that any version can ask and stop any other. Both sides
compare the hello: protocol, package version, fingerprint of the model and device have to be the same. Verdicts come in any order, as
they are ready. A client has at most ``window`` unanswered ``judge`` frames; the server reads no more. ``fresh`` asks for a verdict that
was not remembered. While answers are due the server sends ``alive`` once a second, from the thread that does not infer: a client that
hears nothing for ``SILENCE_SECONDS`` takes the daemon for dead, and never kills it. Closing the connection cancels what is queued.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

PROTOCOL_VERSION = 1
HEADER_BYTES = 4
MAX_FRAME_BYTES = 16 << 20
MAX_HELLO_BYTES = 4096
WINDOW = 64
HEARTBEAT_SECONDS = 1.0
SILENCE_SECONDS = 5.0

Message = dict[str, Any]


class ProtocolError(Exception):
    """The other side does not speak this protocol."""


def encode(message: Message) -> bytes:
    """Return ``message`` as a frame; raise ``ProtocolError`` if it is too long for one."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    if len(body) > MAX_FRAME_BYTES:
        raise ProtocolError(f"a frame of {len(body)} bytes")
    return len(body).to_bytes(HEADER_BYTES, "big") + body


def verdict_frame(number: int, verdict_text: str) -> bytes:
    """Return the frame that answers ``judge`` number ``number`` with a verdict that is JSON already."""
    body = f'{{"type":"verdict","id":{number},"verdict":{verdict_text}}}'.encode()
    return len(body).to_bytes(HEADER_BYTES, "big") + body


def body_length(header: bytes, limit: int = MAX_FRAME_BYTES) -> int:
    """Return the length that a frame's header announces; raise ``ProtocolError`` if it is over ``limit`` or zero."""
    length = int.from_bytes(header, "big")
    if not 0 < length <= limit:
        raise ProtocolError(f"a frame of {length} bytes")
    return length


def decode(body: bytes | bytearray | memoryview) -> Message:
    """Return the message in a frame's body; raise ``ProtocolError`` if it holds none."""
    try:
        message = json.loads(bytes(body).decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        raise ProtocolError("a frame without JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ProtocolError("a frame without a type")
    return message


class FrameReader:
    """Takes bytes as they come and gives the messages they complete."""

    def __init__(self, limit: int = MAX_FRAME_BYTES) -> None:
        self._buffer = bytearray()
        self._limit = limit

    def feed(self, data: bytes) -> Iterator[Message]:
        """Add ``data`` and yield every message that is whole; raise ``ProtocolError`` where a frame is none."""
        self._buffer += data
        while len(self._buffer) >= HEADER_BYTES:
            length = body_length(bytes(self._buffer[:HEADER_BYTES]), self._limit)
            end = HEADER_BYTES + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[HEADER_BYTES:end])
            del self._buffer[:end]
            yield decode(body)


def identity(fingerprint: str, device: str, version: str) -> Message:
    """Return what both sides of a hello compare."""
    return {"protocol": PROTOCOL_VERSION, "version": version, "fingerprint": fingerprint, "device": device}


def difference(ours: Message, theirs: Message) -> str | None:
    """Return the first field of two identities that differs, or None."""
    return next((field for field in ours if theirs.get(field) != ours[field] or type(theirs.get(field)) is not type(ours[field])), None)
