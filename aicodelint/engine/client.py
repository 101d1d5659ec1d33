"""The thin end of a connection to the warm daemon. Imports the standard library's light parts alone: it is on the path of every warm scan."""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator

from aicodelint import __version__
from aicodelint.engine.protocol import (
    MAX_FRAME_BYTES,
    SILENCE_SECONDS,
    FrameReader,
    Message,
    ProtocolError,
    difference,
    encode,
    identity,
)
from aicodelint.engine.runtime_directory import DaemonUnavailableError, is_foreign
from aicodelint.engine.verdict_json import verdict_from_json
from aicodelint.finding import Snippet, Verdict
from aicodelint.model import Model

HELLO_SECONDS = 3.0
PROGRESS_SECONDS = 120.0
MAX_CHARACTERS_ON_THE_WAY = 2 << 20
RECEIVE_BYTES = 1 << 16


class NobodyListensError(DaemonUnavailableError):
    """There is no daemon at all; one might be started."""


def connect(path: str, timeout: float = HELLO_SECONDS) -> socket.socket:
    """Return a connection to the daemon's socket at ``path``; raise ``DaemonUnavailableError`` if nobody of ours listens there."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        connection.connect(path)
        if is_foreign(connection):
            raise DaemonUnavailableError(f"{path} is served by another user")
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        raise NobodyListensError(f"no daemon listens at {path}") from None
    except OSError as error:
        connection.close()
        raise DaemonUnavailableError(f"no daemon answers at {path}: {error.strerror or error}") from None
    except BaseException:
        connection.close()
        raise
    return connection


def ask(path: str, message: Message, timeout: float = SILENCE_SECONDS) -> Message:
    """Send one message on a connection of its own and return the answer; raise ``DaemonUnavailableError`` if none comes in time."""
    with connect(path, timeout) as connection:
        try:
            connection.sendall(encode(message))
            return _receive_one(connection, time.monotonic() + timeout)
        except (OSError, ProtocolError) as error:
            raise DaemonUnavailableError(f"the daemon at {path} gave no answer: {error}") from None


class DaemonSession:
    """A connection on which texts are judged. Every fault is a ``DaemonUnavailableError``; ``due`` then holds what has no verdict yet."""

    def __init__(self, path: str, model: Model, device: str, fresh: bool = False) -> None:
        """Connect and say hello; ``fresh`` asks for verdicts that the daemon did not remember."""
        self.due: deque[Snippet] = deque()
        self._families = len(model.families)
        self._fresh = fresh
        self._first = 0
        self._verdicts: dict[int, Verdict] = {}
        self._frames = FrameReader()
        self._unsent = bytearray()
        self._connection = connect(path)
        try:
            self._window = self._greet(identity(model.fingerprint, device, __version__))
        except (OSError, ProtocolError) as error:
            self.close()
            raise DaemonUnavailableError(f"the daemon at {path} gave no greeting: {error}") from None
        except BaseException:
            self.close()
            raise
        self._poll = select.poll()

    def judge(self, snippets: Iterator[Snippet]) -> Iterator[Verdict]:
        """Yield one verdict for each snippet, in order, with at most a window of them on the way; ``due`` is what was read and not yielded."""
        reading = True
        characters = 0
        while reading or self.due:
            while reading and len(self.due) < self._window and characters < MAX_CHARACTERS_ON_THE_WAY:
                snippet = next(snippets, None)
                if snippet is None:
                    reading = False
                    break
                self.due.append(snippet)
                characters += len(snippet.text)
                self._send(snippet)
            if self.due:
                self._wait_for_first()
            while self._first in self._verdicts:
                characters -= len(self.due.popleft().text)
                self._first += 1
                yield self._verdicts.pop(self._first - 1)

    def close(self) -> None:
        """Close the connection; the daemon forgets what was not judged yet."""
        self._connection.close()

    def _greet(self, ours: Message) -> int:
        self._connection.sendall(encode({"type": "hello", **ours}))
        theirs = _receive_one(self._connection, time.monotonic() + HELLO_SECONDS)
        if theirs["type"] == "refuse":
            raise DaemonUnavailableError(f"the daemon declines: {theirs.get('reason')}")
        different = difference(ours, theirs)
        window = theirs.get("window")
        if theirs["type"] != "hello" or different or type(window) is not int or not 1 <= window <= 1024:
            raise DaemonUnavailableError(f"the daemon is another one than this: {different or 'no greeting'}")
        self._connection.setblocking(False)
        return window

    def _send(self, snippet: Snippet) -> None:
        number = self._first + len(self.due) - 1
        message = {"type": "judge", "id": number, "text": snippet.text, "language": snippet.language, "fresh": self._fresh}
        try:
            self._unsent += encode(message)
            self._flush()
        except (OSError, ProtocolError) as error:
            raise DaemonUnavailableError(f"the daemon cannot be asked: {error}") from None

    def _flush(self) -> None:
        while self._unsent:
            try:
                sent = self._connection.send(memoryview(self._unsent)[: RECEIVE_BYTES * 4])
            except (BlockingIOError, InterruptedError):
                return
            del self._unsent[:sent]

    def _wait_for_first(self) -> None:
        """Send and receive until the verdict that comes next is there."""
        silent = waited = 0.0
        while self._first not in self._verdicts:
            started = time.monotonic()
            try:
                heard = self._exchange()
            except (OSError, ProtocolError, ValueError) as error:
                raise DaemonUnavailableError(f"the daemon went away: {error}") from None
            spent = time.monotonic() - started
            silent = 0.0 if heard else silent + spent
            waited += spent
            if silent >= SILENCE_SECONDS:
                raise DaemonUnavailableError("the daemon has fallen silent")
            if waited >= PROGRESS_SECONDS:
                raise DaemonUnavailableError("the daemon takes too long")

    def _exchange(self) -> bool:
        """Wait a second at most for the socket, then send and receive what can be; return whether anything was heard."""
        self._poll.register(self._connection, select.POLLIN | (select.POLLOUT if self._unsent else 0))
        ready = self._poll.poll(1000)
        heard = False
        for _, event in ready:
            if event & select.POLLOUT:
                self._flush()
            if event & ~select.POLLOUT:
                heard = True
                self._take(self._connection.recv(RECEIVE_BYTES))
        return heard

    def _take(self, data: bytes) -> None:
        if not data:
            raise ProtocolError("it closed the connection")
        for message in self._frames.feed(data):
            kind = message["type"]
            if kind == "verdict":
                number = message.get("id")
                if type(number) is not int or not self._first <= number < self._first + len(self.due):
                    raise ProtocolError("a verdict that was not asked for")
                self._verdicts[number] = verdict_from_json(message.get("verdict"), self._families)
            elif kind != "alive":
                raise ProtocolError(f"it says {kind}")


def wait_until_served(path: str, seconds: float, is_coming: Callable[[], bool]) -> bool:
    """Wait until somebody listens at ``path``, while ``is_coming``; return whether somebody does."""
    deadline = time.monotonic() + seconds
    while True:
        coming = is_coming()
        try:
            connect(path).close()
        except DaemonUnavailableError:
            if not coming or time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def _receive_one(connection: socket.socket, deadline: float) -> Message:
    frames = FrameReader(MAX_FRAME_BYTES)
    while True:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("timed out")
        connection.settimeout(remaining)
        data = connection.recv(RECEIVE_BYTES)
        if not data:
            raise ProtocolError("it closed the connection")
        for message in frames.feed(data):
            return message
