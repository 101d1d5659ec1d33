"""Jupyter notebooks: the code cells as one text, with the line of the ``.ipynb`` that each of its lines stands on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from aicodelint.discovery.decode import normalise_newlines
from aicodelint.discovery.names import EDITOR_MODES

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:,]', re.DOTALL)
_PYTHON_CELL_MAGICS = frozenset({"time", "timeit", "capture", "prun", "python", "python3", "pypy", "px", "memit", "mprun", "snakeviz"})
_KERNEL_LANGUAGES = {
    "ipython": "Python",
    "python3": "Python",
    "python2": "Python",
    "ir": "R",
    "c++11": "C++",
    "c++14": "C++",
    "c++17": "C++",
    "bash": "Shell",
    "node": "JavaScript",
}


class Notebook(NamedTuple):
    """The code of a notebook. ``line_numbers`` has the 1-based line of the file for each line of ``text``.

    ``language`` is None where the kernel's is unknown.
    """

    text: str
    line_numbers: tuple[int, ...]
    language: str | None


@dataclass(slots=True)
class _Cell:
    kind: str | None = None
    literals: list[tuple[str, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Container:
    is_object: bool
    key: str | None = None
    index: int = 0
    expects_key: bool = False


def read_notebook(raw: str) -> Notebook | None:
    """Return the code cells of a notebook's JSON, or None when it is no notebook. Linear in the size of ``raw``; never raises."""
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or not _has_cells(document):
        return None
    language = _language(document)
    lines: list[str] = []
    numbers: list[int] = []
    for cell in _cells(raw):
        if cell.kind != "code" or not cell.literals:
            continue
        kept = _without_magics(_lines(cell), language)
        if kept and lines:
            lines.append("")
            numbers.append(numbers[-1])
        for line, number in kept:
            lines.append(line)
            numbers.append(number)
    return Notebook("\n".join(lines), tuple(numbers), language)


def _has_cells(document: dict[str, object]) -> bool:
    sheets = document.get("worksheets")
    return isinstance(document.get("cells"), list) or (isinstance(sheets, list) and all(isinstance(sheet, dict) for sheet in sheets))


def _language(document: dict[str, object]) -> str | None:
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        return "Python"
    for section, key in (("language_info", "name"), ("kernelspec", "language"), ("kernelspec", "name")):
        values = metadata.get(section)
        name = values.get(key) if isinstance(values, dict) else None
        if isinstance(name, str) and name:
            return EDITOR_MODES.get(name.lower()) or _KERNEL_LANGUAGES.get(name.lower())
    return "Python"


def _cells(raw: str) -> Iterator[_Cell]:
    """Walk the tokens of valid JSON and yield its cells with their source literals and the lines these begin on."""
    stack: list[_Container] = []
    cell = _Cell()
    depth = 0
    line, counted = 1, 0
    for match in _TOKEN.finditer(raw):
        token = match[0]
        if token in "{[":
            if not depth and token == "{" and _is_cell_list(stack):
                cell, depth = _Cell(), len(stack) + 1
            if depth and len(stack) == depth and stack[-1].key in ("source", "input"):
                cell.literals.clear()
            stack.append(_Container(token == "{", expects_key=token == "{"))
        elif token in "}]":
            if depth and len(stack) == depth:
                yield cell
                depth = 0
            stack.pop()
        elif token == ",":
            stack[-1].index += 1
            stack[-1].expects_key = stack[-1].is_object
        elif token == ":":
            stack[-1].expects_key = False
        elif stack and stack[-1].expects_key:
            stack[-1].key = _string(token)
        elif depth and _is_source(stack, depth):
            line += raw.count("\n", counted, match.start())
            counted = match.start()
            if len(stack) == depth:
                cell.literals.clear()
            cell.literals.append((token, line))
        elif depth and len(stack) == depth and stack[-1].key == "cell_type":
            cell.kind = _string(token)


def _is_cell_list(stack: list[_Container]) -> bool:
    """The list that is the value of ``cells``: at the top of the document, or (format 3) of an element of ``worksheets``."""
    if len(stack) == 2:
        return stack[0].key == "cells" and not stack[1].is_object
    return len(stack) == 4 and stack[0].key == "worksheets" and stack[2].key == "cells" and not stack[3].is_object


def _is_source(stack: list[_Container], depth: int) -> bool:
    if stack[depth - 1].key not in ("source", "input"):
        return False
    return len(stack) == depth or (len(stack) == depth + 1 and not stack[-1].is_object)


def _string(token: str) -> str:
    value = json.loads(token)
    return value.encode("utf-8", "replace").decode("utf-8").replace("\0", " ") if isinstance(value, str) else ""


def _lines(cell: _Cell) -> list[tuple[str, int]]:
    """Return the lines of a cell's source, each with the line of the file where the literal begins that it begins in."""
    found: list[tuple[str, int]] = []
    parts: list[str] = []
    begun: int | None = None
    for token, number in cell.literals:
        pieces = normalise_newlines(_string(token)).split("\n")
        for position, piece in enumerate(pieces):
            if position:
                found.append(("".join(parts), number if begun is None else begun))
                parts, begun = [], None
            if piece:
                parts.append(piece)
                begun = number if begun is None else begun
    if parts:
        found.append(("".join(parts), begun or 1))
    return found


def _without_magics(lines: list[tuple[str, int]], language: str | None) -> list[tuple[str, int]]:
    """Drop what IPython runs and Python does not: shell lines, line magics, help requests and cells in another language."""
    if language != "Python" or not lines:
        return lines
    first = next((line for line, _ in lines if line.strip()), "")
    if first.startswith("%%"):
        words = first[2:].split()
        if not words or words[0] not in _PYTHON_CELL_MAGICS:
            return []
    return [(line, number) for line, number in lines if not _is_magic(line)]


def _is_magic(line: str) -> bool:
    bare = line.strip()
    return bare.startswith(("%", "!", "?")) or (bare.endswith("?") and not bare.startswith("#") and " " not in bare)
