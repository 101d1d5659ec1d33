from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from aicodelint.discovery.read import Content, read


def test_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert read(str(tmp_path / "a"), 3, follow=False) == Content(b"abc")
    assert read(str(tmp_path / "a"), 2, follow=False).reason == "too-big"


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        for name in ("fifo", "s", ".", "missing", "nul\0byte"):
            assert read(f"{tmp_path}/{name}", 10, follow=True).reason == "unreadable"
    assert read("/dev/zero", 10, follow=True).reason == "unreadable"


def test_links_are_followed_only_when_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("a")
    assert read(str(tmp_path / "link"), 9, follow=False).reason == "symlink"
    assert read(str(tmp_path / "link"), 9, follow=True).data == b"abc"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "a").chmod(0)
    assert read(str(tmp_path / "a"), 9, follow=False).reason == "unreadable"


def test_files_of_proc_have_content_beyond_their_size() -> None:
    if Path("/proc/self/status").exists():
        assert read("/proc/self/status", 100_000, follow=True).data.startswith(b"Name:")
        assert read("/proc/self/status", 10, follow=True).reason == "too-big"
