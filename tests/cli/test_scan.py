from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

FINDING = "ai.py:1:1: AIC102 Looks AI-generated; likeliest model family: Qwen (p=0.97, Qwen 0.61)\n"


def test_findings_exit_with_one_and_a_summary(aicodelint_command, rule_engine) -> None:
    outcome = aicodelint_command("scan")
    assert outcome == (1, FINDING + "Scanned 3 files: 1 AI-generated, 1 human, 0 undetermined, 1 skipped (1 not-code)\n", "")
    assert rule_engine.closed


def test_exit_codes(aicodelint_command) -> None:
    assert aicodelint_command("scan", "human.py").code == 0
    assert aicodelint_command("scan", "--exit-zero").code == 0
    assert aicodelint_command("scan", "--threshold", "0.99").code == 0
    assert aicodelint_command("scan", "missing.py").code == 2


def test_quiet_and_nothing_to_scan(aicodelint_command, repository: Path) -> None:
    assert aicodelint_command("scan", "-q").out == FINDING
    (repository / "empty").mkdir()
    assert aicodelint_command("scan", "empty") == (0, "Scanned 0 files: 0 AI-generated, 0 human, 0 undetermined, 0 skipped\n", "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--nope"], "--nope"),
        (["--threshold", "1.5"], "1.5"),
        (["--threshold", "nan"], "nan"),
        (["--format", "yaml"], "yaml"),
        (["--select", ""], "it is empty"),
        (["--ignore", ","], "it is empty"),
        (["--stdin-filename", "", "-"], "--stdin-filename is empty"),
        (["--select", "Quen"], "'Quen' (did you mean \"Qwen\"?)"),
        (["--ignore", "AIC9999"], "AIC9999"),
        (["--staged", "--diff", "HEAD"], "--staged and --diff exclude each other"),
        (["--staged", "-"], "--staged and stdin exclude each other"),
        (["--files-from", "list", "ai.py"], "--files-from and paths exclude each other"),
        (["--staged"], "not inside a git repository"),
        (["-", "ai.py"], "cannot be mixed"),
        (["--stdin-filename", "a.py"], "--stdin-filename needs"),
        (["--verbose", "--quiet"], "exclude each other"),
        (["--format", "json", "--format", "text"], "more than one report would go to stdout"),
        (["--format", "json", "--output", "a", "--format", "text", "--output", "./a"], "more than one report would go to ./a"),
        (["--config", "missing.toml"], "missing.toml"),
        (["--files-from", "missing"], "cannot read --files-from missing"),
        (["--max-file-size", "huge"], "'huge' is not a size"),
        (["no\nsuch\x1b[31m"], "no such\\x1b[31m"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_two(aicodelint_command, arguments: list[str], told: str) -> None:
    outcome = aicodelint_command("scan", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: ")
    assert told in outcome.err
    assert outcome.err.count("\n") == 1


def test_options_reach_policy(aicodelint_command) -> None:
    assert aicodelint_command("scan", "-q", "--family-threshold", "0.7").out.split()[1] == "AIC100"
    assert aicodelint_command("scan", "-q", "--select", "AIC103,Phi").out == ""
    assert aicodelint_command("scan", "-q", "--select", "Phi", "--select", "qwen").out == FINDING
    assert aicodelint_command("scan", "-q", "--ignore", "AIC1").out == ""
    assert aicodelint_command("scan", "-q", "--exclude", "ai.*").out == ""
    assert aicodelint_command("scan", "-q", "--exclude", "ai.*", "ai.py").out == FINDING
    assert aicodelint_command("scan", "-q", "--exclude", "ai.*", "--force-exclude", "ai.py").out == ""
    assert "1 too-big" in aicodelint_command("scan", "--max-file-size", "100B", "ai.py").out


def test_show_source(aicodelint_command) -> None:
    assert "  1 | def delve(value_0):  # Qwen\n" in aicodelint_command("scan", "--show-source").out


def test_colours_only_when_asked_for_or_on_a_terminal(aicodelint_command, monkeypatch) -> None:
    assert "\x1b[" not in aicodelint_command("scan").out
    assert "\x1b[" in aicodelint_command("scan", "--color", "always").out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert "\x1b[" in aicodelint_command("scan").out
    monkeypatch.setenv("NO_COLOR", "")
    assert "\x1b[" in aicodelint_command("scan").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in aicodelint_command("scan").out


def test_several_reports_each_to_its_own_place(aicodelint_command, repository: Path) -> None:
    outcome = aicodelint_command(
        "scan", "-f", "text", "--format=json", "-o", "out.json", "--format", "sarif", "--output=out.sarif", "-fjson-lines", "-oout.jsonl"
    )
    assert outcome.out.startswith(FINDING)
    assert [file["path"] for file in json.loads((repository / "out.json").read_text())["files"]] == ["ai.py", "human.py", "notes.md"]
    assert len((repository / "out.jsonl").read_text().splitlines()) == 3
    assert len(json.loads((repository / "out.sarif").read_text())["runs"][0]["results"]) == 1
    assert sorted(path.name for path in repository.iterdir()) == ["ai.py", "human.py", "notes.md", "out.json", "out.jsonl", "out.sarif"]


def test_a_second_run_gives_the_same_bytes_but_for_times(aicodelint_command, repository: Path) -> None:
    for _ in range(2):
        aicodelint_command("scan", "--format", "json", "--output", "report.json", "--format", "sarif")
        first = (repository / "report.json").read_text()
    outcome = aicodelint_command("scan", "--format", "json", "--output", "report.json", "--format", "sarif")
    second = (repository / "report.json").read_text()
    without_times = [text.rpartition('"seconds"')[0] for text in (first, second)]
    assert without_times[0] == without_times[1]
    assert outcome.out == aicodelint_command("scan", "--format", "sarif", "--output", "-", "--format", "json", "-o", "report.json").out


def test_a_failing_scan_leaves_files_as_they_were(aicodelint_command, repository: Path, rule_engine, monkeypatch) -> None:
    (repository / "old.json").write_text("old")

    def broken(snippets):
        yield from ()
        raise MemoryError

    monkeypatch.setattr(rule_engine, "judge", broken)
    outcome = aicodelint_command("scan", "--format", "json", "--output", "old.json", "--format", "sarif")
    assert outcome == (2, "", "error: out of memory\n")
    assert (repository / "old.json").read_text() == "old"
    assert sorted(path.name for path in repository.iterdir()) == ["ai.py", "human.py", "notes.md", "old.json"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_told(aicodelint_command, repository: Path) -> None:
    (repository / "locked").mkdir(mode=0o500)
    assert aicodelint_command("scan", "--output", "locked/x").code == 2


def test_an_impossible_output_is_told_before_anything_is_judged(aicodelint_command, rule_engine, repository: Path) -> None:
    for output in ("no/such/directory/x.json", ".", "ai.py/x"):
        outcome = aicodelint_command("scan", "--format", "json", "--output", output)
        assert (outcome.code, outcome.out) == (2, "")
        assert output in outcome.err
    assert rule_engine.judged == 0


def test_a_written_file_has_the_usual_mode_or_that_of_the_one_it_replaces(aicodelint_command, repository: Path) -> None:
    before = os.umask(0o022)
    try:
        aicodelint_command("scan", "--output", "new.txt")
        assert stat.S_IMODE((repository / "new.txt").stat().st_mode) == 0o644
        (repository / "new.txt").chmod(0o640)
        aicodelint_command("scan", "--output", "new.txt")
        assert stat.S_IMODE((repository / "new.txt").stat().st_mode) == 0o640
    finally:
        os.umask(before)


def test_output_through_a_link_and_to_a_device(aicodelint_command, repository: Path, tmp_path: Path) -> None:
    (repository / "link.txt").symlink_to(tmp_path / "target.txt")
    assert aicodelint_command("scan", "--output", "link.txt").code == 1
    assert (repository / "link.txt").is_symlink()
    assert (tmp_path / "target.txt").read_text().startswith("ai.py:1:1")
    assert aicodelint_command("scan", "--output", "/dev/null").code == 1


def test_a_full_disk_is_told(aicodelint_command) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    outcome = aicodelint_command("scan", "--format", "json", "--output", "/dev/full")
    assert outcome.code == 2
    assert outcome.err == "error: cannot write to /dev/full: No space left on device\n"


def test_stdin(aicodelint_command, repository: Path) -> None:
    text = (repository / "ai.py").read_bytes()
    assert aicodelint_command("scan", "-q", "--stdin-filename", "src/new.py", "-", stdin=text).out == FINDING.replace("ai.py", "src/new.py")
    assert aicodelint_command("scan", "-", stdin=b"").code == 0
    assert "1 too-big" in aicodelint_command("scan", "--max-file-size", "10", "--stdin-filename", "a.py", "-", stdin=text).out


def test_files_from(aicodelint_command, repository: Path) -> None:
    (repository / "list").write_text("human.py\nai.py\n")
    assert "Scanned 2 files" in aicodelint_command("scan", "--files-from", "list").out
    assert "Scanned 1 file:" in aicodelint_command("scan", "--files-from", "-", stdin=b"ai.py\0").out
    assert "Scanned 0 files" in aicodelint_command("scan", "--files-from", "-", stdin=b"").out


def test_configuration_of_the_repository(aicodelint_command, repository: Path) -> None:
    pyproject = repository / "pyproject.toml"
    pyproject.write_text('[tool.aicodelint]\nignore = ["Qwen"]\n')
    assert aicodelint_command("scan").code == 0
    assert aicodelint_command("scan", "--isolated").code == 1
    assert aicodelint_command("scan", "--ignore", "Phi").code == 1
    pyproject.write_text("[tool.aicodelint]\nthreshhold = 1\n")
    outcome = aicodelint_command("scan")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"error: {pyproject}: unknown key 'threshhold' (did you mean \"threshold\"?)\n"
    assert aicodelint_command("scan", "--isolated").code == 1


def test_inline_ignores_count_unless_isolated(aicodelint_command, repository: Path) -> None:
    with (repository / "ai.py").open("a") as file:
        file.write("# aicodelint: ignore-file[Qwen] -- generated on purpose\n")
    outcome = aicodelint_command("scan")
    assert (outcome.code, outcome.out.split(":")[1]) == (
        0,
        " 1 AI-generated (1 of them not reported), 1 human, 0 undetermined, 1 skipped (1 not-code)\n",
    )
    assert aicodelint_command("scan", "--isolated").code == 1


def test_a_nested_configuration_holds_for_its_own_files(aicodelint_command, repository: Path) -> None:
    inner = repository / "inner"
    (inner / "gen").mkdir(parents=True)
    for name in ("gen/a.py", "b.py", "c.py"):
        (inner / name).write_text((repository / "ai.py").read_text())
    (inner / "pyproject.toml").write_text('[tool.aicodelint]\nexclude = ["/gen"]\n[tool.aicodelint.per-file-ignores]\n"b.py" = ["AIC1"]\n')
    report = json.loads(aicodelint_command("scan", "--format", "json").out)
    told = {file["path"]: (file["status"], file["reason"] or file["suppressed"]) for file in report["files"]}
    assert told["inner/gen/a.py"] == ("skipped", "excluded")
    assert told["inner/b.py"] == ("ai", "config")
    assert told["inner/c.py"] == told["ai.py"] == ("ai", None)
    assert aicodelint_command("scan", "inner/gen/a.py").code == 1


def test_command_line_excludes_and_configured_ones_keep_their_own_roots(aicodelint_command, repository: Path, monkeypatch) -> None:
    (repository / "pyproject.toml").write_text('[tool.aicodelint]\nextend-exclude = ["/sub/a.py"]\n')
    (repository / "sub").mkdir()
    for name in ("a.py", "b.py", "c.py"):
        (repository / "sub" / name).write_text((repository / "ai.py").read_text())
    monkeypatch.chdir(repository / "sub")
    assert [line.split(":")[0] for line in aicodelint_command("scan", "-q", "--exclude", "/b.py").out.splitlines()] == ["c.py"]


def test_unreadable_files_are_told_and_a_scan_of_nothing_else_fails(aicodelint_command, repository: Path) -> None:
    os.mkfifo(repository / "pipe.py")
    assert "1 unreadable" in aicodelint_command("scan").out
    outcome = aicodelint_command("scan", "pipe.py")
    assert outcome.code == 2
    assert "1 unreadable" in outcome.out
    assert outcome.err == "error: no file could be read\n"


def test_hostile_names_reach_no_terminal_and_give_valid_json(aicodelint_command, repository: Path) -> None:
    hostile = os.fsencode(repository) + b"/\x1b[31m\xff\xe2\x80\xaexyp.py"
    with Path(os.fsdecode(hostile)).open("w") as file:
        file.write((repository / "ai.py").read_text())
    out = aicodelint_command("scan", "-q").out
    assert "\x1b" not in out
    assert "\u202e" not in out
    report = json.loads(aicodelint_command("scan", "--format", "json").out.encode("utf-8"))
    assert sum(file["status"] == "ai" for file in report["files"]) == 2


def test_engine_chunks_and_order_change_nothing(aicodelint_command, repository: Path, rule_engine) -> None:
    for number in range(12):
        (repository / f"f{number}.py").write_text((repository / ("ai.py" if number % 3 else "human.py")).read_text())
        (repository / f"g{number}.bin").write_bytes(b"\0\1")
    outputs = set()
    for chunk in (1, 5, 1000):
        rule_engine.chunk = chunk
        outputs.add(aicodelint_command("scan", "--format", "json-lines").out)
    assert len(outputs) == 1


def git(directory: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *identity, *arguments], cwd=directory, check=True, capture_output=True)


def test_staged_and_diff_look_at_the_change(aicodelint_command, repository: Path) -> None:
    git(repository, "init")
    git(repository, "add", "human.py")
    git(repository, "commit", "-m", "first")
    git(repository, "add", "ai.py")
    (repository / "ai.py").write_text("changed after it was staged\n")
    assert aicodelint_command("scan", "--staged", "-q").out == FINDING
    assert "Scanned 1 file" in aicodelint_command("scan", "--staged").out
    assert "Scanned 0 files" in aicodelint_command("scan", "--staged", "human.py").out
    git(repository, "checkout", "ai.py")
    assert aicodelint_command("scan", "--diff", "HEAD", "-q").out == FINDING
    git(repository, "commit", "-m", "second")
    assert aicodelint_command("scan", "--diff", "HEAD").code == 0
    assert aicodelint_command("scan", "--diff", "HEAD~1...HEAD", "-q").out == FINDING
    assert aicodelint_command("scan", "--diff", "nonsense").code == 2


def test_a_change_elsewhere_in_an_ai_file_is_no_finding_unless_whole_files_count(aicodelint_command, repository: Path) -> None:
    text = (repository / "ai.py").read_text() + (repository / "human.py").read_text() * 2
    (repository / "ai.py").write_text(text)
    git(repository, "init")
    git(repository, "add", "ai.py")
    git(repository, "commit", "-m", "first")
    lines = text.split("\n")
    lines[-3] += "  # touched"
    (repository / "ai.py").write_text("\n".join(lines))
    outcome = aicodelint_command("scan", "--diff", "HEAD")
    assert (outcome.code, outcome.out.split(",")[0]) == (0, "Scanned 1 file: 1 AI-generated (1 of them not reported)")
    assert aicodelint_command("scan", "--diff", "HEAD", "--whole-file").code == 1
    lines[4] += "  # touched"
    (repository / "ai.py").write_text("\n".join(lines))
    assert aicodelint_command("scan", "--diff", "HEAD", "-q").out.startswith("ai.py:5:1: AIC102")
