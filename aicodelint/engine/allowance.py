"""How the daemon bounds what all its clients together may have in its memory."""

from __future__ import annotations

import asyncio
from collections import deque


class Allowance:
    """``size`` bytes to share; who wants more than is left waits in line. For one event loop."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._line: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def acquire(self, amount: int) -> None:
        """Take ``amount`` bytes, at most the whole size, once they are free."""
        if not self._line and amount <= self._free:
            self._free -= amount
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append((amount, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(amount)
            else:
                self.release(0)
            raise

    def release(self, amount: int) -> None:
        """Give ``amount`` bytes back."""
        self._free += amount
        while self._line and (self._line[0][1].cancelled() or self._line[0][0] <= self._free):
            wanted, turn = self._line.popleft()
            if not turn.cancelled():
                self._free -= wanted
                turn.set_result(None)
