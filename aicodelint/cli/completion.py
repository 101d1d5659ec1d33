"""``aicodelint completion``: what a shell needs to complete aicodelint's verbs and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

VARIABLE = "_AICODELINT_COMPLETE"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of SHELL.

    \b
    bash:  aicodelint completion bash >> ~/.bashrc
    zsh:   aicodelint completion zsh >> ~/.zshrc    (below compinit)
    fish:  aicodelint completion fish > ~/.config/fish/completions/aicodelint.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(ctx.find_root().command, {}, "aicodelint", VARIABLE).source())
