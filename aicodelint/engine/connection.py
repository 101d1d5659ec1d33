"""One client of the daemon, as the daemon sees it: frames in, answers out, and what is due in between."""

from __future__ import annotations

import asyncio
import contextlib
import time

from aicodelint.engine.allowance import Allowance
from aicodelint.engine.protocol import HEADER_BYTES, MAX_FRAME_BYTES, MAX_HELLO_BYTES, WINDOW, Message, body_length, decode, encode

STALL_SECONDS = 30.0


class ClientConnection:
    """Reads frames within the allowance, writes answers as fast as the client takes them, and remembers how many are due."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, allowance: Allowance) -> None:
        self.accepted = False
        self.unanswered = 0
        self._reader = reader
        self._writer = writer
        self._allowance = allowance
        self._room = asyncio.Event()
        self._outbox: asyncio.Queue[tuple[bytes, int, bool]] = asyncio.Queue()
        self._task = asyncio.current_task()
        self._draining = False
        self._held = 0
        self._reading_since: float | None = time.monotonic()
        self._writing_since: float | None = None
        # drain() is to wait until the kernel has everything: what a slow client has not taken stays in its window, and it can be told.
        writer.transport.set_write_buffer_limits(high=0)

    async def read(self) -> tuple[Message, int]:
        """Return the next message and its cost in bytes, which ``answer`` or ``release`` gives back.

        Raise ``asyncio.IncompleteReadError`` at the end and ``ProtocolError`` at what is no frame.
        """
        while self.unanswered > WINDOW:  # one more than a client may have, so that we are reading, and see it, when the client goes away
            self._room.clear()
            await self._room.wait()
        header = await self._reader.readexactly(HEADER_BYTES)
        length = body_length(header, MAX_FRAME_BYTES if self.accepted else MAX_HELLO_BYTES)
        await self._allowance.acquire(length)
        self._held += length
        if self.accepted:
            self._reading_since = time.monotonic()
        message = decode(await self._reader.readexactly(length))
        if self.accepted:
            self._reading_since = None
        return message, length

    def accept(self) -> None:
        """From now on this client may send texts."""
        self.accepted = True
        self._reading_since = None

    def expect_answer(self) -> None:
        """Count one answer as due."""
        self.unanswered += 1

    def answer(self, frame: bytes, cost: int) -> None:
        """Send the answer that was due for a message of ``cost`` bytes."""
        self._outbox.put_nowait((frame, cost, True))

    def say(self, message: Message) -> None:
        """Send a message that nobody waits for with a place in the window."""
        self._outbox.put_nowait((encode(message), 0, False))

    def release(self, cost: int) -> None:
        """Give back the memory of a message that is done with."""
        self._held -= cost
        self._allowance.release(cost)

    async def write_answers(self) -> None:
        """Write what is in the outbox, until cancelled or the client is gone."""
        while True:
            frame, cost, was_due = await self._outbox.get()
            self._writing_since = time.monotonic()
            self._writer.write(frame)
            await self._writer.drain()
            self._writing_since = None
            self.release(cost)
            if was_due:
                self.unanswered -= 1
                self._room.set()
            if self._draining and self.unanswered == 0:
                self.abort()

    def heartbeat(self, frame: bytes) -> None:
        """Send ``frame`` if answers are due and nothing else is on its way."""
        if self.unanswered and self._outbox.empty() and not self._buffered():
            self._writer.write(frame)

    def is_stuck(self, now: float) -> bool:
        """Say whether the client has for too long not finished a frame, not said hello, or not taken its answers."""
        return any(since is not None and now - since > STALL_SECONDS for since in (self._reading_since, self._writing_since))

    def drain(self) -> None:
        """Read no more, and end once every answer that is due is written."""
        self._draining = True
        if self.unanswered == 0 and self._outbox.empty():
            self.abort()

    def abort(self) -> None:
        """End the task that serves this client."""
        if self._task is not None:
            self._task.cancel()

    def close(self) -> None:
        """Close the socket and give back whatever memory this client still holds."""
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.transport.abort() if self._buffered() else self._writer.close()
        self._allowance.release(self._held)
        self._held = 0

    def _buffered(self) -> int:
        return self._writer.transport.get_write_buffer_size()
