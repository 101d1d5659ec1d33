from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import aicodelint
from aicodelint.cli.main import VERBS

PACKAGE_ROOT = Path(aicodelint.__file__).parent.parent
DRIVER = """
import sys, time
import aicodelint.scanning
from aicodelint.finding import Verdict
from aicodelint.model import Model, Thresholds
class Engine:
    name, device = "in-process", "cpu"
    model = Model("slow", "0" * 16, ("Qwen",), Thresholds(0.9, 0.5, 0.4))
    def judge(self, snippets):
        for snippet in snippets:
            time.sleep({pause})
            yield Verdict(0.99, None)
    def close(self): pass
aicodelint.scanning.open_configured_engine = lambda config, *sayers: Engine()
from aicodelint.cli.main import main
main()
"""


def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PACKAGE_ROOT), "XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config")}


def python(tmp_path: Path, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=cwd, env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def many(tmp_path: Path) -> Path:
    root = tmp_path / "many"
    root.mkdir()
    for number in range(60):
        (root / f"file_{number:03}.py").write_text("import os\n\n\ndef work(argument):\n    return os.path.join(argument, 'x')\n" * 3)
    return root


def test_python_dash_m_tells_the_version(tmp_path: Path) -> None:
    outcome = python(tmp_path, "-m", "aicodelint", "--version")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, f"aicodelint {aicodelint.__version__}\n", "")


def test_every_verb_can_be_loaded_and_helped(tmp_path: Path) -> None:
    for verb in ("", *VERBS):
        outcome = python(tmp_path, "-m", "aicodelint", *verb.split(), "-h")
        assert outcome.returncode == 0
        assert outcome.stdout.startswith("Usage: aicodelint")


def test_without_a_verb_or_with_a_wrong_one(tmp_path: Path) -> None:
    bare = python(tmp_path, "-m", "aicodelint")
    assert (bare.returncode, bare.stdout) == (2, "")
    assert "scan" in bare.stderr
    wrong = python(tmp_path, "-m", "aicodelint", "scna")
    assert (wrong.returncode, wrong.stdout, wrong.stderr) == (2, "", "error: No such command 'scna'. (see 'aicodelint --help')\n")


def test_starting_up_imports_next_to_nothing(tmp_path: Path) -> None:
    heavy = ("numpy", "onnxruntime", "torch", "transformers", "tokenizers", "pygments", "pathspec", "platformdirs", "json", "tomllib", "logging")
    code = f"import sys, aicodelint.cli.main as m; print([n for n in {heavy!r} if n in sys.modules and not n.startswith('json')])"
    assert python(tmp_path, "-c", code).stdout == "[]\n"
    code = f"import sys, aicodelint.cli.scan, aicodelint.scanning; print([n for n in {heavy[:6]!r} if n in sys.modules])"
    assert python(tmp_path, "-c", code).stdout == "[]\n"


def test_an_unexpected_fault_is_one_line_and_a_log_without_source(tmp_path: Path, many: Path) -> None:
    driver = DRIVER.format(pause=0).replace("yield Verdict", "raise ValueError(snippet.text)\n            yield Verdict")
    outcome = python(tmp_path, "-c", driver, "scan", cwd=many)
    assert (outcome.returncode, outcome.stdout) == (2, "")
    (log,) = (tmp_path / "state" / "aicodelint").iterdir()
    assert outcome.stderr == f"error: internal error: ValueError (details in {log})\n"
    told = log.read_text()
    assert "aicodelint/cli/scan.py:" in told
    assert "ValueError" in told
    assert "argument" not in told
    assert str(many) not in told


def test_a_reader_that_goes_away_is_no_fault(tmp_path: Path, many: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER.format(pause=0), "scan", "--format", "json-lines"],
        cwd=many,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_scan_leaves_nothing_behind(tmp_path: Path, many: Path, number: int, code: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER.format(pause=0.5), "scan", "--format", "json", "--output", "report.json"],
        cwd=many,
        env=environment(tmp_path),
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 30
    while not list(many.glob(".*.aicodelint-part")) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert list(many.glob(".*.aicodelint-part"))
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err.strip()) == (code, b"")
    assert [path.name for path in many.iterdir() if path.suffix != ".py"] == []


def test_a_non_utf8_terminal_gets_escapes_not_a_crash(tmp_path: Path, many: Path) -> None:
    (many / "é.py").write_text((many / "file_000.py").read_text())
    outcome = subprocess.run(
        [sys.executable, "-c", DRIVER.format(pause=0), "scan", "é.py"],
        cwd=many,
        env={**environment(tmp_path), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode == 1
    assert outcome.stdout.startswith(b"\\xe9.py:1:1: AIC100 ")
