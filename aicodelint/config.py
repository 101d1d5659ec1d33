"""What ``[tool.aicodelint]`` may say: one table, checked key by key.

A configuration file may come from a hostile repository. Whatever it holds, reading it ends in a ``Config`` or in one ``ConfigError`` line
that names the file and the key.
"""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from aicodelint.errors import ConfigError

MAX_BYTES = 1 << 20
MAX_ENTRIES = 10_000
MAX_STRING = 4096
_UNITS = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}
SIZE_LIMIT = 1 << 40


@dataclass(frozen=True, slots=True)
class Globs:
    """gitignore-style patterns and the absolute directory they are relative to."""

    root: Path
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Config:
    """One configuration file, or the command line seen as one. None means: not said. ``source`` is the file; ``model`` a path."""

    source: Path | None = None
    threshold: float | None = None
    family_threshold: float | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    per_file_ignores: tuple[tuple[Globs, tuple[str, ...]], ...] | None = None
    exclude: Globs | None = None
    extend_exclude: Globs | None = None
    force_exclude: bool | None = None
    max_file_size: int | None = None
    engine: str | None = None
    device: str | None = None
    jobs: int | None = None
    model: Path | None = None
    baseline: Path | None = None
    require_reason: bool | None = None
    daemon: bool | None = None
    cache: bool | None = None

    def over(self, other: Config) -> Config:
        """Return ``other`` with everything replaced that this one says."""
        said = {field.name: getattr(self, field.name) for field in fields(self) if getattr(self, field.name) is not None}
        return replace(other, **said)


def read_table(path: Path, *, required: bool) -> Mapping[str, Any] | None:
    """Return the table of aicodelint in ``path``: ``[tool.aicodelint]`` of a ``pyproject.toml``, the whole of any other TOML file.

    A ``pyproject.toml`` without that table gives None, as does a missing file, unless ``required``. One that nowhere holds the word
    ``aicodelint`` is not even parsed, so the broken ones among a repository's test data stop nothing. Raises ``ConfigError``.
    """
    data = _read_bytes(path)
    shared = path.name == "pyproject.toml"
    if data is None or (shared and b"aicodelint" not in data):
        if required:
            raise ConfigError(f"{path}: no [tool.aicodelint] table" if data is not None else f"cannot read the configuration file {path}")
        return None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES} bytes")
    document = _parse(path, data)
    if not shared:
        return document
    tool = document.get("tool")
    table = tool.get("aicodelint") if isinstance(tool, dict) else None
    if table is None:
        if required:
            raise ConfigError(f"{path}: no [tool.aicodelint] table")
        return None
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: tool.aicodelint is not a table")
    return table


def config_from_table(table: Mapping[str, Any], path: Path, root: Path) -> Config:
    """Check ``table``, read from ``path``, key by key; raise ``ConfigError`` for an unknown key or an impossible value.

    File patterns and a relative ``model`` are taken relative to ``root``.
    """
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _READERS:
            raise ConfigError(f"{path}: unknown key {_shown(key)}{did_you_mean(key, _READERS)}")
        try:
            values[key.replace("-", "_")] = _READERS[key](value, root)
        except ValueError as error:
            raise ConfigError(f"{path}: {key}: {error}") from None
    return Config(source=path, **values)


def did_you_mean(word: str, known: Mapping[str, Any] | tuple[str, ...] | list[str]) -> str:
    """Return `` (did you mean "…"?)`` for the known word nearest to ``word``, or the empty string."""
    if len(word) > 64:
        return ""
    import difflib

    near = difflib.get_close_matches(word.lower(), [name.lower() for name in known], n=1)
    found = next((name for name in known if near and name.lower() == near[0]), None)
    return f' (did you mean "{found}"?)' if found else ""


def file_size(value: object) -> int:
    """Return a size in bytes from a whole number or a text such as ``"500 kB"`` or ``"2MiB"``; raise ``ValueError``."""
    number: float = -1
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and len(value) <= 32:
        digits = value.strip().rstrip("bBkKmMgGiI ")
        unit = value.strip()[len(digits) :].strip().lower()
        if digits.isascii() and digits.isdigit() and unit in _UNITS:
            number = int(digits) * _UNITS[unit]
    if not 0 < number <= SIZE_LIMIT:
        raise ValueError(f'{_shown(value)} is not a size such as 1000000 or "2MB"')
    return int(number)


def probability(value: object) -> float:
    """Return a probability between 0 and 1; raise ``ValueError``."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ValueError(f"{_shown(value)} is not a number from 0 to 1")
    return float(value)


def _jobs(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1024:
        raise ValueError(f"{_shown(value)} is not a whole number from 1 to 1024")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{_shown(value)} is neither true nor false")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value or len(value) > MAX_STRING or "\0" in value:
        raise ValueError(f"{_shown(value)} is not a text of 1 to {MAX_STRING} characters")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MAX_ENTRIES:
        raise ValueError(f"{_shown(value)} is not a list of at most {MAX_ENTRIES} texts")
    return tuple(_text(item) for item in value)


def _globs(value: object, root: Path) -> Globs:
    return Globs(root, _texts(value))


def _codes_by_globs(value: object, root: Path) -> tuple[tuple[Globs, tuple[str, ...]], ...]:
    if not isinstance(value, dict) or len(value) > MAX_ENTRIES:
        raise ValueError(f"{_shown(value)} is not a table from file patterns to lists of codes")
    return tuple((Globs(root, (_text(glob),)), _texts(codes)) for glob, codes in value.items())


_READERS: dict[str, Callable[[object, Path], Any]] = {
    "threshold": lambda value, root: probability(value),
    "family-threshold": lambda value, root: probability(value),
    "select": lambda value, root: _texts(value),
    "ignore": lambda value, root: _texts(value),
    "per-file-ignores": _codes_by_globs,
    "exclude": _globs,
    "extend-exclude": _globs,
    "force-exclude": lambda value, root: _flag(value),
    "max-file-size": lambda value, root: file_size(value),
    "engine": lambda value, root: _text(value),
    "device": lambda value, root: _text(value),
    "jobs": lambda value, root: _jobs(value),
    "model": lambda value, root: root / _text(value),
    "baseline": lambda value, root: root / _text(value),
    "require-reason": lambda value, root: _flag(value),
    "daemon": lambda value, root: _flag(value),
    "cache": lambda value, root: _flag(value),
}


def _shown(value: object) -> str:
    """A value as an error line shows it: short, and without control characters."""
    if isinstance(value, str):
        return ascii(value) if len(value) <= 40 else ascii(value[:40]) + "..."
    if isinstance(value, (bool, int, float)):
        return str(value).lower() if not isinstance(value, int) or isinstance(value, bool) or abs(value) < 10**18 else "this number"
    return f"a {type(value).__name__}"


def _read_bytes(path: Path) -> bytes | None:
    """At most ``MAX_BYTES`` + 1 bytes of a regular file; None where there is none."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return None
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read the configuration file {path}: {getattr(error, 'strerror', None) or error}") from None


def _parse(path: Path, data: bytes) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8") from None
    except (ValueError, RecursionError) as error:
        problem = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
        raise ConfigError(f"{path}: not valid TOML: {problem}") from None
