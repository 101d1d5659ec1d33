"""Draws packages whose files can be labelled, at random from all names of an index, by the rules of the list of ``labelled_packages``.

    python -m aicodelint.training.draw_packages --index pypi --seconds 900 --output drawn.csv
    python -m aicodelint.training.draw_packages --index npm --names names.json --seconds 900 --output drawn.csv

npm has no list of its names; its package ``all-the-package-names`` brings one. A package begun since March 2025 is kept where its newest release
holds notes for AI agents, an older one (one of sixteen) for its last release from before agents wrote files whole. Without a free licence none is.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import random
import re
import sys
import tarfile
import time
import urllib.parse
import zipfile
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from aicodelint.rules import HUMAN
from aicodelint.training.human_rows import BEFORE_AGENTS, BEFORE_MODELS
from aicodelint.training.labelled_packages import Release
from aicodelint.training.package_index import ANSWER_BYTES, ARCHIVE_BYTES, index_root, read_address
from aicodelint.training.pretraining_sources import FetchError

AGENTS_SINCE = "2025-03"
ONE_OF = 16
FEWEST_FILES = 12
"""Packages of npm with fewer files are hardly ever more than one compiled script, and most of what is published."""
THREADS = 24
_ERAS = (("2019-01", "2022-11", "2022-11", BEFORE_MODELS), ("2022-11", "2024-02", "2024-05", BEFORE_AGENTS))
"""First release from, and before; the last release that may be taken; how its rows are marked."""
_NOTES = re.compile(
    r"(?:^|/)(CLAUDE\.md|\.claude/|GEMINI\.md|\.gemini/|QWEN\.md|AGENTS\.md|\.codex/|\.cursorrules|\.cursor/|\.windsurfrules"
    r"|\.github/copilot-instructions\.md|\.aider|CRUSH\.md|\.roo/|\.kiro/)"
)
_FAMILIES = {"Anthropic": {"CLAUDE.md", ".claude/"}, "Gemini": {"GEMINI.md", ".gemini/"}, "Qwen": {"QWEN.md"}}
"""Who probably wrote a package whose notes are for one family's agent alone; others are of an unknown author."""
_FREE = re.compile(r"MIT|Apache|BSD|MPL|ISC|GPL|Unlicense|CC0|0BSD|Public Domain|Zlib")
_OWNER = re.compile(r"git(?:hub|lab)\.com[/:]([A-Za-z0-9-]+)/")


@dataclass(frozen=True, slots=True)
class _Version:
    date: str
    version: str
    address: str


def draw(index: str, name: str) -> Release | None:
    """Return the release of ``name`` that can be labelled, or None; raise ``FetchError`` where the index does not answer."""
    quoted = urllib.parse.quote(name, safe="@")
    place = f"pypi/{quoted}/json" if index == "pypi" else quoted
    answer = json.loads(read_address(f"{index_root(index)}/{place}", ANSWER_BYTES))
    versions, licence, places = (_from_pypi if index == "pypi" else _from_npm)(answer)
    if not versions:
        return None
    first, tool, latest = versions[0].date, "agent-notes", "9999"
    if first < AGENTS_SINCE:
        era = next((era for era in _ERAS if era[0] <= first < era[1]), None)
        if era is None or int(hashlib.sha256(name.encode()).hexdigest(), 16) % ONE_OF:
            return None
        latest, tool = era[2:]
    taken = [version for version in versions if version.date < latest]
    if not taken:
        return None
    data = read_address(taken[-1].address, ARCHIVE_BYTES)
    paths, manifest = _members(data)
    licence = licence or _free(manifest)
    notes = {match[1] for path in paths if (match := _NOTES.search(path))}
    if not licence or (tool == "agent-notes" and not notes):
        return None
    family = HUMAN if tool != "agent-notes" else next((family for family, own in _FAMILIES.items() if notes <= own), "Other")
    owner = _OWNER.search(places)
    return Release(
        index,
        name,
        taken[-1].version,
        hashlib.sha256(data).hexdigest(),
        licence,
        owner[1].lower() if owner else "",
        family,
        tool,
        taken[-1].date,
    )


def _from_pypi(answer: Mapping[str, Any]) -> tuple[list[_Version], str, str]:
    info = answer["info"]
    found = [
        _Version(file["upload_time_iso_8601"][:10], version, file["url"])
        for version, files in answer["releases"].items()
        for file in files
        if file["packagetype"] == "sdist" and not file.get("yanked")
    ]
    classifiers = [line for line in info.get("classifiers") or () if line.startswith("License")]
    licence = _FREE.search(" ".join([str(info.get("license_expression")), str(info.get("license"))[:60], *classifiers]))
    places = " ".join([str(info.get("home_page")), *map(str, (info.get("project_urls") or {}).values())])
    return sorted(found, key=lambda version: version.date), licence[0] if licence else "", places


def _from_npm(answer: Mapping[str, Any]) -> tuple[list[_Version], str, str]:
    versions = answer.get("versions") or {}
    found = [
        _Version(date[:10], name, versions[name]["dist"]["tarball"])
        for name, date in (answer.get("time") or {}).items()
        if name in versions and versions[name]["dist"].get("fileCount", FEWEST_FILES) >= FEWEST_FILES
    ]
    return sorted(found, key=lambda version: version.date), "", json.dumps(answer.get("repository"))


def _members(data: bytes) -> tuple[list[str], str]:
    """Return the paths in an archive below its top folder, and the text of its package.json."""
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as container:
            return [name.split("/", 1)[-1] for name in container.namelist()], ""
    paths, manifest = [], ""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for member in tar:
            paths.append(member.name.split("/", 1)[-1])
            if paths[-1] == "package.json" and member.isreg() and (content := tar.extractfile(member)):
                manifest = content.read(100_000).decode("utf-8", "replace")
    return paths, manifest


def _free(manifest: str) -> str:
    found = re.search(r'"license"\s*:\s*"([^"]{1,80})"', manifest)
    licence = _FREE.search(found[1]) if found else None
    return licence[0] if licence else ""


def _tried(index: str, name: str, until: float) -> Release | None:
    if time.monotonic() > until:
        return None
    try:
        return draw(index, name)
    except (FetchError, OSError, EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile, ValueError, KeyError):
        return None  # one name of many: another will do


def _names(index: str, given: Path | None) -> list[str]:
    if given is not None:
        found: list[str] = json.loads(given.read_text(encoding="utf-8"))
        return found
    if index != "pypi":
        raise FetchError("npm has no list of its names: give one with --names")
    return re.findall(r'href="(?:[^"]*/)?([A-Za-z0-9._-]+)/"', read_address(f"{index_root(index)}/simple/", 200_000_000).decode())


def main() -> int:
    """Draw for a while and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", choices=["pypi", "npm"], default="pypi")
    parser.add_argument("--names", type=Path, help="a JSON list of names, instead of all that the index has")
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    try:
        names = _names(arguments.index, arguments.names)
    except (FetchError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    # Far more than there is time for; all of them would fill the memory.
    names = random.Random(arguments.seed).sample(names, min(len(names), int(200 * arguments.seconds)))
    until = time.monotonic() + arguments.seconds
    with ThreadPoolExecutor(THREADS) as pool, arguments.output.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([field.name for field in fields(Release)])
        drawn = 0
        for release in pool.map(lambda name: _tried(arguments.index, name, until), names):
            if release is not None:
                table.writerow(astuple(release))
                drawn += 1
    print(f"{drawn:,} packages drawn")
    return 0


if __name__ == "__main__":
    sys.exit(main())
