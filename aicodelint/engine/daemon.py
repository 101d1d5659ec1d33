"""The engine that asks the warm daemon, and does the work itself whenever the daemon does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from aicodelint import __version__
from aicodelint.detection.bundle import Bundle
from aicodelint.engine.client import DaemonSession, NobodyListensError, wait_until_served
from aicodelint.engine.in_process import InProcessEngine
from aicodelint.engine.rendezvous import Rendezvous, rendezvous, sweep
from aicodelint.engine.runtime_directory import DaemonUnavailableError
from aicodelint.finding import Snippet, Verdict
from aicodelint.model import Model

WAIT_SECONDS = 10.0
CRASH_PAUSE_SECONDS = 60.0

Note = Callable[[str], None]


class DaemonEngine:
    """Judges texts in the warm daemon; from the first fault on, in this process.

    Where there is no daemon yet, one is started in the background. The scan that starts it goes on in this process, since that answers
    sooner; others that come while it starts wait for it, since that is sooner than a model of their own each. With ``patient`` the
    starter waits as well. ``fresh`` asks for verdicts the daemon did not remember. ``note`` is told once if the daemon was of no use.
    """

    def __init__(
        self, bundle: Bundle, device: str, jobs: int | None = None, *, patient: bool = False, fresh: bool = False, note: Note | None = None
    ) -> None:
        self.model: Model = bundle.model
        self.device = device
        self._bundle = bundle
        self._patient = patient
        self._fresh = fresh
        self._note = note
        self._local = InProcessEngine(bundle, device, jobs)
        self._meeting: Rendezvous | None = None
        self._session: DaemonSession | None = None
        self._hopeless = False
        self._reap: Callable[[], None] | None = None

    @property
    def name(self) -> str:
        """``daemon`` if one is there to ask, else ``in-process``."""
        return "daemon" if self._open_session(start=self._patient) is not None else self._local.name

    def judge(self, snippets: Iterable[Snippet]) -> Iterator[Verdict]:
        """Yield one verdict for each snippet, in order, whatever becomes of the daemon on the way."""
        rest = iter(snippets)
        first = next(rest, None)
        if first is None:
            return
        rest = chain((first,), rest)
        session = self._open_session(start=True)
        if session is not None:
            try:
                yield from session.judge(rest)
                return
            except DaemonUnavailableError as error:
                self._give_up(error)
                rest = chain(session.due, rest)
            finally:
                if session.due:  # nobody takes what is on the way: have it cancelled
                    self._forget_session()
        yield from self._local.judge(rest)

    def close(self) -> None:
        """Close the connection and let go of a model loaded here. The daemon stays."""
        self._forget_session()
        self._local.close()
        if self._hopeless and self._meeting is not None:
            sweep(self._meeting)
        if self._reap is not None:
            self._reap()
            self._reap = None

    def _open_session(self, start: bool) -> DaemonSession | None:
        if self._session is None and not self._hopeless:
            try:
                self._meeting = rendezvous(self.model.fingerprint, self.device, __version__)
                self._session = self._meet(self._meeting, start)
            except DaemonUnavailableError as error:
                self._give_up(error)
        return self._session

    def _meet(self, meeting: Rendezvous, start: bool) -> DaemonSession | None:
        try:
            return self._greet(meeting)
        except NobodyListensError:
            if not start:
                return None
        if self._start(meeting):
            return self._greet(meeting)
        self._hopeless = True
        return None

    def _start(self, meeting: Rendezvous) -> bool:
        """See to it that a daemon starts; return whether it is there already, or was waited for."""
        from aicodelint.engine.daemon_log import crashed_lately
        from aicodelint.engine.spawn import start_daemon

        if not self._patient and crashed_lately(meeting.key, CRASH_PAUSE_SECONDS):
            raise DaemonUnavailableError("the daemon crashed a moment ago; see `aicodelint daemon status`")
        self._reap = start_daemon(meeting, self._bundle.path, self.device)
        if self._reap is not None and not self._patient:
            return False
        return wait_until_served(meeting.socket_path, WAIT_SECONDS, meeting.is_coming)

    def _greet(self, meeting: Rendezvous) -> DaemonSession:
        return DaemonSession(meeting.socket_path, self.model, self.device, self._fresh)

    def _give_up(self, error: DaemonUnavailableError) -> None:
        self._hopeless = True
        self._forget_session()
        if self._note is not None:
            self._note(f"the daemon is of no use, this process does its work: {error}")
            self._note = None

    def _forget_session(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
