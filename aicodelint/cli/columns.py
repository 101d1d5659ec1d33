"""The options that name the columns of a table, for every verb that reads one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])
KINDS = {
    "code": "the code",
    "label": "the labels",
    "id": "the ids",
    "group": "what must not stand on both sides of a split (a repository, a task)",
    "language": "the languages",
    "source": "where a row comes from: a repository, a package, a benchmark",
    "date": "the dates, or the years",
}


def column_options(*kinds: str) -> Callable[[_F], _F]:
    """Return a decorator that adds ``--KIND-column`` for each of ``kinds``."""

    def decorate(function: _F) -> _F:
        for kind in reversed(kinds):
            function = click.option(f"--{kind}-column", metavar="NAME", help=f"The column that holds {KINDS[kind]}.")(function)
        return function

    return decorate


def needed(verb: str, error: ImportError) -> str:
    """Return the sentence that says what ``verb`` needs and which package is missing."""
    return f"aicodelint {verb} needs packages that are not installed ({error.name}): pip install 'aicodelint[train]'"
