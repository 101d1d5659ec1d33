from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from aicodelint.errors import UsageError
from aicodelint.training.embeddings import CHUNK_TEXTS, default_cache_directory, embed


class CountingEncoder:
    """A window a line; the embedding of a window is its length and its first character. Counts what it is asked."""

    name = "counting"
    fingerprint = "f" * 32
    dimension = 2

    def __init__(self, fail_after: int | None = None) -> None:
        self.encoded = 0
        self.fail_after = fail_after

    def windows(self, texts: Sequence[str]) -> list[list[list[int]]]:
        return [[[ord(letter) for letter in line] or [0] for line in text.split("\n")] for text in texts]

    def encode(self, windows: Sequence[Sequence[int]]) -> np.ndarray:
        if self.fail_after is not None and self.encoded >= self.fail_after:
            raise KeyboardInterrupt
        self.encoded += len(windows)
        return np.array([[len(window), window[0]] for window in windows], np.float32)


TEXTS = ["ab\nc", "x", "", "ab\nc", "é\n\nz"]
ROWS = [[2, 97], [1, 99], [1, 120], [1, 0], [2, 97], [1, 99], [1, 233], [1, 0], [1, 122]]
OWNER = [0, 0, 1, 2, 3, 3, 4, 4, 4]


def test_they_are_kept_in_the_cache_directory_that_was_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AICODELINT_CACHE_DIR", str(tmp_path))
    assert default_cache_directory() == tmp_path / "embeddings"


@pytest.mark.parametrize("kept", [True, False])
def test_windows_and_owners(tmp_path: Path, kept: bool) -> None:
    windows = embed(TEXTS, CountingEncoder(), tmp_path if kept else None)
    assert windows.rows.tolist() == ROWS
    assert windows.owner.tolist() == OWNER
    assert windows.tokens.tolist() == [row[0] for row in ROWS]
    assert windows.texts == 5


def test_each_content_is_encoded_once(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    embed(TEXTS, encoder, tmp_path)
    assert encoder.encoded == 7
    embed(["x", *TEXTS, "new"], encoder, tmp_path)
    assert encoder.encoded == 8


def test_a_table_read_in_order_stays_on_disk(tmp_path: Path) -> None:
    texts = [f"{number}" for number in range(100)]
    embed(texts, CountingEncoder(), tmp_path)
    assert isinstance(embed(texts, CountingEncoder(), tmp_path).rows.base, np.memmap)
    assert embed(texts[::-1], CountingEncoder(), tmp_path).rows[:, 1].tolist() == [ord(text[0]) for text in texts[::-1]]


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    texts = [f"{number}\nx" for number in range(3 * CHUNK_TEXTS)]
    with pytest.raises(KeyboardInterrupt):
        embed(texts, CountingEncoder(fail_after=4 * CHUNK_TEXTS), tmp_path)
    resumed = CountingEncoder()
    windows = embed(texts, resumed, tmp_path)
    assert resumed.encoded == 2 * CHUNK_TEXTS
    np.testing.assert_array_equal(windows.rows, embed(texts, CountingEncoder()).rows)


@pytest.mark.parametrize(("file", "cut"), [("vectors.f32", 5), ("vectors.f32", 25), ("index.bin", 3), ("index.bin", 20)])
def test_a_torn_write_is_mended(tmp_path: Path, file: str, cut: int) -> None:
    embed(TEXTS, CountingEncoder(), tmp_path)
    path = next(tmp_path.glob(f"*/{file}"))
    path.write_bytes(path.read_bytes()[:-cut])
    encoder = CountingEncoder()
    assert embed(TEXTS, encoder, tmp_path).rows.tolist() == ROWS
    assert 0 < encoder.encoded <= 4


def test_progress_counts_texts(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    embed(TEXTS, CountingEncoder(), tmp_path, lambda done, total: seen.append((done, total)))
    assert seen == [(5, 5)]


def test_an_error_while_tokenizing_reaches_the_caller(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    encoder.windows = lambda texts: 1 / 0  # type: ignore[method-assign, assignment]
    with pytest.raises(ZeroDivisionError):
        embed(TEXTS, encoder, tmp_path)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"cannot keep embeddings in .*--cache-dir"):
        embed(TEXTS, CountingEncoder(), tmp_path / "file")


class SlowEncoder(CountingEncoder):
    def encode(self, windows: Sequence[Sequence[int]]) -> np.ndarray:
        time.sleep(0.3)
        return super().encode(windows)


def _embed_elsewhere(directory: Path) -> None:
    embed(TEXTS, SlowEncoder(), directory)


def test_two_processes_do_not_tear_each_other(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=_embed_elsewhere, args=(tmp_path,)) for _ in range(3)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    encoder = CountingEncoder()
    assert embed(TEXTS, encoder, tmp_path).rows.tolist() == ROWS
    assert encoder.encoded == 0
