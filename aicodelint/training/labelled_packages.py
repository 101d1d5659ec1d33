"""Rows from PyPI and npm packages whose files can be labelled: by their age, or by the notes for AI agents that lie beside the code.

    python -m aicodelint.training.labelled_packages --output work/packages.parquet

``labelled_packages.csv`` pins them: random packages begun since March 2025 whose archive holds CLAUDE.md, AGENTS.md, .cursor/ or the like
(``tool`` agent-notes), and random ones by people: releases of 2019 to October 2022 (``before-september-2022``) and releases from before May
2024 of packages begun after that (``before-agents``). They are fetched from the indexes that pip and npm are set up to use, must have the pinned
sha256, are read in memory and never unpacked or run. What has been fetched is kept beside the output and not fetched again.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from aicodelint.errors import AicodelintError
from aicodelint.training.package_index import download
from aicodelint.training.pretraining_archive import Document, documents
from aicodelint.training.pretraining_shards import text_digest
from aicodelint.training.pretraining_text import UnlabelledTable
from aicodelint.training.splits import HELD_OUT, LABELLED_PACKAGES

LIST = Path(__file__).with_name("labelled_packages.csv")
FILES_A_PACKAGE = 6
FILES_AN_OWNER = 8
CHARACTERS = (300, 40_000)
THREADS = 16
_WRITTEN_BY_TOOLS = re.compile(r"(^|/)(setup|conf|versioneer|_version)\.py$")


@dataclass(frozen=True, slots=True)
class Release:
    """One pinned release. ``owner`` is who is known to publish it (one owner is one source); ``family`` and ``tool`` as in the table of rows."""

    index: str
    name: str
    version: str
    sha256: str
    licence: str
    owner: str
    family: str
    tool: str
    date: str

    @property
    def source(self) -> str:
        """What rows of this release are split and weighed by."""
        return f"{self.index}:{self.owner or self.name}"


def read_releases(path: Path = LIST) -> list[Release]:
    """Return the releases that the CSV file ``path`` pins."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Release(**{field.name: row[field.name] for field in fields(Release)}) for row in csv.DictReader(file)]


def fetch_all(releases: Sequence[Release], folder: Path) -> list[str]:
    """Put the chosen files of each release into ``folder``, one JSON file a release; return a line for each that could not be had."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [release for release in releases if not _kept(release, folder).exists()]
    failures: list[str] = []
    with ThreadPoolExecutor(THREADS) as pool:
        for number, failure in enumerate(pool.map(lambda release: _fetch(release, folder), missing), 1):
            if failure:
                failures.append(failure)
            if number % 200 == 0:
                print(f"{number:,} of {len(missing):,} packages, {len(failures)} not to be had", file=sys.stderr, flush=True)
    return failures


def labelled_rows(releases: Iterable[Release], folder: Path, table: UnlabelledTable | None = None) -> pd.DataFrame:
    """Return the rows of what ``fetch_all`` has put into ``folder``, in the columns of the table of rows.

    Left out: texts that several owners have, packages and owners that ``table`` has rows of, and texts that stand in it.
    """
    found = []
    for release in releases:
        if table and (table.overlaps(release.name) or table.has_repository(release.owner, release.name)):
            continue
        if _kept(release, folder).exists():
            for path, language, text in json.loads(_kept(release, folder).read_text(encoding="utf-8")):
                found.append((release, path, language, text, text_digest(text)))
    owners: dict[str, set[str]] = {}
    for release, _, _, _, digest in found:
        owners.setdefault(digest, set()).add(release.source)
    rows, seen = [], set(table.digests if table else ())
    of_owner: Counter[tuple[str, str]] = Counter()
    for release, path, language, text, digest in found:
        if digest in seen or len(owners[digest]) > 1 or of_owner[release.source, release.tool] == FILES_AN_OWNER:
            continue
        seen.add(digest)
        of_owner[release.source, release.tool] += 1
        rows.append((f"{release.index}-{release.name}/{path}", text, language, release))
    return pd.DataFrame(
        {
            "sample_id": [hashlib.sha256(identity.encode()).hexdigest()[:16] for identity, _, _, _ in rows],
            "code": [text for _, text, _, _ in rows],
            "language": [language for _, _, language, _ in rows],
            "source": [release.source for *_, release in rows],
            "group": LABELLED_PACKAGES,
            "license": [release.licence for *_, release in rows],
            "family": [release.family for *_, release in rows],
            "generator": "",
            "tool": [release.tool for *_, release in rows],
            "date": [release.date for *_, release in rows],
            "problem_id": "",
            "quality": "file",
            "fold": 0,
        }
    )


def choose(found: Iterable[Document]) -> list[Document]:
    """Return a few files of one package: those in its rarer languages first, and else by a digest of their paths."""
    fit = [
        document
        for document in found
        if CHARACTERS[0] <= len(document.text) <= CHARACTERS[1] and not _WRITTEN_BY_TOOLS.search(document.path) and "\ufffd" not in document.text
    ]
    common = Counter(document.language for document in fit)
    fit.sort(key=lambda document: (common[document.language], hashlib.sha256(document.path.encode()).digest()))
    return fit[:FILES_A_PACKAGE]


def _kept(release: Release, folder: Path) -> Path:
    return folder / (re.sub(r"[^A-Za-z0-9.+-]", "_", f"{release.index}-{release.name}-{release.version}") + ".json")


def _fetch(release: Release, folder: Path) -> str:
    try:
        name, data = download(release.index, release.name, release.version, release.sha256)
        with tempfile.TemporaryDirectory() as place:
            archive = Path(place) / re.sub(r"[^A-Za-z0-9.+-]", "_", name)
            archive.write_bytes(data)
            chosen = choose(documents(archive, newest=None))
    except AicodelintError as error:
        return f"{release.name}: {error}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{release.name}: the index's answer makes no sense"
    unfinished = _kept(release, folder).with_suffix(".tmp")
    unfinished.write_text(json.dumps([(file.path, file.language, file.text) for file in chosen]), encoding="utf-8")
    unfinished.replace(_kept(release, folder))
    return ""


def main() -> int:
    """Fetch what is not there yet and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="a parquet file; what is fetched is kept in a folder beside it")
    parser.add_argument("--table", type=Path, help="leave out what stands in this table of labelled rows")
    arguments = parser.parse_args()
    releases, folder = read_releases(), arguments.output.with_suffix("")
    failures = fetch_all(releases, folder)
    rows = labelled_rows(releases, folder, None if arguments.table is None else UnlabelledTable(arguments.table, HELD_OUT))
    rows.to_parquet(arguments.output)
    print(f"{len(rows):,} files of {rows['source'].nunique():,} owners; {len(failures):,} of {len(releases):,} packages could not be had")
    for failure in failures[:20]:
        print(failure, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
