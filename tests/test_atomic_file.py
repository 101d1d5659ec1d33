from __future__ import annotations

import stat
from pathlib import Path

import pytest

from aicodelint.atomic_file import AtomicFile, write_text


def test_it_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("before")
    file = AtomicFile(target)
    file.open().write("é\r\n")
    assert target.read_text() == "before"
    file.commit()
    file.discard()
    assert target.read_bytes() == "é\r\n".encode()
    assert list(tmp_path.iterdir()) == [target]


def test_what_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("before")
    with pytest.raises(UnicodeEncodeError):
        write_text(target, "\udcff")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_text(tmp_path / "folder", "text")
    assert target.read_text() == "before"
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", "folder"}


def test_a_link_is_replaced_and_never_written_through(tmp_path: Path) -> None:
    precious, target = tmp_path / "precious", tmp_path / "a.txt"
    precious.write_text("mine")
    target.symlink_to(precious)
    write_text(target, "new")
    assert (precious.read_text(), target.read_text(), target.is_symlink()) == ("mine", "new", False)


def test_the_name_cannot_be_foreseen_and_must_be_new(tmp_path: Path) -> None:
    first, second = AtomicFile(tmp_path / "a.txt"), AtomicFile(tmp_path / "a.txt")
    assert first.part != second.part
    first.part.symlink_to(tmp_path / "precious")
    with pytest.raises(FileExistsError):
        first.open()
    assert not (tmp_path / "precious").exists()


def test_permissions_are_kept_or_given(tmp_path: Path) -> None:
    target = tmp_path / "a.sh"
    write_text(target, "1", mode=0o750)
    assert stat.S_IMODE(target.stat().st_mode) == 0o750
    write_text(target, "2")
    assert stat.S_IMODE(target.stat().st_mode) == 0o750
