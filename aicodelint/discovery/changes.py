"""What changed, as git tells it: what is staged, what differs from a revision, what one revision brings over another."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from aicodelint.discovery.git import Repository, fields, is_revision
from aicodelint.discovery.hunks import Lines, changed_lines
from aicodelint.errors import GitError, UsageError

_DIFF = (
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-relative",
    "--find-renames",
    "--ignore-submodules=dirty",
    "--submodule=short",
    "--diff-filter=ACMRTUXB",
)
_RAW = ("--raw", "-z", "--no-abbrev")
_PATCH = ("--patch", "--unified=0", "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/")
_SYMLINK, _SUBMODULE = "120000", "160000"


@dataclass(frozen=True, slots=True)
class Change:
    """A file that was added or changed. ``path`` is relative to the root of the repository.

    ``object_id`` names the blob to read; None means the file in the work tree. ``lines`` are the changed ones, None meaning all.
    """

    path: str
    mode: str
    status: str
    object_id: str | None
    lines: Lines | None = None

    @property
    def is_symlink(self) -> bool:
        """Whether it is a symbolic link now."""
        return self.mode == _SYMLINK

    @property
    def is_submodule(self) -> bool:
        """Whether it is a submodule now."""
        return self.mode == _SUBMODULE


def staged_changes(repository: Repository, paths: Sequence[str] = ()) -> list[Change]:
    """Return what the next commit brings, ordered by path. ``paths`` (relative to the root) narrow it."""
    return _changes(repository, ["--cached"], paths)


def changes_since(repository: Repository, revisions: str, paths: Sequence[str] = ()) -> list[Change]:
    """Return what changed, ordered by path.

    ``BASE`` compares it with the tracked files of the work tree; ``BASE...HEAD`` compares HEAD with where it left BASE, or with BASE itself
    when that place is unknown (a shallow clone, unrelated histories); ``BASE..HEAD`` compares the two. A side left out means HEAD.
    Raise ``UsageError`` for what can be no revision and ``GitError`` for one that the repository does not have.
    """
    for dots in ("...", ".."):
        left, separator, right = revisions.partition(dots)
        if separator:
            base, head = _resolve(repository, left or "HEAD"), _resolve(repository, right or "HEAD")
            start = _merge_base(repository, base, head) if dots == "..." else base
            return _changes(repository, [start, head], paths)
    return _changes(repository, [_resolve(repository, revisions)], paths)


def _resolve(repository: Repository, revision: str) -> str:
    if not is_revision(revision):
        raise UsageError(f"not a revision: {revision!r}")
    if len(revision) in (40, 64) and not revision.strip("0"):  # what CI systems name the parent of a branch's first push
        return os.fsdecode(repository.run("hash-object", "-t", "tree", "--stdin")).strip()
    try:
        return os.fsdecode(repository.run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")).strip()
    except GitError as error:
        hint = " (this is a shallow clone: fetch more of its history)" if repository.is_shallow() else ""
        raise GitError(f"no such revision: {revision}{hint}") from error


def _merge_base(repository: Repository, base: str, head: str) -> str:
    try:
        return os.fsdecode(repository.run("merge-base", base, head)).strip() or base
    except GitError:
        return base


def _changes(repository: Repository, sides: list[str], paths: Sequence[str]) -> list[Change]:
    arguments = [*_DIFF, *sides, "--", *paths]
    found: dict[str, Change] = {}
    unaltered: set[str] = set()
    for change, same in _parse_raw(repository.run("diff", *_RAW, *arguments, lazy_fetch=True)):
        held = found.get(change.path)
        if held is None or held.status == "U":
            found[change.path] = change
            unaltered |= {change.path} if same else set()
    if not found:
        return []
    lines = changed_lines(repository.lines("diff", *_PATCH, *arguments))
    return [_with_lines(change, () if path in unaltered else lines.get(path)) for path, change in sorted(found.items())]


def _with_lines(change: Change, lines: Lines | None) -> Change:
    return Change(change.path, change.mode, change.status, change.object_id, lines)


def _parse_raw(output: bytes) -> list[tuple[Change, bool]]:
    """Parse ``:MODE MODE ID ID STATUS``, a path, and for renames and copies the new path. True stands by what has the same content as before."""
    found = []
    records = iter(fields(output))
    for record in records:
        _, mode, old, new, status = record.decode("ascii", "replace").split(" ")
        path = next(records, b"")
        if status[0] in "RC":
            path = next(records, b"")
        object_id = None if not new.strip("0") else new
        same = old == new or status[1:] == "100"
        found.append((Change(os.fsdecode(path), mode, status[0], object_id), same and status[0] != "U"))
    return found
