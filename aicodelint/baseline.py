"""A baseline: the findings that were there when aicodelint came, so that only new ones count.

An entry is a path and a hash of the text that looks AI-generated, without blanks; line numbers do not enter. The rule stands beside it to be
read alone: which family is named may waver with an edit, and that makes no new finding. It also holds a sketch of the text's lines, so that it
survives an edit that leaves most of them as they are, and a hash of the whole file's text: which of its lines look AI-generated wavers with the
windows that they stand in, and blanks alone move those. An entry whose file is gone is good for a file with that text elsewhere: a renamed
one. Each entry is good for one finding.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from aicodelint.atomic_file import write_text
from aicodelint.errors import ConfigError
from aicodelint.model import Model

DEFAULT_FILE = ".aicodelint-baseline.json"
FORMAT_VERSION = 1
MAX_BYTES = 1 << 28
SKETCH = 32
SAME_FILE = 0.5
RENAMED_FILE = 0.75
"""Which part of the distinct lines of the AI-generated text two findings must share, in one file and in a renamed one."""
_DIGITS = 8


class Ledger(Protocol):
    """What policy asks of a baseline."""

    def holds(self, code: str, path: str, lines: Sequence[str], file: Sequence[str]) -> bool:
        """Whether a finding of ``code`` in ``path`` (as reports show it), over ``lines`` of those of ``file``, is known and need not be reported."""
        ...

    def visit(self, path: str) -> None:
        """Take note that ``path`` (as reports show it) was judged."""
        ...

    def gone(self) -> list[Entry]:
        """Return the entries that no finding came for although their file was judged, or is no longer there."""
        ...


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One accepted finding. ``path`` is relative to the baseline's directory; ``sketch`` holds the least hashes of the text's lines, in order,
    and ``file`` is the hash of the whole file's text (empty in a baseline of an earlier version).
    """

    path: str
    code: str
    content: str
    sketch: tuple[str, ...] = field(default=(), compare=False)
    file: str = field(default="", compare=False)


class Recorder:
    """A ledger that knows nothing and remembers everything: the making of a baseline in ``directory``, from a scan started in ``start``."""

    def __init__(self, directory: Path, start: Path) -> None:
        self._directory = directory
        self._start = start
        self.entries: list[Entry] = []

    def holds(self, code: str, path: str, lines: Sequence[str], file: Sequence[str]) -> bool:
        """Remember the finding; report it."""
        self.entries.append(_entry(_relative(path, self._start, self._directory), code, lines, file))
        return False

    def visit(self, path: str) -> None:
        """Nothing to note: there are no entries that could be gone."""

    def gone(self) -> list[Entry]:
        """Return nothing."""
        return []


class Baseline:
    """The entries of a baseline file, each good for one finding. ``start`` is where the scan was started (absolute)."""

    def __init__(self, file: Path, model_name: str, model_fingerprint: str, entries: Iterable[Entry], start: Path) -> None:
        self.file = file
        self.model_name = model_name
        self.model_fingerprint = model_fingerprint
        self.entries = sorted(entries)
        self.found: list[Entry] = []
        self.fresh: list[Entry] = []
        self._start = start
        self._left: dict[str, list[Entry]] = {}
        for entry in self.entries:
            self._left.setdefault(entry.path, []).append(entry)
        self._homeless: list[Entry] | None = None
        self._visited: set[str] = set()

    @classmethod
    def read(cls, file: Path, start: Path) -> Baseline:
        """Read ``file``; raise ``ConfigError`` for what is no baseline."""
        document = _document(file)
        try:
            if document["format_version"] != FORMAT_VERSION:
                raise ConfigError(f"{file}: a baseline of another format ({str(document['format_version'])[:20]}): create it anew")
            model = document["model"]
            entries = [_checked(item) for item in document["findings"]]
            return cls(file, _text(model["name"]), _text(model["fingerprint"]), entries, start)
        except (KeyError, TypeError, ValueError):
            raise ConfigError(f"{file}: not a baseline of aicodelint") from None

    def check_model(self, model: Model) -> None:
        """Raise ``ConfigError`` if the baseline was made with another model: its findings are not those that this one makes."""
        if self.model_fingerprint != model.fingerprint:
            raise ConfigError(
                f"{self.file}: made with the model {self.model_name} ({self.model_fingerprint}), not {model.name} ({model.fingerprint}): "
                "run 'aicodelint baseline update --baseline-any-model', or scan with --baseline-any-model"
            )

    def holds(self, code: str, path: str, lines: Sequence[str], file: Sequence[str]) -> bool:
        """Whether an entry is good for this finding; that entry is then used up."""
        wanted = _entry(_relative(path, self._start, self.file.parent), code, lines, file)
        entry = self._in_same_file(wanted) or self._in_file_that_is_gone(wanted)
        if entry is None:
            self.fresh.append(wanted)
            return False
        self._left[entry.path].remove(entry)
        self.found.append(wanted)
        return True

    def visit(self, path: str) -> None:
        """Take note that ``path`` (as reports show it) was judged."""
        self._visited.add(_relative(path, self._start, self.file.parent))

    def gone(self) -> list[Entry]:
        """Return the entries that no finding came for although their file was judged, or is no longer there."""
        left = (entry for entries in self._left.values() for entry in entries)
        return sorted(entry for entry in left if entry.path in self._visited or self._is_gone(entry))

    def unseen(self) -> list[Entry]:
        """Return the entries that this scan can say nothing of: their file was not judged."""
        gone = set(self.gone())
        return sorted(entry for entries in self._left.values() for entry in entries if entry not in gone)

    def _in_same_file(self, wanted: Entry) -> Entry | None:
        return _nearest(wanted, self._left.get(wanted.path, ()), SAME_FILE)

    def _in_file_that_is_gone(self, wanted: Entry) -> Entry | None:
        if self._homeless is None:
            self._homeless = [entry for entry in self.entries if self._is_gone(entry)]
        return _nearest(wanted, [entry for entry in self._homeless if entry in self._left[entry.path]], RENAMED_FILE)

    def _is_gone(self, entry: Entry) -> bool:
        return not os.path.lexists(self.file.parent / entry.path)


def write(file: Path, model: Model, entries: Iterable[Entry]) -> None:
    """Write a baseline: sorted, one entry a line, the same bytes for the same entries."""
    head = {"format_version": FORMAT_VERSION, "model": {"name": model.name, "fingerprint": model.fingerprint}}
    lines = (_line(entry) for entry in sorted(entries))
    text = f'{json.dumps(head)[:-1]}, "findings": [\n' + ",\n".join(lines) + "\n]}\n"
    try:
        write_text(file, text)
    except OSError as error:
        raise ConfigError(f"cannot write the baseline {file}: {error.strerror or error}") from None


def _line(entry: Entry) -> str:
    return json.dumps({"path": entry.path, "code": entry.code, "content": entry.content, "sketch": "".join(entry.sketch), "file": entry.file})


def _entry(path: str, code: str, lines: Sequence[str], file: Sequence[str]) -> Entry:
    stripped = _stripped(lines)
    return Entry(path, code, _hash(stripped), _sketch(stripped), _hash(_stripped(file)))


def _stripped(lines: Sequence[str]) -> list[str]:
    return [text for line in lines if (text := "".join(line.split()))]


def _hash(stripped: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(stripped).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _sketch(stripped: Sequence[str]) -> tuple[str, ...]:
    hashes = {hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS] for text in stripped}
    return tuple(sorted(hashes)[:SKETCH])


def _nearest(wanted: Entry, candidates: Sequence[Entry], least: float) -> Entry | None:
    best, likeness = None, least
    for entry in candidates:
        if wanted.content == entry.content or wanted.file == entry.file:
            return entry
        if (found := similarity(entry.sketch, wanted.sketch)) >= likeness:
            best, likeness = entry, found
    return best


def similarity(first: Sequence[str], second: Sequence[str]) -> float:
    """Estimate from two sketches which part of the distinct lines of both texts they share."""
    if not first or not second:
        return 0.0
    least = sorted({*first, *second})[:SKETCH]
    return len(set(least) & set(first) & set(second)) / len(least)


def _relative(path: str, start: Path, directory: Path) -> str:
    return os.path.relpath(start / path, directory).replace(os.sep, "/")


def _document(file: Path) -> Any:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read the baseline {file}: {getattr(error, 'strerror', None) or error}") from None
    try:
        if len(data) > MAX_BYTES:
            raise ValueError
        return json.loads(data)
    except (ValueError, RecursionError):
        raise ConfigError(f"{file}: not a baseline of aicodelint") from None


def _checked(item: Any) -> Entry:
    sketch = _text(item["sketch"])
    pieces = tuple(sketch[start : start + _DIGITS] for start in range(0, len(sketch), _DIGITS))
    return Entry(_text(item["path"]), _text(item["code"]), _text(item["content"]), pieces[:SKETCH], _text(item.get("file", "")))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
