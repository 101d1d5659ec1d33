"""``aicodelint hook``: puts a plain git hook into a repository, and takes it out again."""

from __future__ import annotations

import click

from aicodelint.cli.say import say


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def hook() -> None:
    """Judge what is about to be committed, by a plain git hook (without the pre-commit framework).

    \b
    aicodelint hook install                        stop commits that have findings
    aicodelint hook install --report               tell of findings, let the commit pass
    aicodelint hook install -- --threshold 0.99    with options of 'aicodelint scan'
    aicodelint hook uninstall
    """


@hook.command()
@click.option("--report", is_flag=True, help="Tell of findings but let the commit pass.")
@click.option("--shared", is_flag=True, help="Install even if core.hooksPath is set for all of this user's or system's repositories.")
@click.argument("scan_options", nargs=-1, type=click.UNPROCESSED)
def install(report: bool, shared: bool, scan_options: tuple[str, ...]) -> None:
    """Add aicodelint to this repository's pre-commit hook. Heeds core.hooksPath; an existing shell hook goes on working.

    SCAN_OPTIONS, after --, go to 'aicodelint scan'; installing again replaces them.

    \b
    aicodelint hook install
    aicodelint hook install --report -- --threshold 0.99 --show-source
    """
    from aicodelint.discovery.git import require_repository
    from aicodelint.git_hook import hook_place, this_command
    from aicodelint.git_hook import install as install_hook

    place = hook_place(require_repository("."))
    install_hook(place, [*(["--exit-zero"] if report else []), *scan_options], this_command(), shared=shared)
    say(f"installed in {place.file}")


@hook.command()
def uninstall() -> None:
    """Take aicodelint out of this repository's pre-commit hook, and leave the rest of it as it was."""
    from aicodelint.discovery.git import require_repository
    from aicodelint.git_hook import hook_place
    from aicodelint.git_hook import uninstall as uninstall_hook

    place = hook_place(require_repository("."))
    say(f"removed from {place.file}" if uninstall_hook(place) else f"nothing of aicodelint in {place.file}")
