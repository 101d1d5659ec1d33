from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

COMMAND = re.compile(r"::warning file=([^:,]+),line=(\d+),endLine=(\d+),title=([^:,]+)::(.*)")


def test_a_command_for_each_finding_and_the_summary(written, results) -> None:
    first, summary = written("github", results).splitlines()
    assert COMMAND.fullmatch(first).groups() == (
        "src/a.py",
        "3",
        "40",
        "aicodelint AIC102",
        "Looks AI-generated; likeliest model family: Qwen (p=0.97, Qwen 0.61)",
    )
    assert summary.startswith("Scanned 7 files")
    assert written("github", results, quiet=True) == first + "\n"


def test_the_most_confident_come_first_since_github_shows_ten(written, ai_result) -> None:
    lines = written("github", [ai_result(f"{number:02}.py", p_ai=0.9 + number / 1000) for number in range(12)]).splitlines()
    assert [COMMAND.fullmatch(line)[1] for line in lines[:12]] == [f"{number:02}.py" for number in reversed(range(12))]
    assert lines[12] == "GitHub shows the first 10 of these 12 findings beside the code."


def test_no_name_becomes_a_command_or_a_property(written, ai_result) -> None:
    names = ["a\n::error::owned.py", "a,line=1::x.py", "100%25.py", "a\r\n::set-output name=x::y", "\udcff.py"]
    lines = written("github", [ai_result(name) for name in names], quiet=True).split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(names)
    shown = [unquote(COMMAND.fullmatch(line)[1]) for line in lines]
    assert shown == [*names[:-1], "\\udcff.py"]


def test_paths_are_relative_to_the_checkout(written, ai_result, monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    assert "file=sub/a.py," in written("github", [ai_result("a.py")], base=str(tmp_path / "sub"))
    assert "file=a.py," in written("github", [ai_result("a.py")], base=str(tmp_path))
    assert "file=a.py," in written("github", [ai_result("a.py")], base="/somewhere/else")
