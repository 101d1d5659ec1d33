from __future__ import annotations

import pytest

from aicodelint.cli.say import say, silent, tell

HOSTILE = "a\x1b[31m\u202eb\n"


def test_nothing_that_a_terminal_obeys_comes_through(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    tell(HOSTILE)
    assert capsys.readouterr() == ("a\\x1b[31m\\u202eb\\x0a\n",) * 2


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    silent(HOSTILE)
    assert capsys.readouterr() == ("", "")
