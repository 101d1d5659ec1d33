"""The shipped bundle, from end to end: a finding keeps its identity while code moves down, in SARIF reports and in a baseline."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "aicodelint"
FILES = ("config.py", "policy.py", "detection/bundle.py", "report/sarif.py", "report/text.py", "training/gate.py", "training/tables.py")
LINES = 40
Findings = dict[str, tuple[str, str, int]]

Scan = Callable[..., subprocess.CompletedProcess[str]]


def project(directory: Path) -> Scan:
    """Make a directory of files that agents wrote, some of this package's own; return what runs the real command in it."""
    root = directory / "project"
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PACKAGE / name, root / name)
    environment = {**os.environ, "XDG_CONFIG_HOME": str(directory), "PYTHONPATH": str(PACKAGE.parent)}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "aicodelint", *arguments, "--engine", "in-process", "--no-cache"]
        return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=300)

    return run


@pytest.fixture
def scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scan:
    scan = project(tmp_path)
    monkeypatch.chdir(tmp_path / "project")
    return scan


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """What is found before anything moves."""
    found = findings(project(tmp_path_factory.mktemp("before"))("scan", "--format", "sarif"))
    assert len(found) >= 4, "too few of the files are called AI-generated for these tests to show anything"
    return found


def findings(done: subprocess.CompletedProcess[str]) -> Findings:
    """The rule, the fingerprint and the last line of each file's finding."""
    assert done.returncode in (0, 1), done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    found = {}
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        fingerprint = result["partialFingerprints"]["primaryLocationLineHash"]
        found[place["artifactLocation"]["uri"]] = (result["ruleId"], fingerprint, place["region"]["endLine"])
    assert len(found) == len(run["results"]), "one finding a file"
    return found


def human_lines() -> str:
    """Forty lines that people wrote: two methods of the standard library's ``cmd``, as a class of their own."""
    source = (Path(sysconfig.get_paths()["stdlib"]) / "cmd.py").read_text(encoding="utf-8").splitlines(keepends=True)
    start = next(number for number, line in enumerate(source) if line.startswith("    def cmdloop"))
    return "class Moved:\n" + "".join(source[start : start + LINES - 1])


def above_the_middle_function(text: str, block: str) -> str:
    """``text`` with ``block`` above the middle one of its functions and classes."""
    lines = text.splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines) if line.startswith(("def ", "class "))]
    at = starts[len(starts) // 2]
    while lines[at - 1].startswith("@"):
        at -= 1
    return "".join((*lines[:at], block, *lines[at:]))


FORMS: dict[str, Callable[[str], str]] = {
    "blank lines above everything": lambda text: "\n" * LINES + text,
    "blank lines above a function": lambda text: above_the_middle_function(text, "\n" * LINES),
    "comments above a function": lambda text: above_the_middle_function(text, "".join(f"# note {n}\n" for n in range(10)) + "\n" * (LINES - 10)),
    "other people's code above a function": lambda text: above_the_middle_function(text, human_lines()),
}


@pytest.mark.parametrize("form", FORMS)
def test_code_that_moves_down_keeps_its_fingerprint(scan: Scan, before: Findings, form: str) -> None:
    for name in before:
        path = Path(name)
        path.write_text(FORMS[form](path.read_text(encoding="utf-8")), encoding="utf-8")
    after = findings(scan("scan", "--format", "sarif"))
    assert len(after) >= 3, "the verdict changed with the text: that is not what this test is about"
    assert {name: found[1] for name, found in after.items()} == {name: before[name][1] for name in after}
    assert any(found[2] >= before[name][2] + LINES for name, found in after.items()), "nothing has moved"
    assert len({fingerprint for _, fingerprint, _ in after.values()}) == len(after)


def test_a_baseline_knows_what_moved_and_what_was_renamed(scan: Scan, before: Findings) -> None:
    created = scan("baseline", "create")
    assert created.returncode == 0, created.stderr
    for name in before:
        path = Path(name)
        moved = FORMS["blank lines above a function"](path.read_text(encoding="utf-8"))
        path.unlink()
        path.with_name(f"renamed_{path.name}").write_text(moved, encoding="utf-8")
    assert len(findings(scan("scan", "--format", "sarif"))) >= 3
    known = scan("scan", "--baseline", ".aicodelint-baseline.json", "--format", "text")
    assert (known.returncode, "AIC1" in known.stdout) == (0, False), known.stdout
