from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicodelint.discovery.decode import decode, normalise_newlines


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_unicode_with_and_without_mark(encoding: str) -> None:
    text = "def café():\n    return 'naïve'\n" * 5
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_utf16_mark_decides_byte_order(mark: bytes) -> None:
    assert decode(mark + "a = 1\n".encode("utf-16-le" if mark == b"\xff\xfe" else "utf-16-be")) == "a = 1\n"


def test_latin_1_keeps_its_letters() -> None:
    assert decode("# Übergröße, señor\n".encode("latin-1")) == "# Übergröße, señor\n"


def test_one_broken_byte_does_not_spoil_valid_utf8() -> None:
    assert decode("# naïve café — señor\n".encode() + b"\xff\n") == "# naïve café — señor\n\ufffd\n"


@pytest.mark.parametrize(
    "data", [b"\x7fELF\x02\x01\x01\0\0\0", b"a = 1\n\0", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", bytes(range(1, 32)) * 9, b"\0\1" * 90]
)
def test_binary(data: bytes) -> None:
    assert decode(data) is None


def test_cut_utf16_is_text_and_odd_zeros_are_binary() -> None:
    assert decode(b"\xff\xfe" + "x = 1\n".encode("utf-16-le") + b"\x41") is not None
    assert decode("x = 1\n".encode("utf-16-le") + b"\0") is None


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [("a\r\nb\r\n", "a\nb\n"), ("a\rb\r", "a\nb\n"), ("a\r\r\nb\n", "a \nb\n"), ("a\rb\nc\n", "a b\nc\n"), ("a\x0cb\n", "a\x0cb\n")],
)
def test_newlines(given_text: str, expected: str) -> None:
    assert normalise_newlines(given_text) == expected


@given(st.text(alphabet="ab\r\n", max_size=60))
def test_lines_keep_the_numbers_git_gives_them(text: str) -> None:
    if "\n" in text:
        assert normalise_newlines(text).count("\n") == text.count("\n")


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    text = decode(data)
    if text is not None:
        assert "\0" not in text
        assert "\r" not in text
        text.encode("utf-8")


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1))
def test_utf8_text_survives(text: str) -> None:
    assert decode(text.encode()) in (text, text.removeprefix("\ufeff"))
