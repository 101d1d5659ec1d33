from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import pytest

from aicodelint.training import package_index
from aicodelint.training.package_index import download, index_root, read_address
from aicodelint.training.pretraining_sources import FetchError

ROOT = "https://index.test"
ARCHIVE = b"an archive"
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()


@pytest.fixture(autouse=True)
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """What the indexes of this test answer, by address."""
    found: dict[str, bytes] = {}
    monkeypatch.setenv("PIP_INDEX_URL", f"{ROOT}/simple/")
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"{ROOT}/npm/")
    index_root.cache_clear()
    yield found
    index_root.cache_clear()


def test_the_roots_are_those_that_pip_and_npm_are_set_up_for() -> None:
    assert index_root("pypi") == ROOT
    assert index_root("npm") == f"{ROOT}/npm"


def test_an_archive_is_looked_for_where_its_index_keeps_it(answers: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_index, "read_address", lambda address, most: answers[address])
    answers[f"{ROOT}/files/a-1.0.tar.gz"] = answers[f"{ROOT}/npm/@scope/a/-/a-1.0.tgz"] = ARCHIVE
    releases = {"1.0": [{"digests": {"sha256": "0" * 64}, "url": "elsewhere"}, {"digests": {"sha256": SHA256}, "url": f"{ROOT}/files/a-1.0.tar.gz"}]}
    answers[f"{ROOT}/pypi/a/json"] = json.dumps({"releases": releases}).encode()
    assert download("pypi", "a", "1.0", SHA256) == ("a-1.0.tar.gz", ARCHIVE)
    assert download("npm", "@scope/a", "1.0", SHA256) == ("a-1.0.tgz", ARCHIVE)
    with pytest.raises(FetchError, match="no longer has the archive"):
        download("pypi", "a", "2.0", SHA256)
    with pytest.raises(FetchError, match="is not the archive that was pinned"):
        download("npm", "@scope/a", "1.0", "0" * 64)


def test_addresses_without_tls_are_refused() -> None:
    with pytest.raises(FetchError, match="HTTPS"):
        read_address("file:///etc/passwd", 10)
