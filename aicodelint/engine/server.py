"""The warm daemon's server: one thread talks to the clients, another infers (``batching``). See ``protocol`` for what is said."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from aicodelint.engine.allowance import Allowance
from aicodelint.engine.batching import Inference, Job, JobQueue, Judge
from aicodelint.engine.connection import ClientConnection
from aicodelint.engine.life import DRAIN_SECONDS, Life, Retirement, memory_bytes
from aicodelint.engine.protocol import (
    HEARTBEAT_SECONDS,
    MAX_FRAME_BYTES,
    WINDOW,
    Message,
    ProtocolError,
    difference,
    encode,
    verdict_frame,
)
from aicodelint.engine.remembered import RememberedVerdicts
from aicodelint.engine.runtime_directory import is_foreign
from aicodelint.engine.snippet_key import snippet_key
from aicodelint.engine.verdict_json import verdict_to_json
from aicodelint.finding import Snippet, Verdict

MAX_CLIENTS = 256
BACKLOG = 512
MEMORY_FOR_REQUESTS = 4 * MAX_FRAME_BYTES
ALIVE = encode({"type": "alive"})

Log = Callable[[str], None]
LogError = Callable[[str, BaseException], None]


@dataclass(frozen=True, slots=True)
class Service:
    """What a daemon is: its identity in the hello, and what ``status`` tells besides."""

    identity: Message
    model_name: str
    bundle: str


class Server:
    """Serves one model until it is told, or has a reason, to end."""

    def __init__(
        self, service: Service, load: Callable[[], Judge], life: Life, log: Log, log_error: LogError, *, tend: Callable[[], None] = lambda: None
    ) -> None:
        """``load`` makes the detector; ``tend`` is called once a second as soon as it is loaded and as long as new clients are taken."""
        self._service = service
        self._life = life
        self._log = log
        self._log_error = log_error
        self._tend = tend
        self._queue = JobQueue()
        self._inference = Inference(self._queue, load, self._delivered, self._failed, lambda error: log_error("a text failed", error))
        self._remembered = RememberedVerdicts()
        self._allowance = Allowance(MEMORY_FOR_REQUESTS)
        self._clients: set[ClientConnection] = set()
        self._requests = 0
        self._retirement: Retirement | None = None
        self._ended = asyncio.Event()

    async def serve(self, listening: socket.socket, leave: Callable[[Retirement], None]) -> Retirement:
        """Serve clients of the socket ``listening``; return why it ended, once everything accepted is answered.

        ``leave`` is called as soon as no new clients are taken: it gives the socket's name free.
        """
        self._loop = asyncio.get_running_loop()
        self._leave = leave
        # Signals and a model that cannot be loaded retire the server, which takes a listener to close.
        self._listener = await asyncio.start_unix_server(self._serve_client, sock=listening, backlog=BACKLOG, start_serving=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._signalled, number)
        self._inference.start()
        await self._listener.start_serving()
        ticking = asyncio.create_task(self._tick())
        await self._ended.wait()
        ticking.cancel()
        self._queue.close()
        assert self._retirement is not None
        return self._retirement

    def retire(self, retirement: Retirement) -> None:
        """Take no new clients, answer what is due, then end. The first reason counts."""
        if self._retirement is not None:
            return
        self._retirement = retirement
        self._log(f"retiring: {retirement.reason}")
        self._listener.close()
        self._leave(retirement)
        self._deadline = time.monotonic() + DRAIN_SECONDS
        for client in list(self._clients):
            client.drain()
        self._end_if_drained()

    def _signalled(self, number: int) -> None:
        if self._retirement is not None:
            self._ended.set()
        self.retire(Retirement(signal.Signals(number).name))

    def _end_if_drained(self) -> None:
        if self._retirement is not None and not self._clients:
            self._ended.set()

    async def _tick(self) -> None:
        was_ready = False
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            now = time.monotonic()
            for client in list(self._clients):
                client.heartbeat(ALIVE)
                if client.is_stuck(now):
                    self._log("a client is stuck and is let go")
                    client.abort()
            if not was_ready and self._inference.ready.is_set():
                was_ready = True
                self._life.ready()
            if was_ready and self._retirement is None:
                self._tend()
            if self._retirement is None:
                retirement = self._life.retirement(busy=any(client.unanswered for client in self._clients))
                if retirement is not None:
                    self.retire(retirement)
            elif now > self._deadline:
                self._ended.set()

    async def _serve_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = ClientConnection(reader, writer, self._allowance)
        self._clients.add(client)
        answering = asyncio.create_task(client.write_answers())
        answering.add_done_callback(lambda _: client.abort())
        try:
            if is_foreign(writer.get_extra_info("socket")):
                self._log("a client of another user is turned away")
                return
            while True:
                message, cost = await client.read()
                if not self._handle(client, message, cost):
                    client.release(cost)
        except ProtocolError as error:
            self._log(f"a client is let go: {error}")
        except (asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            pass
        finally:
            answering.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await answering
            self._queue.cancel(client)
            client.close()
            self._clients.discard(client)
            self._end_if_drained()

    def _handle(self, client: ClientConnection, message: Message, cost: int) -> bool:
        """Do what a message asks; return whether an answer that is due holds its cost."""
        kind = message["type"]
        if kind == "judge" and client.accepted:
            self._judge(client, message, cost)
            return True
        if kind == "hello":
            self._hello(client, message)
        elif kind == "ping":
            client.say({"type": "pong"})
        elif kind == "status":
            client.say(self._status())
        elif kind == "stop":
            client.say({"type": "stopping"})
            self._loop.call_soon(self.retire, Retirement("asked to stop"))
        else:
            raise ProtocolError("an unknown or untimely message")
        return False

    def _hello(self, client: ClientConnection, message: Message) -> None:
        outdated = self._life.outdated()
        if outdated is not None:
            self._loop.call_soon(self.retire, outdated)
        reason = difference(self._service.identity, message)
        if reason is None and (outdated or self._retirement):
            reason = "retiring"
        if reason is None and sum(other.accepted for other in self._clients) >= MAX_CLIENTS:
            reason = "busy"
        if reason is not None:
            client.say({"type": "refuse", "reason": reason})
            return
        client.accept()
        ready = self._inference.ready.is_set()
        client.say({"type": "hello", **self._service.identity, "pid": os.getpid(), "ready": ready, "window": WINDOW})

    def _judge(self, client: ClientConnection, message: Message, cost: int) -> None:
        number, text, language = message.get("id"), message.get("text"), message.get("language")
        if type(number) is not int or not isinstance(text, str) or not (language is None or isinstance(language, str)):
            raise ProtocolError("a judge message without its fields")
        self._life.touch()
        self._requests += 1
        client.expect_answer()
        snippet = Snippet(text, language)
        key = snippet_key(b"", snippet)
        remembered = None if message.get("fresh") is True else self._remembered.get(key)
        if remembered is not None:
            client.answer(verdict_frame(number, remembered), cost)
        else:
            self._queue.put(Job(client, number, snippet, key, cost))

    def _delivered(self, results: list[tuple[Job, Verdict | None]]) -> None:
        texts = [(job, None if verdict is None else _verdict_text(verdict)) for job, verdict in results]
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._answer, texts)

    def _answer(self, texts: list[tuple[Job, str | None]]) -> None:
        self._life.touch()
        for job, text in texts:
            assert isinstance(job.client, ClientConnection)
            if text is None:
                job.client.answer(encode({"type": "error", "id": job.number}), job.cost)
            else:
                self._remembered.put(job.key, text)
                job.client.answer(verdict_frame(job.number, text), job.cost)

    def _failed(self, error: BaseException) -> None:
        self._log_error("the model cannot be loaded", error)
        with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended already
            self._loop.call_soon_threadsafe(self._give_up)

    def _give_up(self) -> None:
        self.retire(Retirement("crashed: the model cannot be loaded"))
        self._ended.set()

    def _status(self) -> Message:
        now = time.monotonic()
        return {
            "type": "status",
            **self._service.identity,
            "pid": os.getpid(),
            "model": self._service.model_name,
            "bundle": self._service.bundle,
            "ready": self._inference.ready.is_set(),
            "uptime_seconds": round(now - self._life.started, 1),
            "idle_seconds": round(now - self._life.last_used, 1),
            "clients": len(self._clients),
            "queue": len(self._queue),
            "requests": self._requests,
            "batches": self._inference.batches,
            "cache_hits": self._remembered.hits,
            "cache_entries": len(self._remembered),
            "memory_bytes": memory_bytes(),
        }


def _verdict_text(verdict: Verdict) -> str:
    return json.dumps(verdict_to_json(verdict), separators=(",", ":"))
