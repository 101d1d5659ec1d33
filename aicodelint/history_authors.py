"""Who made each version of a file, for ``aicodelint history --by-author`` alone: who changed a file last, not who wrote its lines."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from aicodelint.discovery.git import Repository
from aicodelint.errors import UsageError

UNKNOWN = "(unknown)"
_LOG = ("log", "--raw", "-r", "--root", "-c", "--no-abbrev", "--no-renames", "--no-show-signature", "--format=format:%x01%aN")


@dataclass(frozen=True, slots=True)
class AuthorShare:
    """What stood at the end of a month of one author's versions; ``lines`` are not blank."""

    author: str
    files: int
    ai_files: int
    lines: int
    ai_lines: int

    @property
    def share(self) -> float:
        """The share of lines in files that look AI-generated."""
        return round(self.ai_lines / self.lines, 4) if self.lines else 0.0


def makers(repository: Repository, wanted: Collection[str]) -> dict[str, str]:
    """Return the author of the earliest commit of HEAD's history with each of the blobs ``wanted``; names are as ``.mailmap`` says.

    Raises ``UsageError`` in a shallow clone, where git would name the author of the oldest commit that is left.
    """
    if repository.is_shallow():
        raise UsageError("this clone is shallow, so git cannot tell who changed a file: run 'git fetch --unshallow' before --by-author")
    found: dict[str, str] = {}
    author = UNKNOWN
    for line in repository.lines(*_LOG, "HEAD", "--"):
        if line.startswith(b"\x01"):
            author = line[1:].decode("utf-8", "replace").strip() or UNKNOWN
        elif line.startswith(b":"):
            # A merge has a colon for each parent, and then as many modes and objects as there are parents, and one more of each.
            parents = len(line) - len(line.lstrip(b":"))
            made = line.split(b"\t", 1)[0].split()[2 * parents + 1].decode()
            if made in wanted:
                found[made] = author
    return found


def shares(files: Iterable[tuple[str, int, bool]]) -> tuple[AuthorShare, ...]:
    """Count files, each an author, its lines and whether it looks AI-generated; the author of most such lines comes first."""
    counted: dict[str, list[int]] = {}
    for author, lines, is_ai in files:
        row = counted.setdefault(author, [0, 0, 0, 0])
        for column, more in enumerate((1, is_ai, lines, lines * is_ai)):
            row[column] += more
    made = (AuthorShare(author, *row) for author, row in counted.items())
    return tuple(sorted(made, key=lambda share: (-share.ai_lines, -share.lines, share.author)))
