"""Processor time of the cheap look at a file: ``python tests/benchmarks/features.py [DIRECTORY] [--files N] [--bundle DIRECTORY]``.

Prints milliseconds a file for lexing, features, trees and, for what the gate does not settle, n-grams. Asked for: lexing, features and
trees together take at most 1 ms a file. Processor time, the best of several rounds, since other work on the machine counts for nothing.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

from aicodelint.detection.body import Body
from aicodelint.detection.bundle import Bundle
from aicodelint.detection.features import extract
from aicodelint.detection.gate import Trees
from aicodelint.detection.lexing import lex
from aicodelint.detection.ngrams import NgramWitnesses
from aicodelint.finding import Snippet

ROUNDS = 7
MAX_BYTES = 100_000


def bodies(root: Path, pattern: str, count: int) -> list[Body]:
    """Return what is judged of ``count`` files below ``root``, spread evenly over their sorted paths; none is empty or huge."""
    paths = [path for path in sorted(root.rglob(pattern)) if path.is_file() and 0 < path.stat().st_size <= MAX_BYTES]
    chosen = paths[:: max(len(paths) // count, 1)][:count]
    language = "Python" if pattern == "*.py" else None
    return [Body.of(Snippet(path.read_text(encoding="utf-8", errors="replace"), language)) for path in chosen]


def milliseconds(work: Callable[[], object], files: int) -> float:
    """Return the processor time of ``work`` a file, the best of ``ROUNDS``."""
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return round(1000 * best / files, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", nargs="?", type=Path, default=Path(sysconfig.get_paths()["stdlib"]), help="files to look at (default: stdlib)")
    parser.add_argument("--pattern", default="*.py", help="which files (default: *.py)")
    parser.add_argument("--files", type=int, default=400, help="how many (default: 400)")
    parser.add_argument("--bundle", type=Path, help="a bundle for the trees and n-grams; without it they are left out")
    arguments = parser.parse_args()
    texts = bodies(arguments.directory, arguments.pattern, arguments.files)
    if not texts:
        parser.error(f"no {arguments.pattern} below {arguments.directory}")
    sizes = [len(body.text) for body in texts]
    lexed = [lex(body.text, body.language) for body in texts]
    found: dict[str, float] = {
        "files": len(texts),
        "characters_mean": round(statistics.mean(sizes)),
        "characters_median": round(statistics.median(sizes)),
        "lex_ms": milliseconds(lambda: [lex(body.text, body.language) for body in texts], len(texts)),
        "features_ms": milliseconds(lambda: [extract(text) for text in lexed], len(texts)),
    }
    if arguments.bundle:
        bundle = Bundle.open(arguments.bundle)
        trees = Trees(bundle.read("gate.onnx"))
        ngrams = NgramWitnesses.load(bundle.read("ngrams.safetensors"))
        features = [extract(text) for text in lexed]
        found["trees_ms"] = milliseconds(lambda: [trees.logits(values) for values in features], len(texts))
        found["ngrams_ms"] = milliseconds(lambda: [ngrams.logits(text) for text in lexed], len(texts))
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
