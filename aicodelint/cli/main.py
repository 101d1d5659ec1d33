"""The command ``aicodelint``: finds the verb and runs it. A verb's module is imported only when it is called for."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, NoReturn

import click

from aicodelint import __version__
from aicodelint.cli.error_handler import FAILED, close_stdout, run

VERBS = {
    "baseline": "aicodelint.cli.baseline:baseline",
    "cache": "aicodelint.cli.cache:cache",
    "completion": "aicodelint.cli.completion:completion",
    "daemon": "aicodelint.cli.daemon:daemon",
    "evaluate": "aicodelint.cli.evaluate:evaluate",
    "explain": "aicodelint.cli.explain:explain",
    "history": "aicodelint.cli.history:history",
    "hook": "aicodelint.cli.hook:hook",
    "models": "aicodelint.cli.models:models",
    "predict": "aicodelint.cli.predict:predict",
    "scan": "aicodelint.cli.scan:scan",
    "train": "aicodelint.cli.train:train",
}


class Verbs(click.Group):
    """A group whose commands are imported on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the verbs."""
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the verb ``cmd_name``, or None."""
        if cmd_name not in VERBS:
            return None
        module, _, attribute = VERBS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.command(cls=Verbs, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="aicodelint", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Say which source files look AI-generated and which model family wrote them."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        ctx.exit(2)


def main() -> NoReturn:
    """Run the command line and exit: 0 nothing to report, 1 findings, 2 the job could not be done."""
    code = run(lambda: _exit_code(cli.main(prog_name="aicodelint", standalone_mode=False)))
    sys.exit(code if _is_flushed() else max(code, FAILED))


def _is_flushed() -> bool:
    """Say whether stdout took everything. What it did not take is dropped: the interpreter would try once more, and complain."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        close_stdout()
        return False
    return True


def _exit_code(returned: Any) -> int:
    return returned if isinstance(returned, int) else 0
