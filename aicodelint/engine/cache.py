"""What has been judged before: verdicts by a hash of everything they depend on, in one SQLite file of the user's cache directory.

The file holds hashes and verdicts, never source text. It is a convenience: whatever is wrong with it, the scan goes on without it.
The rollback journal keeps it whole when a process is killed; ``synchronous`` is off, so that a commit costs no fsync. After a power
failure it may be lost, which a cache can bear.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aicodelint import __version__
from aicodelint.engine.cache_directory import cache_directory
from aicodelint.engine.snippet_key import snippet_key
from aicodelint.engine.verdict_json import verdict_from_json, verdict_to_json
from aicodelint.finding import Snippet, Verdict
from aicodelint.model import Model

SCHEMA_VERSION = 1
MAX_BYTES = 64 << 20
KEEP_AFTER_EVICTION = 0.75
BUSY_SECONDS = 1.0
WRITES_PER_COMMIT = 256
SECONDS_PER_DAY = 86400

Warn = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """Where the cache is, how many verdicts it holds, its size on disk and the limit, in bytes."""

    path: Path
    entries: int
    size: int
    limit: int


def cache_path() -> Path:
    """Return where the cache lies."""
    return cache_directory() / "verdicts.sqlite"


class VerdictCache:
    """Verdicts of one model, kept between runs. Opened at the first look; after the first fault it warns once and holds nothing."""

    def __init__(self, model: Model, path: Path | None = None, warn: Warn | None = None, limit: int = MAX_BYTES) -> None:
        self._families = len(model.families)
        self._prefix = "\0".join((str(SCHEMA_VERSION), __version__, model.fingerprint, "")).encode()
        self._path = path
        self._warn = warn
        self._limit = limit
        self._connection: sqlite3.Connection | None = None
        self._usable = True
        self._waiting: dict[bytes, str] = {}
        self._today = int(time.time()) // SECONDS_PER_DAY
        self._touched: list[bytes] = []

    def key(self, snippet: Snippet) -> bytes:
        """Return the hash of the text, its language, the model and the versions that judge it."""
        return snippet_key(self._prefix, snippet)

    def get(self, key: bytes) -> Verdict | None:
        """Return the verdict kept under ``key``, or None."""
        text = self._waiting.get(key)
        if text is None:
            text = self._look_up(key)
        if text is None:
            return None
        try:
            return verdict_from_json(json.loads(text), self._families)
        except (ValueError, RecursionError):
            return None

    def put(self, key: bytes, verdict: Verdict) -> None:
        """Keep ``verdict`` under ``key``; it reaches the disk with the next commit."""
        if self._usable:
            self._waiting[key] = json.dumps(verdict_to_json(verdict), separators=(",", ":"))
            if len(self._waiting) >= WRITES_PER_COMMIT:
                self.commit()

    def commit(self) -> None:
        """Write what is waiting, in one transaction, and evict the longest unused verdicts if the file has outgrown its limit."""
        if not (self._waiting or self._touched):
            return
        connection = self._open()
        if connection is None:
            return
        rows = [(key, text, self._today) for key, text in self._waiting.items()]
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?)", rows)
            connection.executemany("UPDATE verdicts SET used = ? WHERE key = ?", [(self._today, key) for key in self._touched])
            self._evict(connection)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._failed_write(connection, error)
        self._waiting.clear()
        self._touched.clear()

    def close(self) -> None:
        """Commit and close the file."""
        self.commit()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection | None:
        if self._connection is None and self._usable:
            try:
                self._connection = _connect(self._path or cache_path())
            except (sqlite3.Error, OSError) as error:
                self._give_up(error)
        return self._connection

    def _look_up(self, key: bytes) -> str | None:
        connection = self._open()
        if connection is None:
            return None
        try:
            row = connection.execute("SELECT verdict, used FROM verdicts WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            if not _is_busy(error):
                self._give_up(error)
            return None
        if row is None:
            return None
        if row[1] != self._today:
            self._touched.append(key)
        return str(row[0])

    def _evict(self, connection: sqlite3.Connection) -> None:
        if _used_bytes(connection) <= self._limit:
            return
        (entries,) = connection.execute("SELECT count(*) FROM verdicts").fetchone()
        surplus = entries - int(entries * KEEP_AFTER_EVICTION)
        connection.execute("DELETE FROM verdicts WHERE key IN (SELECT key FROM verdicts ORDER BY used, rowid LIMIT ?)", (surplus,))

    def _failed_write(self, connection: sqlite3.Connection, error: sqlite3.Error) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._usable = False
        if not _is_busy(error):
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._usable = False
        self._waiting.clear()
        self._touched.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._warn is not None:
            self._warn(f"the cache is not used ({error}); `aicodelint cache clear` makes a new one, --no-cache does without")
            self._warn = None


def cache_info(path: Path | None = None, limit: int = MAX_BYTES) -> CacheInfo:
    """Return what the cache holds; raise ``OSError`` or ``sqlite3.Error`` if it cannot be read. A cache not there yet is empty."""
    path = path or cache_path()
    if not path.exists():
        return CacheInfo(path, 0, 0, limit)
    connection = _connect(path)
    try:
        (entries,) = connection.execute("SELECT count(*) FROM verdicts").fetchone()
    finally:
        connection.close()
    return CacheInfo(path, entries, path.stat().st_size, limit)


def clear_cache(path: Path | None = None) -> None:
    """Forget every verdict; a file that is no cache any more is removed. Raise ``OSError`` or ``sqlite3.Error`` if that cannot be done."""
    path = path or cache_path()
    if not path.exists():
        return
    try:
        connection = _connect(path)
    except sqlite3.DatabaseError as error:
        if _is_busy(error):
            raise
        _remove(path)
        return
    try:
        connection.execute("DELETE FROM verdicts")
        connection.execute("VACUUM")
    except sqlite3.DatabaseError as error:
        if _is_busy(error):
            raise
        connection.close()
        _remove(path)
    finally:
        connection.close()


def _remove(path: Path) -> None:
    # The journal first: without its database it is harmless, next to a new database it would be played back.
    path.with_name(path.name + "-journal").unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != SCHEMA_VERSION:
            _create(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != SCHEMA_VERSION:
        connection.execute("DROP TABLE IF EXISTS verdicts")
        connection.execute("CREATE TABLE verdicts (key BLOB PRIMARY KEY, verdict TEXT NOT NULL, used INTEGER NOT NULL)")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _used_bytes(connection: sqlite3.Connection) -> int:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * size)


def _is_busy(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
