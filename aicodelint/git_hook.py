"""The plain git hook: a marked block in a repository's ``pre-commit`` hook that judges what is about to be committed.

An existing hook stays and runs as before: the block goes in under its first line, where ``$0`` and the rest of the script mean what they meant.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aicodelint.atomic_file import write_text
from aicodelint.errors import GitError, UsageError

if TYPE_CHECKING:
    from aicodelint.discovery.git import Repository

NAME = "pre-commit"
BEGIN = "# >>> aicodelint: judges what is about to be committed; 'aicodelint hook uninstall' removes this >>>"
END = "# <<< aicodelint <<<"
SHEBANG = "#!/bin/sh"
MAX_BYTES = 1 << 20
_SHELL = re.compile(r"#!\s*/(?:\S{1,200}/)?(?:env\s+(?:-S\s+)?)?(?:ba|da|k|z|a)?sh(?:\s|$)")
_BLOCK = re.compile(re.escape(BEGIN) + r"\n.*?" + re.escape(END) + r"\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class HookPlace:
    """Where a repository's hooks lie; ``shared`` when a user- or system-wide core.hooksPath makes them those of other repositories, too."""

    directory: Path
    shared: bool

    @property
    def file(self) -> Path:
        """The ``pre-commit`` hook."""
        return self.directory / NAME


def hook_place(repository: Repository) -> HookPlace:
    """Ask git where the hooks of ``repository`` lie; heeds ``core.hooksPath``, worktrees and submodules."""
    said = os.fsdecode(repository.run("rev-parse", "--git-path", "hooks")).removesuffix("\n")
    try:
        scope = repository.run("config", "--show-scope", "--get", "core.hooksPath").split(b"\t")[0]
    except GitError:
        scope = b""
    return HookPlace(Path(repository.root, said), scope in (b"global", b"system"))


def hook_script(arguments: Sequence[str] = (), command: Path | None = None) -> str:
    """Return a whole hook; ``arguments`` go to ``aicodelint scan``, ``command`` is the executable (None: the one on PATH)."""
    return f"{SHEBANG}\n{_block(arguments, command)}"


def install(place: HookPlace, arguments: Sequence[str], command: Path | None, *, shared: bool = False) -> None:
    """Write the hook, or our block of it anew; raise ``UsageError`` where that would harm a hook that is there already."""
    if place.shared and not shared:
        raise UsageError(f"the hooks in {place.directory} are those of other repositories, too (core.hooksPath): give --shared to install there")
    existing = _read(place.file)
    if existing is None:
        _write(place.file, hook_script(arguments, command), 0o755)
        return
    text = _BLOCK.sub("", existing)
    first, newline, rest = text.partition("\n")
    if not _SHELL.match(first):
        raise UsageError(f"{place.file} is not a shell script: call 'aicodelint scan --staged' from it yourself")
    _write(place.file, f"{first}{newline or chr(10)}{_block(arguments, command)}{rest}", stat.S_IMODE(place.file.stat().st_mode) | 0o100)


def uninstall(place: HookPlace) -> bool:
    """Take our block out, and the hook away if nothing else is in it. Return whether there was one."""
    existing = _read(place.file)
    if existing is None or not _BLOCK.search(existing):
        return False
    rest = _BLOCK.sub("", existing)
    if rest.strip() in ("", SHEBANG):
        place.file.unlink()
    else:
        _write(place.file, rest, stat.S_IMODE(place.file.stat().st_mode))
    return True


def this_command() -> Path | None:
    """Return the absolute path of the installed ``aicodelint`` that runs now, or None. Never ``python -m``: that would import from the repository."""
    beside = Path(sys.executable).with_name("aicodelint")
    started = Path(sys.argv[0])
    for candidate in (started if started.name == "aicodelint" else beside, beside):
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return Path(os.path.abspath(candidate))  # noqa: PTH100 (resolve() would leave the environment through its links)
    return None


def _block(arguments: Sequence[str], command: Path | None) -> str:
    lines = [BEGIN]
    name = "aicodelint"
    if command is not None:
        lines += [f"aicodelint={shlex.quote(os.fspath(command))}", '[ -x "$aicodelint" ] || aicodelint=aicodelint']
        name = '"$aicodelint"'
    scan = shlex.join(["scan", "--staged", "--force-exclude", *arguments])
    lines += [
        f"{name} {scan} || {{",
        "    status=$?",
        "    echo \"aicodelint stopped this commit; 'git commit --no-verify' goes past it\" >&2",
        '    exit "$status"',
        "}",
        END,
    ]
    return "".join(f"{line}\n" for line in lines)


def _read(path: Path) -> str | None:
    """The text of a hook, or None where there is none."""
    if path.is_symlink():
        raise UsageError(f"{path} is a symbolic link: call 'aicodelint scan --staged' from what it points to yourself")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path} is not a shell script: call 'aicodelint scan --staged' from it yourself")
    return data.decode("utf-8", "surrogateescape")


def _write(path: Path, text: str, mode: int) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text, mode=mode, errors="surrogateescape")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None
