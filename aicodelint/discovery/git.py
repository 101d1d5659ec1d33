"""Running git: where a repository's work tree is, what is in it, its attributes and its objects."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from aicodelint.errors import GitError

_OPTIONS = ("--no-pager", "--literal-pathspecs", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "core.untrackedCache=false")
_CLOSED = re.compile(rb"^warning: could not open directory '(.+)/?': ", re.MULTILINE)
_FIXED = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "LANGUAGE": ""}
_NOW = frozenset({"now", "today"})
_LOCAL = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_CONFIG",
    "GIT_GRAFT_FILE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_REPLACE_REF_BASE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_EXTERNAL_DIFF",
    "GIT_DIFF_OPTS",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_TRACE",
)


class Attributes(NamedTuple):
    """What ``.gitattributes`` says of a file; None where it says nothing."""

    generated: bool | None = None
    vendored: bool | None = None


NO_ATTRIBUTES = Attributes()


class Listing(NamedTuple):
    """Paths relative to the root: files, and directories that may not be read.

    An untracked repository inside this one is among ``names`` as its directory with a trailing slash.
    """

    names: list[str]
    closed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repository:
    """A work tree with its git directory, and the environment that makes git look at these two and no others."""

    root: str
    git_directory: str
    environment: Mapping[str, str]

    def run(self, *arguments: str, data: bytes | None = None, lazy_fetch: bool = False) -> bytes:
        """Return the standard output of a git command run at the root; raise ``GitError`` with git's own words when it fails."""
        return self._run(*arguments, data=data, lazy_fetch=lazy_fetch).stdout

    def _run(self, *arguments: str, data: bytes | None = None, lazy_fetch: bool = False) -> subprocess.CompletedProcess[bytes]:
        try:
            done = subprocess.run(
                ["git", *_OPTIONS, *arguments],
                cwd=self.root,
                env=self._environment(lazy_fetch),
                input=data if data is not None else b"",
                capture_output=True,
                check=False,
            )
        except OSError as error:
            raise GitError(f"git cannot be run: {error.strerror or error}") from error
        if done.returncode != 0:
            raise GitError(_complaint(arguments[0], done.stderr))
        return done

    def lines(self, *arguments: str) -> Iterator[bytes]:
        """Yield the lines of a git command's standard output (without the newline) as they come; raise ``GitError`` when it fails."""
        try:
            process = subprocess.Popen(
                ["git", *_OPTIONS, *arguments],
                cwd=self.root,
                env=self._environment(lazy_fetch=True),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise GitError(f"git cannot be run: {error.strerror or error}") from error
        with process:
            for line in process.stdout or ():
                yield line[:-1] if line.endswith(b"\n") else line
        if process.returncode != 0:
            raise GitError(f"git {arguments[0]} failed with exit status {process.returncode}")

    def _environment(self, lazy_fetch: bool) -> dict[str, str]:
        return {**self.environment, **_FIXED, **({} if lazy_fetch else {"GIT_NO_LAZY_FETCH": "1"})}

    def files(self, directory: str) -> Listing:
        """List what git would show below ``directory`` (relative to the root, ``"."`` for all): tracked, and untracked but not ignored."""
        done = self._run("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", directory)
        names = sorted({os.fsdecode(name) for name in done.stdout.split(b"\0") if name})
        return Listing(names, tuple(os.fsdecode(name) for name in _CLOSED.findall(done.stderr)))

    def has_commits(self) -> bool:
        """Say whether HEAD is a commit."""
        try:
            return bool(self.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}"))
        except GitError:
            return False

    def reads_date(self, text: str) -> bool:
        """Say whether git finds a date in ``text``. It takes words that it does not know for this very second, and raises no complaint."""
        if text.strip().lower() in _NOW:
            return True
        earlier = time.time()
        found = self.run("rev-parse", f"--since={text}").decode().strip().removeprefix("--max-age=")
        return not earlier - 1 <= float(found) <= time.time() + 1

    def is_shallow(self) -> bool:
        """Tell whether the history was cut off where it was cloned."""
        return self.run("rev-parse", "--is-shallow-repository").strip() == b"true"

    def ignores(self, path: str) -> bool:
        """Tell whether git ignores ``path`` (relative to the root)."""
        try:
            return bool(self.run("--no-literal-pathspecs", "check-ignore", "-z", "--stdin", data=b"./" + os.fsencode(path) + b"\0"))
        except GitError:
            return False

    def attributes(self, paths: Iterable[str], *, cached: bool = False) -> dict[str, Attributes]:
        """Return the ``linguist-generated`` and ``linguist-vendored`` attributes of those ``paths`` that have any."""
        data = b"".join(os.fsencode(path) + b"\0" for path in paths)
        if not data:
            return {}
        arguments = ["check-attr", *(["--cached"] if cached else []), "-z", "--stdin", "linguist-generated", "linguist-vendored"]
        fields = self.run(*arguments, data=data).split(b"\0")
        found: dict[str, Attributes] = {}
        for path, name, value in zip(fields[0::3], fields[1::3], fields[2::3], strict=False):
            if value != b"unspecified":
                key = os.fsdecode(path)
                held = found.get(key, Attributes())
                said = value not in (b"unset", b"false")
                found[key] = held._replace(generated=said) if name == b"linguist-generated" else held._replace(vendored=said)
        return found

    @contextmanager
    def blobs(self) -> Iterator[Blobs]:
        """Open one ``git cat-file --batch`` for as long as the context lasts."""
        process = subprocess.Popen(
            ["git", *_OPTIONS, "cat-file", "--batch"],
            cwd=self.root,
            env=self._environment(lazy_fetch=True),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        with process:
            try:
                yield Blobs(process)
            finally:
                # What could not be written to a git that died would be written once more, and hide the error that says so.
                with suppress(OSError):
                    if process.stdin is not None:
                        process.stdin.close()


class Blobs:
    """A running ``git cat-file --batch``."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def read(self, object_id: str, limit: int) -> bytes | None:
        """Return at most ``limit + 1`` bytes of a blob, or None when there is no such blob; raise ``GitError`` if git is gone."""
        source, sink = self._process.stdout, self._process.stdin
        if source is None or sink is None:
            return None
        try:
            sink.write(object_id.encode() + b"\n")
            sink.flush()
        except OSError as error:
            raise GitError("git cat-file ended early") from error
        answer = source.readline()
        if not answer:
            raise GitError("git cat-file ended early")
        header = answer.split()
        if len(header) != 3:
            return None
        size = int(header[2])
        data = source.read(min(size, limit + 1))
        left = size - len(data) + 1
        while left > 0:
            drained = len(source.read(min(left, 1 << 16)))
            if not drained:
                raise GitError("git cat-file ended early")
            left -= drained
        return data if header[1] == b"blob" else None


def find_repository(directory: str) -> Repository | None:
    """Return the repository whose work tree holds ``directory`` (absolute, without symbolic links), or None.

    A ``.git`` file (worktrees, submodules) counts as a directory does. The variables that git sets inside hooks are kept when they speak of
    the repository found, and dropped when they speak of another.
    """
    environment = dict(os.environ)
    given = environment.get("GIT_DIR")
    tree = environment.get("GIT_WORK_TREE")
    here = Path(directory)
    if given and tree:
        root = os.path.realpath(tree)
        if here == Path(root) or Path(root) in here.parents:
            return Repository(root, os.path.realpath(given), _anchored(environment, root, os.path.realpath(given)))
    for parent in (here, *here.parents):
        git_directory = _git_directory(parent / ".git")
        if git_directory is not None:
            root = os.fspath(parent)
            keep = os.path.realpath(given) == git_directory if given else _holds_cwd(root)
            return Repository(root, git_directory, _anchored(environment, root, git_directory if given else None) if keep else _stripped(environment))
    return None


def require_repository(directory: str) -> Repository:
    """Return the repository that holds ``directory``, or raise ``GitError``."""
    real = os.path.realpath(directory)
    repository = find_repository(real) or _bare_repository(real)
    if repository is None:
        raise GitError(f"not inside a git repository: {directory}")
    return repository


def _bare_repository(directory: str) -> Repository | None:
    """Return the repository that has no work tree, named by ``GIT_DIR`` (as in a server's hooks) or entered by the user."""
    given = os.environ.get("GIT_DIR")
    for place in [os.path.realpath(given)] if given else [directory]:
        if all(Path(place, name).exists() for name in ("HEAD", "objects", "refs")):
            return Repository(directory, place, {**_anchored(dict(os.environ), directory, None), "GIT_DIR": place})
    return None


def _git_directory(entry: Path) -> str | None:
    try:
        if entry.is_dir():
            return os.path.realpath(entry) if (entry / "HEAD").exists() or (entry / "HEAD").is_symlink() else None
        if not entry.is_file():
            return None
        with entry.open("rb") as file:
            content = file.read(4096 + 8)
    except OSError:
        return None
    if not content.startswith(b"gitdir: "):
        return None
    target = entry.parent / os.fsdecode(content[8:].rstrip(b"\r\n"))
    return os.path.realpath(target)


def _holds_cwd(root: str) -> bool:
    try:
        here = Path(os.path.realpath("."))
    except OSError:
        return False
    return next((os.fspath(parent) for parent in (here, *here.parents) if _git_directory(parent / ".git")), None) == root


def _stripped(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in _LOCAL}


def _anchored(environment: dict[str, str], root: str, git_directory: str | None) -> dict[str, str]:
    """Keep a hook's own index and object store, with paths that hold wherever git runs."""
    kept = _stripped(environment)
    for name in ("GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"):
        if environment.get(name):
            kept[name] = os.path.realpath(environment[name])
    for name in ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_SHALLOW_FILE", "GIT_NAMESPACE"):
        if environment.get(name):
            kept[name] = environment[name]
    if git_directory is not None:
        kept["GIT_DIR"] = git_directory
        kept["GIT_WORK_TREE"] = root
    return kept


def _complaint(command: str, stderr: bytes) -> str:
    lines = [line for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    said = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "no reason given")
    return f"git {command} failed: {said.removeprefix('fatal: ').removeprefix('error: ')[:300]}"


def is_revision(text: str) -> bool:
    """Tell whether ``text`` can be handed to git as a revision: not empty, and no option in disguise."""
    return bool(text) and not text.startswith("-") and "\0" not in text and "\n" not in text


def fields(output: bytes) -> Sequence[bytes]:
    """Split the NUL-terminated records of a ``-z`` output."""
    return output.removesuffix(b"\0").split(b"\0") if output else ()
