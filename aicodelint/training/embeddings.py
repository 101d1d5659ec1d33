"""Embeddings of a frozen encoder, computed once: kept on disk by the content of the text, read back through a memory map.

One directory an encoder: ``vectors.f32`` holds a row of floats a window (its embedding, and its number of tokens), ``index.bin`` one record a
text (digest of the text, number of its windows).
Vectors are written before the record that counts them, so that a run that is killed loses its last batch alone and the next goes on from there.
"""

from __future__ import annotations

import hashlib
import queue
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

import numpy as np
import numpy.typing as npt

from aicodelint.engine.cache_directory import cache_directory
from aicodelint.errors import UsageError
from aicodelint.training.heads import Windows

if sys.platform != "win32":
    import fcntl

CHUNK_TEXTS = 128
LAYOUT = "v2"
"""Stands in the name of the directory: files of another layout are left alone."""
RECORD = np.dtype([("digest", "V16"), ("windows", "<u4")])
Progress = Callable[[int, int], None]
"""Told after each batch how many texts are embedded, and of how many."""
Tokens = Sequence[Sequence[int] | npt.NDArray[np.int32]]


class TextEncoder(Protocol):
    """A frozen encoder with its tokenizer. ``fingerprint`` changes with anything that changes an embedding."""

    name: str
    fingerprint: str
    dimension: int

    def windows(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the windows of token ids of each text, at least one each."""
        ...

    def encode(self, windows: Tokens) -> npt.NDArray[np.float32]:
        """Return the embedding of each window, shape (len(windows), dimension)."""
        ...


def default_cache_directory() -> Path:
    """Return where embeddings are kept unless another place is asked for."""
    return cache_directory() / "embeddings"


def embed(texts: Sequence[str], encoder: TextEncoder, cache: Path | None = None, progress: Progress | None = None) -> Windows:
    """Return the embedded windows of ``texts``, taken from the directory ``cache`` where they are there, computed and kept where not.

    Without ``cache`` they are computed in memory. An interrupted call loses nothing that it had finished.
    """
    if cache is None:
        return _embed_in_memory(texts, encoder, progress)
    with EmbeddingStore.open(cache / f"{LAYOUT}-{encoder.fingerprint}", encoder.dimension) as store:
        digests = [_digest(text) for text in texts]
        missing = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in store}
        done = len(texts) - len(missing)
        for chunk, windows, vectors in _embedded_chunks(list(missing.items()), encoder):
            store.append([digest for digest, _ in chunk], [len(found) for found in windows], vectors)
            done += len(chunk)
            if progress is not None:
                progress(done, len(texts))
        return store.windows(digests)


class EmbeddingStore:
    """The embeddings of one encoder on disk. One process at a time; another waits until the first is done (but for Windows, which has no flock)."""

    def __init__(self, vectors: IO[bytes], index: IO[bytes], dimension: int) -> None:
        self._vectors = vectors
        self._index = index
        self._width = dimension + 1
        self._places: dict[bytes, tuple[int, int]] = {}
        self._rows = 0
        self._recover()

    @classmethod
    @contextmanager
    def open(cls, directory: Path, dimension: int) -> Iterator[EmbeddingStore]:
        """Open the store in ``directory``, made if it is not there; raise ``UsageError`` where that cannot be."""
        try:
            directory.mkdir(parents=True, exist_ok=True)
            lock = (directory / "lock").open("wb")
            vectors = _open_for_appending(directory / "vectors.f32")
            index = _open_for_appending(directory / "index.bin")
        except OSError as error:
            raise UsageError(f"cannot keep embeddings in {directory}: {error.strerror}; choose another place with --cache-dir") from None
        with lock, vectors, index:
            if sys.platform != "win32":
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield cls(vectors, index, dimension)

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._places

    def append(self, digests: Sequence[bytes], counts: Sequence[int], vectors: npt.NDArray[np.float32]) -> None:
        """Keep the windows of some texts: ``counts`` says how many rows of ``vectors`` (embedding and tokens) each has."""
        self._vectors.write(np.ascontiguousarray(vectors, np.float32).tobytes())
        self._vectors.flush()
        records = np.zeros(len(digests), RECORD)
        records["digest"] = np.array([np.void(digest) for digest in digests], "V16")
        records["windows"] = counts
        self._index.write(records.tobytes())
        self._index.flush()
        self._remember(digests, counts)

    def windows(self, digests: Sequence[bytes]) -> Windows:
        """Return the windows of the texts with these digests, in their order; rows of a table read in order stay a memory map."""
        places = [self._places[digest] for digest in digests]
        counts = np.array([count for _, count in places], np.int64)
        owner = np.repeat(np.arange(len(places)), counts)
        if not places:
            return _windows(np.zeros((0, self._width), np.float32), owner, 0)
        rows = np.concatenate([np.arange(start, start + count) for start, count in places])
        table = np.memmap(self._vectors.name, np.float32, "r", shape=(self._rows, self._width))
        in_order = len(rows) > 0 and rows[-1] - rows[0] + 1 == len(rows) and bool((np.diff(rows) == 1).all())
        return _windows(table[rows[0] : rows[-1] + 1] if in_order else table[rows], owner, len(places))

    def _recover(self) -> None:
        """Read the index and cut both files to what is whole in both."""
        self._index.seek(0)
        raw = self._index.read()
        records = np.frombuffer(raw[: len(raw) // RECORD.itemsize * RECORD.itemsize], RECORD)
        row_bytes = 4 * self._width
        self._vectors.seek(0, 2)
        stored = self._vectors.tell() // row_bytes
        whole = int(np.searchsorted(np.cumsum(records["windows"], dtype=np.int64), stored, side="right"))
        self._remember([digest.tobytes() for digest in records["digest"][:whole]], [int(count) for count in records["windows"][:whole]])
        self._index.truncate(whole * RECORD.itemsize)
        self._vectors.truncate(self._rows * row_bytes)
        self._index.seek(0, 2)
        self._vectors.seek(0, 2)

    def _remember(self, digests: Sequence[bytes], counts: Sequence[int]) -> None:
        for digest, count in zip(digests, counts, strict=True):
            self._places[digest] = (self._rows, count)
            self._rows += count


def _embed_in_memory(texts: Sequence[str], encoder: TextEncoder, progress: Progress | None) -> Windows:
    counts: list[int] = []
    rows = [np.zeros((0, encoder.dimension + 1), np.float32)]
    for _, windows, vectors in _embedded_chunks([(b"", text) for text in texts], encoder):
        counts += [len(found) for found in windows]
        rows.append(vectors)
        if progress is not None:
            progress(len(counts), len(texts))
    return _windows(np.concatenate(rows), np.repeat(np.arange(len(counts)), counts), len(counts))


def _windows(table: npt.NDArray[np.float32], owner: npt.NDArray[np.int64], texts: int) -> Windows:
    return Windows(table[:, :-1], np.array(table[:, -1]), owner, texts)


_Items = Sequence[tuple[bytes, str]]


def _embedded_chunks(items: _Items, encoder: TextEncoder) -> Iterator[tuple[_Items, list[Tokens], npt.NDArray[np.float32]]]:
    """Yield chunks of texts with their windows and rows (embedding, tokens); the next is tokenized while the device works on this one."""
    for chunk, windows in _tokenized_ahead(items, encoder):
        flat = [window for found in windows for window in found]
        tokens = np.array([[len(window)] for window in flat], np.float32)
        yield chunk, windows, np.hstack([encoder.encode(flat), tokens])


def _tokenized_ahead(items: _Items, encoder: TextEncoder) -> Iterator[tuple[_Items, list[Tokens]]]:
    ready: queue.Queue[tuple[_Items, list[Tokens]] | BaseException | None] = queue.Queue(maxsize=2)
    stopped = threading.Event()

    def tokenize() -> None:
        try:
            for start in range(0, len(items), CHUNK_TEXTS):
                chunk = items[start : start + CHUNK_TEXTS]
                _put(ready, (chunk, encoder.windows([text for _, text in chunk])), stopped)
                if stopped.is_set():
                    return
            _put(ready, None, stopped)
        except BaseException as error:
            _put(ready, error, stopped)

    worker = threading.Thread(target=tokenize, name="aicodelint-tokenize", daemon=True)
    worker.start()
    try:
        while (found := ready.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        stopped.set()
        worker.join()


def _put(
    target: queue.Queue[tuple[_Items, list[Tokens]] | BaseException | None],
    item: tuple[_Items, list[Tokens]] | BaseException | None,
    stopped: threading.Event,
) -> None:
    while not stopped.is_set():
        try:
            target.put(item, timeout=0.1)
            return
        except queue.Full:
            continue


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def _open_for_appending(path: Path) -> IO[bytes]:
    path.touch()
    return path.open("r+b")
