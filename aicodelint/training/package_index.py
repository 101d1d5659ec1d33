"""What PyPI and npm have, asked of the indexes that pip and npm are set up to use: over HTTPS, and no more of it than is expected."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import ssl
import subprocess
import sys
import urllib.parse
import urllib.request
from functools import cache

from aicodelint.training.pretraining_sources import FetchError

ARCHIVE_BYTES = 4_000_000
ANSWER_BYTES = 8_000_000
_SETTING = {"pypi": ("pip", "config", "get", "global.index-url"), "npm": ("npm", "config", "get", "registry")}


def download(index: str, name: str, version: str, sha256: str) -> tuple[str, bytes]:
    """Return the file name and the bytes of the archive of a release of ``index``; raise ``FetchError`` where it is not the one with ``sha256``."""
    address = _archive_address(index, name, version, sha256)
    data = read_address(address, ARCHIVE_BYTES)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise FetchError(f"{name} {version}: what the index has now is not the archive that was pinned")
    return urllib.parse.urlparse(address).path.rsplit("/", 1)[-1], data


def read_address(address: str, most: int) -> bytes:
    """Return what lies at a web address; raise ``FetchError`` if that cannot be had or is longer than ``most`` bytes."""
    if not address.startswith("https://"):
        raise FetchError("an index that is not read over HTTPS is not read")
    try:
        with _opener().open(address, timeout=60) as answer:
            data: bytes = answer.read(most + 1)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise FetchError(f"an index does not answer: {type(error).__name__}") from None
    if len(data) > most:
        raise FetchError(f"an archive or an index's answer is longer than {most:,} bytes")
    return data


@cache
def index_root(index: str) -> str:
    """Return the address that pip or npm is set up to ask, without a trailing slash; pip's ends where its ``/simple`` begins."""
    given = os.environ.get("PIP_INDEX_URL" if index == "pypi" else "NPM_CONFIG_REGISTRY", "")
    if not given:
        command = [sys.executable, "-m", *_SETTING[index]] if index == "pypi" else list(_SETTING[index])
        try:
            given = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        except OSError:
            raise FetchError(f"{command[0]} cannot be run") from None
    if not given and index == "pypi":
        # Where nothing is set, pip itself knows.
        from pip._internal.models.index import PyPI

        given = PyPI.simple_url
    return given.rstrip("/").removesuffix("/simple")


def _archive_address(index: str, name: str, version: str, sha256: str) -> str:
    quoted = urllib.parse.quote(name, safe="@/")
    if index == "npm":
        return f"{index_root('npm')}/{quoted}/-/{quoted.rsplit('/', 1)[-1]}-{version}.tgz"
    answer = json.loads(read_address(f"{index_root('pypi')}/pypi/{quoted}/json", ANSWER_BYTES))
    for file in answer.get("releases", {}).get(version, []):
        if file["digests"]["sha256"] == sha256:
            return str(file["url"])
    raise FetchError(f"{name} {version}: the index no longer has the archive that was pinned")


@cache
def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.HTTPSHandler(context=ssl.create_default_context()))
