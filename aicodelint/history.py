"""How much of a repository looked AI-generated, month by month: the files as they stood at each month's last commit. It knows files;
people come in only where ``by_author`` is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from aicodelint.discovery import skip
from aicodelint.discovery.examine import Examiner
from aicodelint.discovery.git import NO_ATTRIBUTES, Repository
from aicodelint.discovery.ignore import Excludes
from aicodelint.discovery.options import DiscoveryOptions
from aicodelint.errors import UsageError
from aicodelint.finding import SourceFile, Status
from aicodelint.history_authors import UNKNOWN, AuthorShare, makers, shares
from aicodelint.scanning import Policies, judge_files

if TYPE_CHECKING:
    from aicodelint.engine.base import Engine

REGULAR = (b"100644", b"100755")


@dataclass(frozen=True, slots=True)
class Month:
    """What was judged at the last commit of a month (UTC). ``lines`` are not blank; undetermined files count as judged, not as AI."""

    month: str
    commit: str
    files: int
    ai_files: int
    lines: int
    ai_lines: int

    @property
    def share(self) -> float:
        """The share of lines in files that look AI-generated."""
        return round(self.ai_lines / self.lines, 4) if self.lines else 0.0


@dataclass(frozen=True, slots=True)
class _Judged:
    is_ai: bool
    lines: int


class History:
    """Judges each version of a file once, however many months it stood."""

    def __init__(
        self, repository: Repository, options: DiscoveryOptions, engine: Engine, policies: Policies, step: Callable[[], None] = lambda: None
    ) -> None:
        """``step`` is called for every version of a file that was judged."""
        self._repository = repository
        self._options = options
        self._engine = engine
        self._policies = policies
        self._step = step
        self._excludes = Excludes(options)
        self._examiner = Examiner(options)
        self._judged: dict[tuple[str, str], _Judged | None] = {}

    def months(self, since: str | None) -> Iterator[Month]:
        """Yield the months that have a commit on the first-parent line of HEAD, the oldest first; raise ``GitError``."""
        for month, commit in last_commits(self._repository, since):
            yield self._month(month, commit)

    def by_author(self, months: Sequence[Month]) -> Iterator[tuple[AuthorShare, ...]]:
        """Yield for each of ``months``, which this object gave, who made the versions that stood then; raise ``UsageError`` in a shallow clone."""
        standing = [
            [(entry[0], judged) for entry in self._entries(month.commit) if (judged := self._judged.get(entry)) is not None] for month in months
        ]
        authors = makers(self._repository, {object_id for files in standing for object_id, _ in files})
        for files in standing:
            yield shares((authors.get(object_id, UNKNOWN), judged.lines, judged.is_ai) for object_id, judged in files)

    def _entries(self, commit: str) -> list[tuple[str, str]]:
        return [(object_id, path) for object_id, path in _tree(self._repository, commit) if self._is_wanted(path)]

    def _month(self, month: str, commit: str) -> Month:
        entries = self._entries(commit)
        missing = [entry for entry in entries if entry not in self._judged]
        self._judge(missing)
        found = [judged for entry in entries if (judged := self._judged[entry]) is not None]
        accused = [judged for judged in found if judged.is_ai]
        return Month(month, commit, len(found), len(accused), sum(each.lines for each in found), sum(each.lines for each in accused))

    def _judge(self, entries: list[tuple[str, str]]) -> None:
        sizes: list[int] = []

        def sources() -> Iterator[SourceFile]:
            with self._repository.blobs() as blobs:
                for object_id, path in entries:
                    known = self._examiner.by_name(path, NO_ATTRIBUTES)
                    source = known or self._source(blobs.read(object_id, self._examiner.limit(path)), path)
                    sizes.append(0 if source.text is None else sum(1 for line in source.text.split("\n") if line.strip()))
                    yield source

        for number, result in enumerate(judge_files(sources(), self._engine, self._policies)):
            judged = None if result.status is Status.SKIPPED else _Judged(result.status is Status.AI, sizes[number])
            self._judged[entries[number]] = judged
            self._step()

    def _source(self, data: bytes | None, path: str) -> SourceFile:
        if data is None:
            return SourceFile(path, reason=skip.UNREADABLE)
        if len(data) > self._examiner.limit(path):
            return SourceFile(path, reason=skip.TOO_BIG)
        return self._examiner.by_content(path, data)

    def _is_wanted(self, path: str) -> bool:
        full = os.path.normpath(Path(self._repository.root, path))
        return not skip.is_vendored(path) and not self._excludes.match(full)


def last_commits(repository: Repository, since: str | None) -> list[tuple[str, str]]:
    """Return ``(YYYY-MM, commit)`` for each month since ``since`` (a date as git reads it; None: from the first) with its last commit.

    Raises ``UsageError`` where git reads no date in ``since``.
    """
    if since is not None and not repository.reads_date(since):
        raise UsageError(f"git reads no date in {since[:60]!a}")
    if not repository.has_commits():
        return []
    wanted = [f"--since={since}"] if since else []
    output = repository.run("log", "--first-parent", "--no-show-signature", "--format=%ct %H", *wanted, "HEAD", "--").decode()
    last: dict[str, str] = {}
    for line in output.splitlines():
        seconds, commit = line.split()
        month = datetime.fromtimestamp(int(seconds), tz=timezone.utc).strftime("%Y-%m")
        last.setdefault(month, commit)
    return sorted(last.items())


def _tree(repository: Repository, commit: str) -> Iterator[tuple[str, str]]:
    """Yield the object and the path of every regular file of a commit."""
    for record in repository.run("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"):
        head, _, path = record.partition(b"\t")
        if head.startswith(REGULAR):
            yield head.split()[2].decode(), os.fsdecode(path)
