"""Writing a table of rows batch by batch: parquet, CSV or JSON lines by the name of the file, complete or not there at all."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol

from aicodelint.atomic_file import AtomicFile
from aicodelint.errors import UsageError

WRITABLE_SUFFIXES = (".parquet", ".csv", ".jsonl", ".ndjson")


class _Sink(Protocol):
    def write(self, rows: Sequence[Mapping[str, Any]]) -> None: ...
    def close(self) -> None: ...


class TableWriter:
    """Writes to ``path`` by way of a file beside it, which takes the place of ``path`` when the ``with`` block ends without an error.

    ``columns`` maps each column to its type, ``str``, ``int`` or ``float``, and gives their order. What cannot be written is a ``UsageError``.
    """

    def __init__(self, path: Path, columns: Mapping[str, type]) -> None:
        if path.suffix.lower() not in WRITABLE_SUFFIXES:
            raise UsageError(f"cannot write {path}: its name must end in {', '.join(WRITABLE_SUFFIXES)}")
        self._path = path
        self._file = AtomicFile(path)
        self._columns = dict(columns)
        self._sink: _Sink | None = None

    def __enter__(self) -> TableWriter:
        kinds: dict[str, type[_CsvSink] | type[_JsonSink] | type[_ParquetSink]] = {
            ".parquet": _ParquetSink,
            ".csv": _CsvSink,
            ".jsonl": _JsonSink,
            ".ndjson": _JsonSink,
        }
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._sink = kinds[self._path.suffix.lower()](self._file.part, self._columns)
        except OSError as error:
            self._file.discard()
            raise self._refused(error) from None
        return self

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append ``rows``; each has every column, and a column without a value has None."""
        if self._sink is None:
            raise ValueError("a TableWriter writes inside its with block only")
        try:
            self._sink.write(rows)
        except OSError as error:
            raise self._refused(error) from None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if self._sink is not None:
                self._sink.close()
            if kind is None:
                self._file.commit()
        except OSError as failure:
            if kind is None:
                raise self._refused(failure) from None
        finally:
            self._sink = None
            self._file.discard()

    def _refused(self, error: OSError) -> UsageError:
        return UsageError(f"cannot write {self._path}: {error.strerror or error}")


class _CsvSink:
    def __init__(self, path: Path, columns: Mapping[str, type]) -> None:
        self._file: IO[str] = path.open("x", encoding="utf-8", newline="")
        self._writer = csv.DictWriter(self._file, list(columns), lineterminator="\n")
        self._writer.writeheader()

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._writer.writerows(rows)

    def close(self) -> None:
        self._file.close()


class _JsonSink:
    def __init__(self, path: Path, columns: Mapping[str, type]) -> None:
        self._file: IO[str] = path.open("x", encoding="utf-8")
        self._columns = list(columns)

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            self._file.write(json.dumps({name: row[name] for name in self._columns}, ensure_ascii=False) + "\n")

    def close(self) -> None:
        self._file.close()


class _ParquetSink:
    def __init__(self, path: Path, columns: Mapping[str, type]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        kinds: dict[type, Any] = {str: pa.string(), int: pa.int64(), float: pa.float64()}
        self._schema = pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
        self._batch = pa.RecordBatch
        self._file: IO[bytes] = path.open("xb")
        self._writer = pq.ParquetWriter(self._file, self._schema, compression="zstd")

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._writer.write_batch(self._batch.from_pylist([dict(row) for row in rows], schema=self._schema))

    def close(self) -> None:
        with self._file:
            self._writer.close()
