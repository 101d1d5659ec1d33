"""The pinned list of packages that the encoder learns code from before it learns the task, and how each is fetched by the user's own clients."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aicodelint.errors import AicodelintError

LIST = Path(__file__).with_name("pretraining_sources.toml")
INDEXES = ("pypi", "npm", "debian")
CLIENT_SECONDS = 900
_NAME = re.compile(r"@?[A-Za-z0-9][A-Za-z0-9@/._+-]{0,120}")
_VERSION = re.compile(r"[0-9][A-Za-z0-9.+:~-]{0,60}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TARBALL = re.compile(r"\.tar\.(?:gz|xz|bz2)$")


class FetchError(AicodelintError):
    """A package cannot be had, or is not the one that was pinned."""


@dataclass(frozen=True, slots=True)
class Package:
    """One release: which kind of index has it, its name and version there, the sha256 of its archive, its licence.

    ``skip`` are paths inside the archive, each with all that lies below, which hold what a program wrote.
    """

    index: str
    name: str
    version: str
    sha256: str
    licence: str
    skip: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """A file name that tells this release from every other."""
        return re.sub(r"[^A-Za-z0-9.+-]", "_", f"{self.index}-{self.name}-{self.version}")


def read_list(path: Path = LIST) -> list[Package]:
    """Return the packages that the TOML file ``path`` pins; raise ``FetchError`` where an entry is not what it should be."""
    document = _parse(path)
    packages = []
    for number, entry in enumerate(document.get("package", []), 1):
        try:
            words = {key: str(entry[key]) for key in ("index", "name", "version", "sha256", "licence")}
            package = Package(**words, skip=tuple(str(path) for path in entry.get("skip", ())))
        except (KeyError, TypeError) as error:
            raise FetchError(f"{path}: package {number} lacks {error}") from None
        sound = package.index in INDEXES and _NAME.fullmatch(package.name) and _VERSION.fullmatch(package.version)
        if not sound or not _SHA256.fullmatch(package.sha256):
            raise FetchError(f"{path}: package {number} ({package.name}) has an impossible index, name, version or sha256")
        packages.append(package)
    return packages


def fetch(package: Package, folder: Path) -> Path:
    """Return the archive of ``package`` in ``folder``, downloaded if it is not there yet; raise ``FetchError`` where it is not the pinned one."""
    place = folder / package.key
    for archive in sorted(place.glob("*")) if place.is_dir() else []:
        if sha256(archive) == package.sha256:
            return archive
    place.mkdir(parents=True, exist_ok=True)
    download(package, place)
    found = [archive for archive in sorted(place.iterdir()) if archive.is_file() and sha256(archive) == package.sha256]
    if not found:
        raise FetchError(f"{package.key}: what the index has now is not the archive that was pinned")
    return found[0]


def download(package: Package, place: Path) -> None:
    """Have the client of the package's index download its archive into directory ``place``; nothing of the package is ever run."""
    if package.index == "pypi":
        wheel = ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--disable-pip-version-check"]
        _run([sys.executable, "-m", "pip", "download", "--quiet", *wheel, "--dest", str(place), f"{package.name}=={package.version}"], place)
    elif package.index == "npm":
        _run(["npm", "pack", "--silent", "--ignore-scripts", f"{package.name}@{package.version}"], place)
    else:
        options = debian_options(place.parent / ".apt")
        _run(["apt-get", *options, "source", "--quiet", "--download-only", "--tar-only", "--only-source", f"{package.name}={package.version}"], place)
        for part in place.iterdir():
            if not _TARBALL.search(part.name) or ".debian.tar." in part.name:
                part.unlink()


def debian_options(state: Path) -> list[str]:
    """Return the options that make apt-get read source packages from where the system has its binary ones, with lists of its own in ``state``."""
    listed = state / "sources.sources"
    options = [f"Dir::Etc::sourcelist={listed}", "Dir::Etc::sourceparts=-", f"Dir::State::lists={state / 'lists'}", "APT::Sandbox::User=root"]
    given = [part for option in options for part in ("-o", option)]
    if not listed.exists():
        (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        document = "\n\n".join(_source_stanzas(Path("/etc/apt")))
        if not document:
            raise FetchError("apt-get has no sources on this machine that a source package could come from")
        (state / "new.sources").write_text(document + "\n", encoding="utf-8")
        _run(["apt-get", *given[:1], f"Dir::Etc::sourcelist={state / 'new.sources'}", *given[2:], "--quiet", "update"], state)
        (state / "new.sources").replace(listed)
    return given


def _source_stanzas(directory: Path) -> list[str]:
    """Return the configured binary sources as stanzas of source packages (both of apt's formats)."""
    stanzas = []
    for file in sorted((directory / "sources.list.d").glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", file.read_text(encoding="utf-8")):
            if re.search(r"^Types:.*\bdeb(?!-)\b", stanza, re.MULTILINE):
                stanzas.append(re.sub(r"^Types:.*$", "Types: deb-src", stanza, flags=re.MULTILINE).strip())
    for file in [directory / "sources.list", *sorted((directory / "sources.list.d").glob("*.list"))]:
        for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else []:
            match = re.match(r"deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*(.*)", line)
            if match:
                options, place, suite, components = match.groups()
                lines = ["Types: deb-src", f"URIs: {place}", f"Suites: {suite}", *([f"Components: {components}"] if components else [])]
                signed = re.search(r"signed-by=(\S+)", options or "")
                stanzas.append("\n".join([*lines, *([f"Signed-By: {signed[1]}"] if signed else [])]))
    return stanzas


def sha256(path: Path) -> str:
    """Return the digest of a file in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def _run(command: Sequence[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=CLIENT_SECONDS, check=False, env={**os.environ, "LC_ALL": "C"}
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FetchError(f"{command[0]} cannot be run: {type(error).__name__}") from None
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if line.strip()]
        raise FetchError(f"{Path(command[0]).name} failed for {command[-1]}: {told[-1] if told else f'exit code {done.returncode}'}")


def _parse(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return document
    except OSError as error:
        raise FetchError(f"cannot read {path}: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise FetchError(f"{path} is no TOML: {error}") from None
