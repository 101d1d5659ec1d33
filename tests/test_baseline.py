from __future__ import annotations

import re
from pathlib import Path

import pytest

from aicodelint.baseline import Baseline, Recorder, similarity, write
from aicodelint.errors import ConfigError
from aicodelint.model import Model, Thresholds

MODEL = Model("rule", "0123456789abcdef", ("A",), Thresholds(0.9, 0.5, 0.4))
OTHER = Model("other", "fedcba9876543210", ("A",), Thresholds(0.9, 0.5, 0.4))
TEXT = [f"value_{number} = compute({number})" for number in range(60)]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A baseline that knows one finding in a.py."""
    (tmp_path / "a.py").touch()
    recorder = Recorder(tmp_path, tmp_path)
    assert not recorder.holds("AIC101", "a.py", TEXT, TEXT)
    write(tmp_path / "b.json", MODEL, recorder.entries)
    return tmp_path / "b.json"


def test_moved_lines_blanks_and_small_edits_do_not_matter(made: Path) -> None:
    for lines in (TEXT, ["", *TEXT, "  "], ["    " + line for line in TEXT], [*TEXT[:30], "new = 1", *TEXT[32:]]):
        known = Baseline.read(made, made.parent)
        assert known.holds("AIC101", "a.py", lines, lines)
        assert known.gone() == []


def test_another_path_or_text_is_new(made: Path) -> None:
    (made.parent / "b.py").touch()
    rewritten = [line.replace("value", "item") for line in TEXT]
    for code, path, lines in (("AIC101", "b.py", TEXT), ("AIC101", "a.py", rewritten)):
        assert not Baseline.read(made, made.parent).holds(code, path, lines, lines), (code, path)


def test_another_family_is_nothing_new(made: Path) -> None:
    assert Baseline.read(made, made.parent).holds("AIC102", "a.py", TEXT, TEXT)


def test_the_same_file_is_known_though_other_lines_of_it_are_accused(made: Path) -> None:
    file = [*(f"def human_{number}(): ..." for number in range(300)), *TEXT]
    recorder = Recorder(made.parent, made.parent)
    recorder.holds("AIC101", "a.py", TEXT, file)
    write(made, MODEL, recorder.entries)
    assert Baseline.read(made, made.parent).holds("AIC101", "a.py", file, ["", *file, "  "])
    # What is new among much that is not must be told.
    added = [f"added_{number} = {number}" for number in range(20)]
    assert not Baseline.read(made, made.parent).holds("AIC101", "a.py", added, [*file, *added])
    (made.parent / "a.py").unlink()
    assert Baseline.read(made, made.parent).holds("AIC101", "b.py", file[:40], file)


def test_a_baseline_without_hashes_of_files_is_good_still(made: Path) -> None:
    made.write_text(re.sub(r', "file": "[0-9a-f]*"', "", made.read_text()))
    assert Baseline.read(made, made.parent).holds("AIC101", "a.py", TEXT[:50], TEXT)
    assert not Baseline.read(made, made.parent).holds("AIC101", "a.py", [], TEXT)


def test_each_entry_is_good_for_one_finding(made: Path) -> None:
    known = Baseline.read(made, made.parent)
    assert known.holds("AIC101", "a.py", TEXT, TEXT)
    assert not known.holds("AIC101", "a.py", TEXT, TEXT)


def test_a_renamed_file_is_known_and_a_copied_one_is_new(made: Path) -> None:
    assert not Baseline.read(made, made.parent).holds("AIC101", "sub/c.py", TEXT, TEXT)
    (made.parent / "a.py").unlink()
    known = Baseline.read(made, made.parent)
    assert known.holds("AIC101", "sub/c.py", [*TEXT[:58], "edited = 1"], [*TEXT[:58], "edited = 1"])
    assert not known.holds("AIC101", "d.py", TEXT, TEXT)


def test_paths_are_those_of_the_baseline_wherever_the_scan_starts(made: Path) -> None:
    (made.parent / "sub").mkdir()
    assert Baseline.read(made, made.parent / "sub").holds("AIC101", "../a.py", TEXT, TEXT)
    assert Baseline.read(made, made.parent / "sub").holds("AIC101", str(made.parent / "a.py"), TEXT, TEXT)


def test_what_is_gone_and_what_was_not_looked_at(made: Path) -> None:
    known = Baseline.read(made, made.parent)
    assert (len(known.gone()), len(known.unseen())) == (0, 1)
    known.visit("a.py")
    assert (len(known.gone()), len(known.unseen())) == (1, 0)
    (made.parent / "a.py").unlink()
    assert len(Baseline.read(made, made.parent).gone()) == 1


def test_a_baseline_of_another_model_is_refused(made: Path) -> None:
    Baseline.read(made, made.parent).check_model(MODEL)
    with pytest.raises(ConfigError, match=r"made with the model rule .*--baseline-any-model"):
        Baseline.read(made, made.parent).check_model(OTHER)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"format_version": 2, "model": {}, "findings": []}',
        b'{"format_version": 1, "model": {"name": "x", "fingerprint": 1}, "findings": []}',
        b'{"format_version": 1, "model": {"name": "x", "fingerprint": "1"}, "findings": [{"path": []}]}',
    ],
)
def test_what_is_no_baseline_is_one_error_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b.json").write_bytes(content)
    with pytest.raises(ConfigError, match=r"b\.json"):
        Baseline.read(tmp_path / "b.json", tmp_path)
    with pytest.raises(ConfigError, match="cannot read the baseline"):
        Baseline.read(tmp_path / "missing.json", tmp_path)


def test_the_same_entries_are_the_same_bytes(made: Path) -> None:
    recorder = Recorder(made.parent, made.parent)
    for path in ("z.py", "a.py"):
        recorder.holds("AIC101", path, TEXT, TEXT)
    write(made, MODEL, recorder.entries)
    first = made.read_bytes()
    write(made, MODEL, reversed(recorder.entries))
    assert made.read_bytes() == first
    assert first.count(b"\n") == 4


def test_no_link_in_the_repository_makes_it_write_elsewhere(made: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (made.parent / f"{made.name}.part").symlink_to(precious)
    made.unlink()
    made.symlink_to(precious)
    write(made, MODEL, [])
    assert precious.read_text() == "mine"
    assert not made.is_symlink()
    assert Baseline.read(made, made.parent).entries == []


def test_a_baseline_that_cannot_be_written_is_one_error_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot write the baseline"):
        write(tmp_path / "missing" / "b.json", MODEL, [])


def test_similarity_is_near_the_share_of_common_lines() -> None:
    recorder = Recorder(Path("/"), Path("/"))
    for lines in (TEXT, TEXT[:30], [line + "x" for line in TEXT]):
        recorder.holds("AIC101", "a", lines, lines)
    whole, half, other = (entry.sketch for entry in recorder.entries)
    assert similarity(whole, whole) == 1.0
    assert 0.3 <= similarity(whole, half) <= 0.7
    assert similarity(whole, other) == 0.0
