from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

import aicodelint.sources
from aicodelint.config import Config
from aicodelint.config_search import ConfigSearch
from aicodelint.errors import UsageError
from aicodelint.sources import Request, source_files

CODE = b"import os\n\n\ndef work(argument):\n    return os.path.join(argument, 'x')\n"


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch):
    """Make bytes the standard input; return the stream, whose position tells how much was read."""

    def make(data: bytes) -> io.BytesIO:
        stream = io.BytesIO(data)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
        return stream

    return make


def test_a_list_that_is_too_long_is_not_read_to_its_end(tmp_path: Path, stdin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aicodelint.sources, "MAX_LIST_BYTES", 1000)
    stream = stdin(b"a.py\n" * 10_000)
    with pytest.raises(UsageError, match="--files-from - is larger than 1000 bytes"):
        list(source_files(Request(files_from="-"), ConfigSearch(tmp_path), tmp_path))
    assert stream.tell() == 1001


def test_a_file_on_stdin_is_read_as_far_as_the_largest_notebook(tmp_path: Path, stdin) -> None:
    stream = stdin(CODE * 1000)
    search = ConfigSearch(tmp_path, Config(max_file_size=100))
    (file,) = source_files(Request(("-",), stdin_filename="a.py"), search, tmp_path)
    assert (file.reason, stream.tell()) == ("too-big", 1001)
