"""Lines for people. Names come from tables, bundles and repositories, so nothing in them may reach a terminal that obeys it."""

from __future__ import annotations

import click

from aicodelint.report.base import printable


def say(message: str) -> None:
    """Write a line to stderr: what is told beside the result."""
    click.echo(printable(message), err=True)


def silent(message: str) -> None:
    """Stand in for ``say`` where nothing is to be said."""


def tell(line: str) -> None:
    """Write a line to stdout: a part of the result."""
    click.echo(printable(line))
