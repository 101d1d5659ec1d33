"""Peak memory of a scan of many files against one of few: ``python tests/benchmarks/memory.py [FILES]``. Required: at most 1.5 times as much."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

FEW = 1_000
CHARACTERS = 600


def samples() -> list[str]:
    """Return runs of lines of the standard library, about ``CHARACTERS`` long each."""
    found = []
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        run = ""
        for line in lines:
            run += line
            if len(run) >= CHARACTERS:
                found.append(run)
                run = ""
    return found


def make_tree(root: Path, files: int, texts: list[str]) -> Path:
    """Write ``files`` different Python files below ``root``, 200 to a directory."""
    for number in range(files):
        path = root / f"package_{number // 200:04}" / f"module_{number:05}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"number = {number}\n" + texts[number % len(texts)], encoding="utf-8")
    return root


def peak_megabytes(root: Path) -> tuple[float, dict[str, object]]:
    """Scan ``root`` in a process of its own, without daemon and cache; return its peak resident memory and the summary of its report."""
    report = root.parent / f"{root.name}.json"
    command = [sys.executable, "-m", "aicodelint", "scan", "--engine", "in-process", "--no-cache", "--exit-zero", "--format", "json"]
    process = subprocess.Popen([*command, "--output", str(report), str(root)])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"the scan failed with status {status}")
    return usage.ru_maxrss / 1024, json.loads(report.read_text())["summary"]


def main() -> None:
    """Scan both trees and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=int, nargs="?", default=20_000)
    many = parser.parse_args().files
    texts = samples()
    with tempfile.TemporaryDirectory() as directory:
        few_peak, few_summary = peak_megabytes(make_tree(Path(directory, "few"), FEW, texts))
        many_peak, many_summary = peak_megabytes(make_tree(Path(directory, "many"), many, texts))
    print(f"{FEW} files: {few_peak:.0f} MB, {few_summary}")
    print(f"{many} files: {many_peak:.0f} MB, {many_summary}")
    print(f"ratio {many_peak / few_peak:.2f} (required: at most 1.5)")


if __name__ == "__main__":
    main()
