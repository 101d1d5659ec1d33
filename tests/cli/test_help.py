"""The examples in the help texts: they are there, they fit a terminal, and every one of them can be parsed."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from aicodelint.cli.main import cli

PAGES = (
    ("scan",),
    ("baseline",),
    ("baseline", "create"),
    ("baseline", "update"),
    ("hook",),
    ("hook", "install"),
    ("explain",),
    ("history",),
    ("train",),
    ("predict",),
)


def page(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> str:
    cli.main([*words, "--help"], prog_name="aicodelint", standalone_mode=False)
    return capsys.readouterr().out


def parse(command: click.Command, words: list[str]) -> None:
    context = command.make_context("aicodelint", words)
    if isinstance(command, click.Group):
        rest = [*context._protected_args, *context.args]
        inner = command.get_command(context, rest[0])
        assert inner is not None, rest
        parse(inner, rest[1:])


FORMATS = (
    ("baseline", "show"),
    ("cache", "info"),
    ("daemon", "status"),
    ("evaluate",),
    ("explain",),
    ("history",),
    ("models", "info"),
    ("models", "list"),
)


@pytest.mark.parametrize("words", FORMATS, ids=" ".join)
def test_format_is_the_same_option_everywhere(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(page(words, capsys).split())
    assert re.search(r"-f, --format \[text\|json(\|svg)?\] How to tell\. \[default: text\]", text)


@pytest.mark.parametrize("words", [("evaluate",), ("train",)], ids=" ".join)
def test_labels_are_said_to_be_thirteen(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert "1 to 13, the first ten as in the research task" in " ".join(page(words, capsys).split())


@pytest.mark.parametrize("words", PAGES, ids=" ".join)
def test_help_teaches_by_example(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    lines = page(words, capsys).splitlines()
    examples = [line.strip() for line in lines if re.match(r"  .*\baicodelint [a-z]+( |$)", line) and "'" not in line.partition("aicodelint ")[2]]
    assert examples
    for example in examples:
        command = re.split(r" {2,}|[<>]", example[example.index("aicodelint ") :])[0]
        parse(cli, shlex.split(command)[1:])
    assert max(map(len, lines)) <= 100
