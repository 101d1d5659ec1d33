"""``--format``, for every verb that gives one report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])


def format_option(*more: str) -> Callable[[_F], _F]:
    """Return a decorator that adds ``--format`` (``-f``) with text, JSON and ``more``; the function takes it as ``form``."""
    return click.option("--format", "-f", "form", type=click.Choice(["text", "json", *more]), default="text", show_default=True, help="How to tell.")
