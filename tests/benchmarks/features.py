"""Processor time of the cheap look at a file: ``python tests/benchmarks/features.py [WHERE] [--files N] [--bundle DIRECTORY]``.

WHERE is a directory (default: Python's standard library, whose files are long), or the labelled table, of which files of real repositories are
drawn. Prints milliseconds a file for lexing, features, trees, the gate as a whole (all three, and the combination of what the trees say) and, for
what the gate lets pass, n-grams. Asked for: a gate of at most 1 ms a file. Processor time, the best of several rounds, since other work on
the machine counts for nothing.
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
from aicodelint.detection.bundle import Bundle, default_path
from aicodelint.detection.family_networks import FAMILY_NETWORKS_FILE, FamilyNetworks
from aicodelint.detection.features import extract
from aicodelint.detection.gate import GATE_FILE, Trees
from aicodelint.detection.lexing import lex
from aicodelint.detection.ngrams import NgramWitnesses
from aicodelint.detection.stack import Stack
from aicodelint.detection.witnesses import CheapWitnesses
from aicodelint.finding import Snippet

ROUNDS = 7
MAX_BYTES = 100_000


def bodies(root: Path, pattern: str, count: int) -> list[Body]:
    """Return what is judged of ``count`` files below ``root``, spread evenly over their sorted paths; none is empty or huge."""
    paths = [path for path in sorted(root.rglob(pattern)) if path.is_file() and 0 < path.stat().st_size <= MAX_BYTES]
    chosen = paths[:: max(len(paths) // count, 1)][:count]
    language = "Python" if pattern == "*.py" else None
    return [Body.of(Snippet(path.read_text(encoding="utf-8", errors="replace"), language)) for path in chosen]


def drawn(table: Path, count: int) -> list[Body]:
    """Return what is judged of ``count`` files of real repositories, always the same."""
    import pandas as pd

    rows = pd.read_parquet(table, columns=["code", "language"], filters=[("group", "==", "wild")]).sample(count, random_state=1)
    return [Body.of(Snippet(code, language)) for code, language in zip(rows["code"], rows["language"], strict=True)]


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
    parser.add_argument("where", nargs="?", type=Path, default=Path(sysconfig.get_paths()["stdlib"]), help="a directory, or a labelled parquet table")
    parser.add_argument("--pattern", default="*.py", help="which files of a directory (default: *.py)")
    parser.add_argument("--files", type=int, default=400, help="how many (default: 400)")
    parser.add_argument("--bundle", type=Path, default=default_path(), help="default: the one that ships")
    arguments = parser.parse_args()
    where = arguments.where
    texts = drawn(where, arguments.files) if where.suffix == ".parquet" else bodies(where, arguments.pattern, arguments.files)
    if not texts:
        parser.error(f"no {arguments.pattern} below {where}")
    bundle = Bundle.open(arguments.bundle)
    trees, ngrams = Trees(bundle.read(GATE_FILE)), NgramWitnesses.load(bundle.read("ngrams.safetensors"))
    witnesses, gate = CheapWitnesses(trees, FamilyNetworks(bundle.read(FAMILY_NETWORKS_FILE)), ngrams), Stack.load(bundle.read("stack.json")).gate
    sizes = [len(body.text) for body in texts]
    lexed = [lex(body.text, body.language) for body in texts]
    features = [extract(text) for text in lexed]
    found: dict[str, float] = {
        "files": len(texts),
        "characters_mean": round(statistics.mean(sizes)),
        "characters_median": round(statistics.median(sizes)),
        "lex_ms": milliseconds(lambda: [lex(body.text, body.language) for body in texts], len(texts)),
        "features_ms": milliseconds(lambda: [extract(text) for text in lexed], len(texts)),
        "trees_ms": milliseconds(lambda: [trees.logits(values) for values in features], len(texts)),
        "gate_ms": milliseconds(lambda: [gate.logit(witnesses.glance(body.text, body.language).evidence) for body in texts], len(texts)),
        "ngrams_ms": milliseconds(lambda: [ngrams.logits(text) for text in lexed], len(texts)),
    }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
