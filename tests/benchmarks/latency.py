"""How long a person waits: whole processes, medians, next to what they should be compared with.

    python tests/benchmarks/latency.py [--model DIR] [--runs 20] [--output FILE.json]

Times ``aicodelint scan one_file``, five files in turn, cold (in process, no cache), warm (daemon) uncached and cached, next to ``python -c pass``,
``python -c 'import click'`` and the naive cold start (torch + transformers, the same encoder); then the throughput of 8 clients of one daemon
next to 8 scans in process at once. On Linux a warm scan is forked (see ``aicodelint.warm``). Exits with 1 if a requirement does not hold.
Commands take turns, so that a busy moment hits all alike.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
CLIENTS = 8
FILES_PER_CLIENT = 3
TYPICAL_FILES = 5
THROUGHPUT_RUNS = 3
FORK_SERVER_SECONDS = 10.0
SCAN = ("-m", "aicodelint", "scan", "--isolated", "--exit-zero", "--quiet", "--format", "json")
NAIVE = """
import sys, json
from pathlib import Path
import torch
from tokenizers import Tokenizer
from safetensors.torch import load_file
from transformers import T5Config, T5EncoderModel
bundle = Path(sys.argv[1])
config = bundle / "config.json"
model = T5EncoderModel(T5Config(**json.loads(config.read_text())) if config.exists() else T5Config()).eval()
if (bundle / "encoder.safetensors").exists():
    model.load_state_dict(load_file(bundle / "encoder.safetensors"), strict=False)
ids = Tokenizer.from_file(str(bundle / "tokenizer.json")).encode(Path(sys.argv[2]).read_text()).ids[:512]
with torch.inference_mode():
    model(input_ids=torch.tensor([ids])).last_hidden_state.mean(1)
"""


class Bench:
    """Directories, files and an environment for one run."""

    def __init__(self, root: Path, model: Path) -> None:
        self.root = root
        self.model = model.resolve()
        dropped = ("AICODELINT_", "XDG_", "CI", "PYTHON")  # PYTHONDONTWRITEBYTECODE too: what is installed is compiled
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        self.environment = {
            **kept,
            "PYTHONPATH": str(_copied_package(root)),
            "XDG_RUNTIME_DIR": str(root / "run"),
            "AICODELINT_CACHE_DIR": str(root / "cache"),
            "AICODELINT_STATE_DIR": str(root / "state"),
        }
        (root / "run").mkdir(mode=0o700)
        sources = sorted((REPOSITORY / "aicodelint").rglob("*.py"), key=lambda path: (path.stat().st_size, path))
        # Files of typical size, around the median of this package: of some the cheap witnesses are sure, about others the encoder is asked.
        middle = len(sources) // 2 - TYPICAL_FILES // 2
        self.typical = [Path(shutil.copy(source, root / f"typical{number}.py")) for number, source in enumerate(sources[middle:][:TYPICAL_FILES])]
        sources = sources[:: max(1, len(sources) // FILES_PER_CLIENT)][:FILES_PER_CLIENT]
        for client in range(CLIENTS):
            for number, source in enumerate(sources):
                copy = root / f"client{client}" / f"{number}.py"
                copy.parent.mkdir(exist_ok=True)
                copy.write_text(f"# {client}\n{source.read_text()}")

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, *arguments]
        return subprocess.Popen(command, env=self.environment, cwd=self.root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def seconds(self, *arguments: str) -> float:
        started = time.perf_counter()
        process = self.start(*arguments)
        if process.wait() != 0:
            raise SystemExit(f"failed: {' '.join(arguments)}")
        return time.perf_counter() - started

    def wait_for_fork_server(self) -> None:
        """The daemon starts it once its model is loaded."""
        deadline = time.monotonic() + FORK_SERVER_SECONDS
        while sys.platform == "linux" and not list((self.root / "run" / "aicodelint").glob("*.fork")):
            if time.monotonic() > deadline:
                raise SystemExit("failed: there is no fork server")
            time.sleep(0.1)

    def scan(self, *arguments: str) -> tuple[str, ...]:
        return (*SCAN, "--model", str(self.model), *arguments)

    def seconds_at_once(self, *options: str) -> float:
        started = time.perf_counter()
        processes = [self.start(*self.scan(*options, f"client{client}")) for client in range(CLIENTS)]
        if sum(process.wait() for process in processes):
            raise SystemExit("failed: scans at once")
        return time.perf_counter() - started


def _copied_package(root: Path) -> Path:
    """Copy the package: a daemon leaves when the working tree changes under it."""
    shutil.copytree(REPOSITORY / "aicodelint", root / "site" / "aicodelint")
    return root / "site"


def measure(bench: Bench, runs: int) -> dict[str, float]:
    """Return medians in seconds by name. The typical files take turns, and in a turn all scan the same."""
    for file in bench.typical:
        for command in _commands(bench, str(file)).values():
            bench.seconds(*command)  # byte code, disk cache, the daemon, the cached verdict
    bench.wait_for_fork_server()
    times: dict[str, list[float]] = {}
    for run in range(runs):
        for name, command in _commands(bench, str(bench.typical[run % TYPICAL_FILES])).items():
            times.setdefault(name, []).append(bench.seconds(*command))
    return {name: statistics.median(values) for name, values in times.items()}


def _commands(bench: Bench, one: str) -> dict[str, tuple[str, ...]]:
    return {
        "python -c pass": ("-c", "pass"),
        "python -c 'import click'": ("-c", "import click"),
        "scan, cold": bench.scan("--engine", "in-process", "--no-cache", one),
        "scan, warm, uncached": bench.scan("--engine", "daemon", "--no-cache", one),
        "scan, warm, cached": bench.scan("--engine", "daemon", one),
        "naive cold start": ("-c", NAIVE, str(bench.model), one),
    }


def measure_throughput(bench: Bench) -> dict[str, float]:
    """Return files per second of 8 scans at once, by engine; the engines take turns, the better run of each counts."""
    times: dict[str, list[float]] = {"daemon": [], "in-process": []}
    for _ in range(THROUGHPUT_RUNS):
        for engine, values in times.items():
            values.append(bench.seconds_at_once("--engine", engine, "--no-cache"))
    return {engine: CLIENTS * FILES_PER_CLIENT / statistics.median(values) for engine, values in times.items()}


def requirements(medians: dict[str, float], throughput: dict[str, float]) -> list[tuple[str, float, float]]:
    """Return what is required: a sentence, the figure, and the least it has to be."""
    uncached = medians["scan, warm, uncached"]
    return [
        (
            "import click, three times over, against the warm cached scan",
            3 * medians["python -c 'import click'"] / medians["scan, warm, cached"],
            1.0,
        ),
        ("cold scan against the warm uncached one", medians["scan, cold"] / uncached, 8.0),
        ("naive cold start against the warm uncached scan", medians["naive cold start"] / uncached, 40.0),
        ("8 clients of a daemon against 8 scans in process", throughput["daemon"] / throughput["in-process"], 2.0),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=REPOSITORY / "models" / "default")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--output", type=Path)
    given = parser.parse_args(arguments)
    root = Path(tempfile.mkdtemp(prefix="aic-", dir="/tmp"))
    bench = Bench(root, given.model)
    try:
        medians = measure(bench, given.runs)
        throughput = measure_throughput(bench)
    finally:
        bench.start("-m", "aicodelint", "daemon", "stop", "--all").wait()
        shutil.rmtree(root, ignore_errors=True)
    required = requirements(medians, throughput)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, medians over {given.runs} runs")
    for name, median in medians.items():
        print(f"{name:<28} {1000 * median:8.1f} ms")
    for engine, rate in throughput.items():
        print(f"{CLIENTS} scans at once, {engine:<12} {rate:8.1f} files/s")
    for sentence, figure, least in required:
        print(f"{'holds' if figure >= least else 'FAILS'}: {sentence}: {figure:.2f} (at least {least:g})")
    if given.output is not None:
        given.output.write_text(
            json.dumps({"milliseconds": {k: round(1000 * v, 2) for k, v in medians.items()}, "files_per_second": throughput}, indent=2)
        )
    return 0 if all(figure >= least for _, figure, least in required) else 1


if __name__ == "__main__":
    sys.exit(main())
