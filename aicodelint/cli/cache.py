"""``aicodelint cache``: look at, or forget, what scans remember."""

from __future__ import annotations

import json
import sqlite3
from typing import NoReturn

import click

from aicodelint.cli.format_option import format_option
from aicodelint.cli.say import tell
from aicodelint.errors import EngineError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cache() -> None:
    """Look at, or forget, the verdicts that scans remember. No source text is kept, only its hash."""


@cache.command()
@format_option()
def info(form: str) -> int:
    """Say where the cache is and how much it holds."""
    from aicodelint.engine.cache import cache_info

    try:
        found = cache_info()
    except (OSError, sqlite3.Error) as error:
        _fail(error)
    if form == "json":
        click.echo(json.dumps({"path": str(found.path), "entries": found.entries, "bytes": found.size, "limit_bytes": found.limit}, indent=2))
    else:
        tell(str(found.path))
        tell(f"{found.entries} verdicts, {found.size / 2**20:.1f} of {found.limit / 2**20:.0f} MiB")
    return 0


@cache.command()
def clear() -> int:
    """Forget every verdict."""
    from aicodelint.engine.cache import clear_cache

    try:
        clear_cache()
    except (OSError, sqlite3.Error) as error:
        _fail(error)
    click.echo("cleared")
    return 0


def _fail(error: Exception) -> NoReturn:
    raise EngineError(f"the cache cannot be used: {error}") from None
