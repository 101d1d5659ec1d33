"""The source files of one archive, read member by member in memory: nothing is ever written under a name that an archive chose."""

from __future__ import annotations

import posixpath
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

from aicodelint.detection.body import prepare
from aicodelint.discovery import skip
from aicodelint.discovery.examine import Examiner
from aicodelint.discovery.git import NO_ATTRIBUTES
from aicodelint.discovery.options import DiscoveryOptions
from aicodelint.errors import AicodelintError

MAX_MEMBER_BYTES = 300_000
MAX_MEMBERS = 400_000
MAX_ARCHIVE_BYTES = 4 << 30
"""Of all members together, unpacked: an archive that holds more is a bomb or no package."""
NEWEST = datetime(2021, 7, 1, tzinfo=timezone.utc)
"""Code from before this day was written by people. npm packs every file with one invented date (1985): there the pinned version must do."""
_NOT_WRITTEN = frozenset({"testdata", "test-data", "fixtures", "__fixtures__", "corpus", "dist", "cjs", "esm", "umd", "es", "es5", "bundles"})
"""Folders of odd code that parsers are tested with, and of what compilers and bundlers made."""


class ArchiveError(AicodelintError):
    """An archive is damaged, too large, of an unknown kind, or younger than it may be."""


@dataclass(frozen=True, slots=True)
class Document:
    """One source file as the encoder will read it: without licence header, line ends as ``\\n``."""

    path: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class _Member:
    path: str
    size: int
    modified: datetime
    data: IO[bytes] | None


def documents(archive: Path, skipped: tuple[str, ...] = (), newest: datetime | None = NEWEST) -> Iterator[Document]:
    """Yield the source files of an archive that a scan would judge, in its order; raise ``ArchiveError``.

    Left out: what no scan would judge (other people's, generated, minified, binary or empty files, unknown languages), links and devices,
    names that lead out of the archive, files over 300 kB, what lies at or below a path of ``skipped``. An archive with a file of ``newest`` or
    later is refused whole.
    """
    examiner = Examiner(DiscoveryOptions(max_bytes=MAX_MEMBER_BYTES))
    members = total = 0
    for member in _members(archive):
        members += 1
        total += member.size
        if members > MAX_MEMBERS or total > MAX_ARCHIVE_BYTES:
            raise ArchiveError(f"{archive.name} holds more than {MAX_MEMBERS:,} files or {MAX_ARCHIVE_BYTES >> 30} GB")
        path = _safe_path(member.path)
        if path is None or member.data is None or member.size > MAX_MEMBER_BYTES:
            continue
        if any(path == top or path.startswith(f"{top}/") for top in skipped):
            continue
        if skip.is_vendored(path) or examiner.by_name(path, NO_ATTRIBUTES) is not None:
            continue
        if newest is not None and member.modified >= newest:
            raise ArchiveError(f"{archive.name} is too young: {path} is of {member.modified:%Y-%m-%d}")
        document = _document(examiner, path, member.data.read(MAX_MEMBER_BYTES))
        if document is not None:
            yield document


def _document(examiner: Examiner, path: str, data: bytes) -> Document | None:
    source = examiner.by_content(path, data)
    if source.text is None or source.language is None:
        return None
    text = prepare(source.text, source.language)
    return None if skip.too_little(text) else Document(path, source.language, text)


def _safe_path(name: str) -> str | None:
    """Return the member's path below the archive's top folder, or None for a name that leads elsewhere or is no text."""
    if "\\" in name or "\0" in name or name.startswith("/") or ".." in name.split("/"):
        return None
    inside = posixpath.normpath(name).split("/", 1)[-1]
    return None if any(part in _NOT_WRITTEN for part in inside.lower().split("/")[:-1]) else inside


def _members(archive: Path) -> Iterator[_Member]:
    try:
        if archive.suffix in {".whl", ".zip"}:
            yield from _zip_members(archive)
        elif archive.name.endswith((".tgz", ".tar.gz", ".tar.xz", ".tar.bz2")):
            yield from _tar_members(archive)
        else:
            raise ArchiveError(f"{archive.name} is no kind of archive that can be read")
    except (OSError, EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError) as error:
        raise ArchiveError(f"{archive.name} cannot be read: {type(error).__name__}") from None
    except Exception as error:  # lzma.LZMAError derives from Exception alone, and lzma may be missing
        if type(error).__name__ != "LZMAError":
            raise
        raise ArchiveError(f"{archive.name} cannot be read: LZMAError") from None


def _tar_members(archive: Path) -> Iterator[_Member]:
    with tarfile.open(archive, "r|*") as tar:
        for entry in tar:
            modified = _moment(entry.mtime)
            yield _Member(entry.name, entry.size, modified, tar.extractfile(entry) if entry.isreg() else None)
            tar.members = []  # type: ignore[attr-defined]  # a stream is read once: what went by need not be kept


def _zip_members(archive: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as container:
        for entry in container.infolist():
            # A wheel has no folder around it: one is put there, so that every archive looks alike.
            name = f"wheel/{entry.filename}"
            modified = _zip_moment(entry.date_time)
            link = (entry.external_attr >> 16) & 0o170000 not in {0, 0o100000}
            if entry.is_dir() or link or entry.file_size > MAX_MEMBER_BYTES:
                yield _Member(name, entry.file_size, modified, None)
            else:
                with container.open(entry) as data:
                    yield _Member(name, entry.file_size, modified, data)


def _moment(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, timezone.utc)
    except (OverflowError, OSError, ValueError):
        return datetime.fromtimestamp(0, timezone.utc)


def _zip_moment(date: tuple[int, int, int, int, int, int]) -> datetime:
    try:
        return datetime(*date, tzinfo=timezone.utc)
    except ValueError:
        return datetime.fromtimestamp(0, timezone.utc)
