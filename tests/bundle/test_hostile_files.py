"""2,000 random, mutated and hostile files go through a scan with the shipped bundle: none is lost, each has a status, nothing crashes."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

FILES = 2_000
STATUSES = {"ai", "human", "undetermined", "skipped"}
SUFFIXES = (
    ".py",
    ".js",
    ".ts",
    ".java",
    ".c",
    ".h",
    ".cpp",
    ".cs",
    ".go",
    ".php",
    ".rb",
    ".rs",
    ".kt",
    ".swift",
    ".scala",
    ".sh",
    ".jl",
    ".ipynb",
    "",
)
PIECES = (
    '"',
    "'",
    "`",
    '"""',
    "'''",
    "/*",
    "*/",
    "//",
    "#",
    "\\",
    "\n",
    "\r",
    "\t",
    " " * 8,
    "{",
    "}",
    "(",
    "def f(x):\n    return x\n",
    "class A:\n",
    "//" * 40 + "\n",
    "\u202e",
    "\x1b[31m",
    "é",
    "漢字",
    "\ufeff",
    "0x" + "f" * 50,
    "a" * 300,
    "if (x) {\n  y();\n}\n",
    "<?php ",
    "=begin\n",
    "#!/bin/sh\n",
    "aicodelint: ignore\n",
    "# Copyright (c) 2020\n",
)


def ordinary(seed: random.Random) -> bytes:
    path = seed.choice([path for path in Path(json.__file__).parent.glob("*.py") if path.stat().st_size > 500])
    lines = path.read_bytes().splitlines(keepends=True)
    start = seed.randrange(len(lines))
    return b"".join(lines[start : start + seed.randrange(1, 40)])


def mutated(seed: random.Random) -> bytes:
    data = bytearray(ordinary(seed))
    for _ in range(seed.randrange(1, 20)):
        if data:
            data[seed.randrange(len(data))] = seed.randrange(256)
    return bytes(data)


def pieces(seed: random.Random) -> bytes:
    return "".join(seed.choices(PIECES, k=seed.randrange(200))).encode(seed.choice(("utf-8", "utf-8", "utf-16", "utf-8-sig")), "replace")


def repeated(seed: random.Random) -> bytes:
    return seed.choice(PIECES).encode() * seed.randrange(1, 200)


def noise(seed: random.Random) -> bytes:
    return seed.randbytes(seed.randrange(400))


def notebook(seed: random.Random) -> bytes:
    cells = [{"cell_type": "code", "source": seed.choice((["x = 1\n"] * 9, "y", None, 7, [1]))} for _ in range(seed.randrange(4))]
    return json.dumps({"cells": seed.choice((cells, None, 3)), "nbformat": 4}).encode()[: seed.choice((None, None, 40))]


MAKERS = (ordinary, mutated, pieces, repeated, noise, notebook)


def test_every_hostile_file_has_a_status(tmp_path: Path) -> None:
    seed = random.Random(20_26)
    root = tmp_path / "hostile"
    root.mkdir()
    for number in range(FILES):
        folder = root / f"{number // 100:02}"
        folder.mkdir(exist_ok=True)
        (folder / f"file {number}#é{seed.choice(SUFFIXES)}").write_bytes(seed.choice(MAKERS)(seed))
    (root / "loop").symlink_to(root)
    (root / "broken").symlink_to(tmp_path / "nowhere")
    (root / "one_line.js").write_bytes(b"x=[" + b"'" * 600_000)
    (root / "quotes.py").write_bytes(b'"""' * 200_001)
    report = tmp_path / "report.json"
    options = ["--engine", "in-process", "--no-cache", "--format", "json", "--output", str(report)]
    run = subprocess.run(
        [sys.executable, "-m", "aicodelint", "scan", *options, "hostile"], cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False
    )
    assert run.returncode in {0, 1}, run.stderr
    assert "Traceback" not in run.stderr
    files = json.loads(report.read_text(encoding="utf-8"))["files"]
    assert {file["status"] for file in files} <= STATUSES
    assert all(file["reason"] for file in files if file["status"] == "skipped")
    paths = Counter(file["path"] for file in files)
    assert len(paths) == len(files)
    assert sum("/file " in path for path in paths) == FILES
    assert {"hostile/one_line.js", "hostile/quotes.py", "hostile/loop", "hostile/broken"} <= set(paths)
    judged = [file for file in files if file["status"] != "skipped"]
    assert len(judged) > FILES / 4, "too few files were judged for this test to say anything"
    assert all(0 <= file["p_ai"] <= 1 for file in judged)
