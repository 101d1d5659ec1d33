from __future__ import annotations

import os
import sys

import pytest

from aicodelint.warm.protocol import identity, pack, socket_path, stream_description, unpack


@pytest.mark.parametrize("parts", [[], [b""], [b"a", b"", b"\0" * 70_000]])
def test_what_is_packed_is_unpacked(parts: list[bytes]) -> None:
    packed = pack(parts)
    assert int.from_bytes(packed[:4], "big") == len(packed) - 4
    assert unpack(packed[4:]) == parts


@pytest.mark.parametrize("body", [b"\0", b"\0\0\0\2a", b"\xff\xff\xff\xffa"])
def test_what_is_cut_short_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="short"):
        unpack(body)


def test_an_identity_is_of_all_that_an_interpreter_starts_with(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {identity()}
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    found.add(identity())
    monkeypatch.setenv("LD_PRELOAD", "libfake.so")
    found.add(identity())
    monkeypatch.setattr(sys, "prefix", "/elsewhere")
    found.add(identity())
    monkeypatch.setattr(sys, "_xoptions", {"dev": True})
    found.add(identity())
    assert len({socket_path("/run", each) for each in found}) == 5
    monkeypatch.setenv("EDITOR", "vi")
    assert identity() in found
    assert all(len(os.path.basename(socket_path("/run", each))) == len("0123456789abcdef.fork") for each in found)  # noqa: PTH119


def test_streams_that_were_replaced_are_not_described(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, getattr(sys, f"__{name}__"))
    described = stream_description()
    assert described is not None and described.count(b"\n") == 2
    monkeypatch.setattr(sys, "stdout", sys.stderr)
    assert stream_description() is None
