from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from aicodelint.discovery.git import require_repository
from aicodelint.errors import UsageError
from aicodelint.history import last_commits

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

    def git(*arguments: str, date: str = "2026-01-01T00:00:00Z", author: str = "a@example.org") -> str:
        who = {f"GIT_{role}_{what}": author for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        environment = {**os.environ, **who, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True, env=environment).stdout.strip()

    git("init", "-q", "-b", "main")

    def make(date: str, author: str = "a@example.org", **files: str | None) -> str:
        for name, text in files.items():
            path = Path(name.replace("__", "/").replace("_", "."))
            path.parent.mkdir(exist_ok=True)
            path.unlink() if text is None else path.write_text(text)
        git("add", "-A")
        git("commit", "-q", "--allow-empty", "-m", "x", date=date, author=author)
        return git("rev-parse", "HEAD")

    make.git = git
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


@pytest.fixture
def written_by_three(commit) -> list[str]:
    """A moves her own file, B adds one on a branch, and C merges that with a conflict; D sorts a file back to what A once made of it."""
    commit("2026-01-05T00:00:00Z", author="Ada", a_py=HUMAN, b_py="# base\n" + HUMAN)
    commit.git("checkout", "-q", "-b", "side")
    commit("2026-01-06T00:00:00Z", author="Bo\x1b[31mb", b_py="# side\n" + HUMAN, new_py=AI)
    commit.git("checkout", "-q", "main")
    commit("2026-02-05T00:00:00Z", author="Ada", a_py=None, moved__a_py=HUMAN, b_py="# main\n" + HUMAN)
    with pytest.raises(subprocess.CalledProcessError):
        commit.git("merge", "side")
    merged = commit("2026-02-07T00:00:00Z", author="Cleo", b_py="# both\n" + AI)
    commit("2026-03-01T00:00:00Z", author="Dan", moved__a_py="# dirty\n" + HUMAN, d_py="def delve(a):\n" + FILLER)
    return [merged, commit("2026-03-02T00:00:00Z", author="Dan", moved__a_py=HUMAN)]


def test_by_author_names_who_made_each_version(aicodelint_history, written_by_three: list[str]) -> None:
    months = json.loads(aicodelint_history("--since", "all", "--by-author", "--format", "json"))["months"]
    files = [{one["author"]: (one["files"], one["ai_files"]) for one in month["authors"]} for month in months]
    assert [month["month"] for month in months] == ["2026-01", "2026-02", "2026-03"]
    assert files[0] == {"Ada": (2, 0)}
    assert files[1] == {"Ada": (1, 0), "Bo\x1b[31mb": (1, 1), "Cleo": (1, 1)}
    assert files[2] == {"Ada": (1, 0), "Bo\x1b[31mb": (1, 1), "Cleo": (1, 1), "Dan": (1, 1)}
    for month in months:
        for column in ("files", "ai_files", "lines", "ai_lines"):
            assert sum(one[column] for one in month["authors"]) == month[column]


def test_by_author_ends_the_table_with_one_of_the_last_month(aicodelint_history, written_by_three: list[str]) -> None:
    lines = aicodelint_history("--since", "all", "--by-author").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("2026-03 by author"))
    assert [line.split()[0] for line in lines[start + 1 : start + 5]] == ["Cleo", "Bo\\x1b[31mb", "Dan", "Ada"]
    assert "prove nothing about a person" in lines[-1]
    assert "Cleo" not in "\n".join(lines[:start])


def test_by_author_heeds_mailmap_and_refuses_what_would_name_the_wrong_person(
    aicodelint_history, written_by_three: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="names nobody"):
        aicodelint_history("--by-author", "--format", "svg")
    Path(".mailmap").write_text("Cleopatra <Cleo>\n")
    assert "Cleopatra" in aicodelint_history("--since", "all", "--by-author")
    url = Path.cwd().as_uri()
    subprocess.run(["git", "clone", "-q", "--depth=1", url, str(tmp_path / "shallow")], check=True)
    monkeypatch.chdir(tmp_path / "shallow")
    with pytest.raises(UsageError, match="shallow"):
        aicodelint_history("--by-author")
    assert len(aicodelint_history("--since", "all").splitlines()) == 2
    assert aicodelint_history.err.startswith("note: this clone is shallow")


def test_signatures_in_the_log_do_not_disturb(aicodelint_history, commit, grown: list[str]) -> None:
    commit.git("config", "log.showSignature", "true")
    assert len(json.loads(aicodelint_history("--since", "all", "--by-author", "--format", "json"))["months"]) == 3


def test_a_time_without_commits_is_said(aicodelint_history, grown: list[str]) -> None:
    assert aicodelint_history("--since", "2030-01-01") == ""
    assert aicodelint_history.err == "note: no commit since 2030-01-01\n"


def test_since_limits_it(grown: list[str]) -> None:
    repository = require_repository(".")
    assert [month for month, _ in last_commits(repository, "2026-02-01")] == ["2026-03", "2026-04"]
    assert len(last_commits(repository, None)) == 3


@pytest.fixture
def aicodelint_history(rule_engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    import aicodelint.scanning
    from aicodelint.cli.main import cli

    monkeypatch.setattr(aicodelint.scanning, "open_configured_engine", lambda *arguments, **more: rule_engine)

    def run(*arguments: str) -> str:
        cli.main(["history", *arguments], prog_name="aicodelint", standalone_mode=False)
        captured = capsys.readouterr()
        run.err = captured.err
        return captured.out

    return run


def test_a_date_that_git_cannot_read(commit) -> None:
    commit("2026-01-05T00:00:00Z", a_py=HUMAN)
    repository = require_repository(str(Path.cwd()))
    for since in ("nonsense", "", "--all"):
        with pytest.raises(UsageError, match="git reads no date"):
            last_commits(repository, since)
    for since in ("2020-01-01", "20 years ago", "yesterday", "now"):
        last_commits(repository, since)


def test_a_repository_without_commits(commit) -> None:
    assert last_commits(require_repository(str(Path.cwd())), None) == []
