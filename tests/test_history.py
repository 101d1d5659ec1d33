from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from aicodelint.discovery.git import require_repository
from aicodelint.history import Month, last_commits, to_svg, to_text

FILLER = "".join(f"    value_{number} = compute(value_{number}, {number})\n" for number in range(8))
HUMAN = "def plain(value_0):\n" + FILLER
AI = "def delve(value_0):\n" + FILLER


@pytest.fixture
def commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Commit files to a new repository, which becomes the working directory, at a date."""
    root = tmp_path / "history"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)

    def git(*arguments: str, date: str = "2026-01-01T00:00:00Z") -> str:
        who = {f"GIT_{role}_{what}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        environment = {**os.environ, **who, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True, env=environment).stdout.strip()

    git("init", "-q", "-b", "main")

    def make(date: str, **files: str | None) -> str:
        for name, text in files.items():
            path = Path(name.replace("__", "/").replace("_", "."))
            path.parent.mkdir(exist_ok=True)
            path.unlink() if text is None else path.write_text(text)
        git("add", "-A")
        git("commit", "-q", "--allow-empty", "-m", "x", date=date)
        return git("rev-parse", "HEAD")

    return make


@pytest.fixture
def grown(commit) -> list[str]:
    return [
        commit("2026-01-05T00:00:00Z", a_py=HUMAN),
        commit("2026-01-31T23:00:00Z", b_py=HUMAN, readme_md="words", vendor__x_js=AI),
        commit("2026-03-01T00:00:00Z", c_py=AI, d_py=AI),
        commit("2026-04-01T00:00:00Z", a_py=AI, d_py=None),
    ]


def test_each_month_by_its_last_commit(aicodelint_history, grown: list[str], rule_engine) -> None:
    months = json.loads(aicodelint_history("--since", "all", "--format", "json"))["months"]
    assert [(month["month"], month["commit"]) for month in months] == [("2026-01", grown[1]), ("2026-03", grown[2]), ("2026-04", grown[3])]
    assert [(month["files"], month["ai_files"]) for month in months] == [(2, 0), (4, 2), (3, 2)]
    assert [month["share"] for month in months] == [0.0, 0.5, 0.6667]
    assert [(month["lines"], month["ai_lines"]) for month in months] == [(18, 0), (36, 18), (27, 18)]
    assert rule_engine.judged == 5, "each version of a file is judged once"


def test_no_person_is_named(aicodelint_history, grown: list[str]) -> None:
    for shape in ("text", "json", "svg"):
        assert "example.org" not in aicodelint_history("--since", "all", "--format", shape)


def test_since_limits_it(grown: list[str]) -> None:
    repository = require_repository(".")
    assert [month for month, _ in last_commits(repository, "2026-02-01")] == ["2026-03", "2026-04"]
    assert len(last_commits(repository, None)) == 3


def test_the_table_has_a_bar_and_the_plot_is_an_image() -> None:
    months = [Month("2026-01", "a" * 40, 10, 0, 100, 0), Month("2026-02", "b" * 40, 10, 3, 100, 25), Month("2026-03", "c" * 40, 0, 0, 0, 0)]
    head, first, second, third = to_text(months)
    assert head.split() == ["month", "commit", "files", "AI", "lines", "AI", "lines", "share"]
    assert (first.count("#"), second.count("#"), third.count("#")) == (0, 30, 0)
    assert second.split()[-2:] == ["25.0%", "#" * 30]
    image = ElementTree.fromstring(to_svg(months))
    heights = [float(bar.get("height")) for bar in image.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert heights == [0.0, 140.0, 0.0]
    assert ElementTree.fromstring(to_svg([])) is not None


@pytest.fixture
def aicodelint_history(rule_engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    import aicodelint.scanning
    from aicodelint.cli.main import cli

    monkeypatch.setattr(aicodelint.scanning, "open_configured_engine", lambda *arguments, **more: rule_engine)

    def run(*arguments: str) -> str:
        cli.main(["history", *arguments], prog_name="aicodelint", standalone_mode=False)
        return capsys.readouterr().out

    return run
