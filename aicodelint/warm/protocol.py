"""How a scan is handed to the fork server, and what the two say to each other. Light: imported by every scan before anything else.

Half of a warm scan's time would go into starting Python and importing what it needs. So the daemon keeps a *fork server* beside it: one small
process with one thread that has imported every module of the scan and neither numpy nor onnxruntime. A scan's own process, the *client*,
imports next to nothing, hands itself over and waits; the server forks a *child* that takes the client's place (descriptors 0, 1 and 2,
working directory, environment, umask, limits, arguments) and runs the command line as the client would have. Linux alone: there the kernel
tells who the client is, and the child checks that it has no more rights, and sees no other files, than the client itself.

The server listens on a socket in the runtime directory. The socket is named after ``identity``: whatever is settled when an interpreter
starts, so an interpreter of another kind, or another version of this package, finds nobody there. On a connection::

    child   HELLO           with one descriptor: the client's end of a socket pair
    client  on the pair: one byte with its stdin, stdout and stderr, then the hand-over (``pack``)
    child   BEGIN           it is ready; until then, and for START_SECONDS, the client may go away and scan by itself
    client  on the pair: GO from here on the scan is the child's, and nobody does it twice
    client  a signal's number, for each that it gets and passes on
    child   ENDED, exit code
    server  KILLED, signal  the child died of it: the client says so and exits with 2

The client gives away its streams only to a child that has spoken: in the queue of a server that is frozen they would stay open, and whoever
reads what the scan writes would wait for their end.

A client that goes away (killed, say) has its child terminated, and killed if that does not help. The child is in a session of its own:
Ctrl-C is passed on, Ctrl-Z stops the client alone, a scan in the background may write to the terminal whatever ``stty tostop`` says, and
``/dev/tty`` is not there. Its work counts in the daemon's cgroup.
"""

from __future__ import annotations

import os
import sys

from aicodelint import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

PACKAGE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120
SETTLED_VARIABLES = ("PYTHON", "LD_")
HELLO = b"F"
BEGIN = b"B"
GO = b"G"
ENDED = b"E"
KILLED = b"K"
START_SECONDS = 0.5
MAX_HAND_OVER_BYTES = 8 << 20
STREAMS = 3
BYTES_OF_AN_INTEGER = 4
NAME_MODULUS = (1 << 61) - 1


def identity() -> bytes:
    """Return what is settled when an interpreter starts, and what package it runs: the same in a client and its server."""
    here = (__version__, PACKAGE, sys.prefix, sys.base_prefix, sys.version, repr(sys.flags), repr(sys._xoptions), repr(sys.warnoptions))
    encoding = (sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())
    variables = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith(SETTLED_VARIABLES))
    return "\0".join((*here, *encoding, *variables)).encode("utf-8", "surrogatepass")


def socket_path(directory: str, identity: bytes) -> str:
    """Return where the server for interpreters of this identity listens; as long as the daemon's own names."""
    return f"{directory}/{int.from_bytes(identity, 'big') % NAME_MODULUS:016x}.fork"


def lock_path(socket_path: str) -> str:
    """Return the file whose lock a server holds while that socket's name is its own."""
    return f"{socket_path}-lock"


def stream_description() -> bytes | None:
    """Return how this process's three standard streams encode and buffer, or None if they are not those it was started with."""
    described = []
    streams = ((sys.stdin, sys.__stdin__), (sys.stdout, sys.__stdout__), (sys.stderr, sys.__stderr__))
    for number, (stream, original) in enumerate(streams):
        try:
            if original is None or stream is not original or original.fileno() != number:
                return None
        except (OSError, ValueError):  # it is closed
            return None
        described.append(f"{original.encoding} {original.errors} {original.line_buffering:d} {original.write_through:d}")
    return "\n".join(described).encode()


def pack(parts: Iterable[bytes]) -> bytes:
    """Return byte strings as one that ``unpack`` takes apart, led by its length."""
    body = b"".join(len(part).to_bytes(BYTES_OF_AN_INTEGER, "big") + part for part in parts)
    return len(body).to_bytes(BYTES_OF_AN_INTEGER, "big") + body


def unpack(body: bytes) -> list[bytes]:
    """Return the byte strings that ``pack`` put together (``body`` is without the length); raise ``ValueError`` if it is nothing of the kind."""
    parts = []
    at = 0
    while at < len(body):
        start = at + BYTES_OF_AN_INTEGER
        at = start + int.from_bytes(body[at:start], "big")
        parts.append(body[start:at])
    if at != len(body):
        raise ValueError("cut short")
    return parts
