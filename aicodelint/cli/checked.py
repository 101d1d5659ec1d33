"""Options that are read as the configuration reads them: what is wrong there is wrong on the command line, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

_T = TypeVar("_T")


def checked(reader: Callable[[object], _T]) -> Callable[[click.Context, click.Parameter, Any], _T | None]:
    """Return a callback for an option that reads its value with ``reader``; what that raises as ``ValueError`` becomes a usage error."""

    def callback(ctx: click.Context, parameter: click.Parameter, value: Any) -> _T | None:
        try:
            return None if value is None else reader(value)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx=ctx, param=parameter) from None

    return callback
