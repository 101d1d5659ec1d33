"""How long one file takes from nothing: ``aicodelint scan`` against the naive cold start, each in fresh processes, in turns.

    python tests/benchmarks/cold_start.py [--model DIR] [--repeats 5]

The naive cold start imports torch and transformers, loads the same encoder and encodes the same file. Needs the ``train`` extra.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from aicodelint.detection.bundle import default_path

NAIVE = """
import sys
import torch
from tokenizers import Tokenizer
from transformers import T5EncoderModel
model = T5EncoderModel.from_pretrained(sys.argv[1]).eval()
tokenizer = Tokenizer.from_file(sys.argv[1] + "/tokenizer.json")
ids = torch.tensor([tokenizer.encode(open(sys.argv[2]).read()).ids[:512]])
with torch.no_grad():
    print(model(input_ids=ids).last_hidden_state.mean(1).sum())
"""


def seconds(command: list[str]) -> float:
    """Return the wall time of ``command``; raise if it fails (a scan with findings, exit code 1, does not)."""
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1}:
        raise RuntimeError(done.stderr)
    return time.perf_counter() - begin


def main() -> None:
    """Read the command line, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=default_path())
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for source, target in (("config.json", "config.json"), ("encoder.safetensors", "model.safetensors"), ("tokenizer.json", "tokenizer.json")):
            shutil.copy(arguments.model / source, folder / target)
        file = folder / "argparse.py"
        shutil.copy(argparse.__file__, file)
        scan = [sys.executable, "-m", "aicodelint", "scan", "--engine", "in-process", "--no-cache", "--model", str(arguments.model), str(file)]
        naive = [sys.executable, "-c", NAIVE, str(folder), str(file)]
        times = [(seconds(scan), seconds(naive)) for _ in range(arguments.repeats)]
    ours, theirs = (min(column) for column in zip(*times, strict=True))
    print(f"cold scan of one file {ours:.2f} s, naive cold start {theirs:.2f} s, ratio x{theirs / ours:.1f}")


if __name__ == "__main__":
    main()
