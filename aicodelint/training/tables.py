"""Labelled code as it is read: parquet, CSV, TSV, JSON lines, or a folder per label. Always a row at a time, never a whole table."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

from aicodelint.errors import UsageError

TABLE_SUFFIXES = (".parquet", ".csv", ".tsv", ".jsonl", ".ndjson", ".json")
PARQUET_BATCH_ROWS = 1024
MAX_FIELD_CHARACTERS = 2**31 - 1
_JSON_SUFFIXES = frozenset({".jsonl", ".ndjson", ".json"})
_WHOLE_FLOAT = re.compile(r"([+-]?\d{1,18})\.0*")

CODE_COLUMNS = ("code", "text", "content", "source_code", "snippet")
LABEL_COLUMNS = ("label", "family", "author", "target")
ID_COLUMNS = ("id", "ID", "sample_id", "index", "path")
GROUP_COLUMNS = ("group", "repository", "source")
LANGUAGE_COLUMNS = ("language", "lang")
SOURCE_COLUMNS = ("source", "repository", "project")
DATE_COLUMNS = ("date", "year", "created_at", "timestamp")


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of a table's columns. None: the first of the usual names that the table has, and nothing where it has none of them."""

    code: str | None = None
    label: str | None = None
    id: str | None = None
    group: str | None = None
    language: str | None = None
    source: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One row: ``code`` and what the table says of it. ``id`` is the row's number (from 0) where the table has no id column."""

    id: str
    code: str
    label: str | None = None
    group: str | None = None
    language: str | None = None
    source: str | None = None
    date: str | None = None


def read_samples(paths: Iterable[Path], columns: Columns | None = None, labelled: bool = True) -> Iterator[Sample]:
    """Yield the samples of every file or folder in ``paths``, in a stable order.

    Raise ``UsageError`` for a path that is missing or of an unknown kind, for a table without the columns asked for (a label too, when
    ``labelled``), for a row that cannot be read or has no code (an empty field of a CSV is none), and for text that is not UTF-8.
    """
    columns = columns or Columns()
    number = 0
    for path in paths:
        for sample in _read_path(path, columns, labelled):
            yield sample if sample.id else replace(sample, id=str(number))
            number += 1


def is_read(file: Path, paths: Iterable[Path]) -> bool:
    """Say whether ``file`` is there and among what ``read_samples`` reads of unlabelled ``paths``, under whatever name or link."""
    if not file.exists():
        return False
    read = (entry for path in paths for entry in (_tables_in(path) or _files_below(path, path) if path.is_dir() else (path,)))
    return any(entry.exists() and entry.samefile(file) for entry in read)


def _read_path(path: Path, columns: Columns, labelled: bool) -> Iterator[Sample]:
    if path.is_dir():
        tables = _tables_in(path)
        if tables and labelled:
            _refuse_folders_beside(tables, path)
        for table in tables:
            yield from _read_table(table, columns, labelled)
        if not tables:
            yield from _read_folder(path, labelled)
    elif path.is_file():
        yield from _read_table(path, columns, labelled)
    else:
        raise UsageError(f"no such file or directory: {path}")


def _tables_in(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.suffix.lower() in TABLE_SUFFIXES and entry.is_file())


def _refuse_folders_beside(tables: list[Path], path: Path) -> None:
    """Raise ``UsageError`` where a folder of tables could as well be a folder per label: a stray table must not hide the labels."""
    folders = [folder.name for folder in _folders_in(path) if any(_files_below(folder, path))]
    if len(folders) > 1:
        names = ", ".join(folders[:5]) + (" …" if len(folders) > 5 else "")
        raise UsageError(f"{path} holds tables ({tables[0].name}) as well as folders ({names}): name the tables, or move them out of the folder")


def _read_table(path: Path, columns: Columns, labelled: bool) -> Iterator[Sample]:
    choose: _Chooser | None = None
    for place, row in _rows(path, columns):
        if choose is None or (not choose.fits(row) and path.suffix.lower() in _JSON_SUFFIXES):
            choose = _Chooser.of(path, row.keys(), columns, labelled)
        yield choose.sample(place, row, labelled)


@dataclass(frozen=True, slots=True)
class _Chooser:
    """Picks a sample out of a row by the columns that were found in the first."""

    code: str
    label: str | None
    id: str | None
    group: str | None
    language: str | None
    source: str | None
    date: str | None

    @classmethod
    def of(cls, path: Path, names: Iterable[str], columns: Columns, labelled: bool) -> _Chooser:
        present = list(names)

        def find(kind: str, asked: str | None, usual: tuple[str, ...], needed: bool) -> str | None:
            for name in (asked,) if asked is not None else usual:
                if name in present:
                    return name
            if asked is not None or needed:
                wanted = repr(asked) if asked is not None else f"called {', '.join(usual)}"
                raise UsageError(
                    f"{path} has no {kind} column {wanted}; its columns are {', '.join(map(str, present)) or 'none'} (see --{kind}-column)"
                )
            return None

        return cls(
            code=find("code", columns.code, CODE_COLUMNS, True) or "",
            label=find("label", columns.label, LABEL_COLUMNS, True) if labelled else None,
            id=find("id", columns.id, ID_COLUMNS, False),
            group=find("group", columns.group, GROUP_COLUMNS, False),
            language=find("language", columns.language, LANGUAGE_COLUMNS, False),
            source=find("source", columns.source, SOURCE_COLUMNS, False),
            date=find("date", columns.date, DATE_COLUMNS, False),
        )

    def fits(self, row: Mapping[str, Any]) -> bool:
        return self.code in row and (self.label is None or self.label in row)

    def sample(self, place: str, row: Mapping[str, Any], labelled: bool) -> Sample:
        code = row.get(self.code)
        if not isinstance(code, str):
            raise UsageError(f"{place}: the column {self.code!r} holds no text")
        label = _label(row.get(self.label)) if self.label else None
        if labelled and not label:
            raise UsageError(f"{place}: the column {self.label!r} holds no label")
        return Sample(
            id=_text(row.get(self.id)) or "" if self.id else "",
            code=code,
            label=label,
            group=_text(row.get(self.group)) if self.group else None,
            language=_text(row.get(self.language)) if self.language else None,
            source=_text(row.get(self.source)) if self.source else None,
            date=_text(row.get(self.date)) if self.date else None,
        )


def _text(value: object) -> str | None:
    """Return a cell as text, an integral float (an id column with a gap in pandas) without its ``.0``; None for an empty cell."""
    if value is None or value == "":
        return None
    if isinstance(value, float):
        return None if math.isnan(value) else str(int(value)) if value.is_integer() else str(value)
    return str(value)


def _label(value: object) -> str | None:
    """Return a label without the blanks around it and, of a whole number, without the ``.0`` that pandas writes to a CSV."""
    label = (_text(value) or "").strip()
    whole = _WHOLE_FLOAT.fullmatch(label)
    return (whole[1] if whole else label) or None


def _rows(path: Path, columns: Columns) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each row of a table with the words that name its place in an error."""
    suffix = path.suffix.lower()
    try:
        if suffix == ".parquet":
            yield from _parquet_rows(path, columns)
        elif suffix in {".csv", ".tsv"}:
            yield from _csv_rows(path, "\t" if suffix == ".tsv" else ",")
        elif suffix in _JSON_SUFFIXES:
            yield from _json_rows(path)
        else:
            raise UsageError(f"{path} is no table that can be read: its name must end in {', '.join(TABLE_SUFFIXES)}")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text: save it as UTF-8") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None


def _parquet_rows(path: Path, columns: Columns) -> Iterator[tuple[str, Mapping[str, Any]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    known = {*CODE_COLUMNS, *LABEL_COLUMNS, *ID_COLUMNS, *GROUP_COLUMNS, *LANGUAGE_COLUMNS, *SOURCE_COLUMNS, *DATE_COLUMNS}
    known |= {name for name in astuple(columns) if name}
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            wanted = [name for name in names if name in known] or names
            number = 0
            for batch in file.iter_batches(PARQUET_BATCH_ROWS, columns=wanted):
                for row in batch.to_pylist():
                    yield f"{path}, row {number}", row
                    number += 1
    except pa.ArrowException as error:
        raise UsageError(f"{path} is not a readable parquet file: {error}") from None


def _csv_rows(path: Path, delimiter: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, delimiter=delimiter)
        try:
            for row in reader:
                yield f"{path}, line {reader.line_num}", {name: value or None for name, value in row.items()}
        except csv.Error as error:
            raise UsageError(f"{path}, line {reader.line_num}: {error}") from None


def _json_rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            place = f"{path}, line {number}"
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                raise UsageError(f"{place}: not one JSON object a line") from None
            if not isinstance(row, dict):
                raise UsageError(f"{place}: not a JSON object")
            yield place, row


def _read_folder(path: Path, labelled: bool) -> Iterator[Sample]:
    """Yield ``path/LABEL/…/file`` as samples of LABEL; without labels, every file below ``path``."""
    folders = _folders_in(path)
    if labelled and not folders:
        raise UsageError(f"{path} holds neither tables nor a folder per label")
    for folder in folders if labelled else [path]:
        for file in sorted(_files_below(folder, path)):
            try:
                text = file.read_bytes().decode("utf-8-sig", errors="replace")
            except OSError as error:
                raise UsageError(f"cannot read {file}: {error.strerror}") from None
            yield Sample(file.relative_to(path).as_posix(), text, folder.name if labelled else None)


def _folders_in(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _files_below(folder: Path, root: Path) -> Iterator[Path]:
    return (entry for entry in folder.rglob("*") if entry.is_file() and not _is_hidden(entry, root))


def _is_hidden(file: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(root).parts)
