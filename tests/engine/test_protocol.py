from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicodelint.engine.protocol import MAX_FRAME_BYTES, FrameReader, ProtocolError, decode, difference, encode, identity, verdict_frame

texts = st.text(alphabet=st.characters(exclude_categories=()))
messages = st.dictionaries(texts, texts | st.integers() | st.none(), max_size=4).map(lambda message: {**message, "type": "t"})


@given(st.lists(messages, max_size=5), st.integers(1, 50))
def test_messages_arrive_whole_however_they_are_cut(sent: list[dict[str, object]], cut: int) -> None:
    stream = b"".join(encode(message) for message in sent)
    reader = FrameReader()
    received = [message for start in range(0, len(stream), cut) for message in reader.feed(stream[start : start + cut])]
    assert received == sent


@given(st.binary(max_size=200))
def test_any_bytes_give_messages_or_a_protocol_error(data: bytes) -> None:
    try:
        for message in FrameReader(100).feed(data):
            assert isinstance(message["type"], str)
    except ProtocolError:
        pass


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"type":1}', b"\xff\xfe", b"[" * 100_000, b'{"type":"a"', b"1" * 10_000])
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(body)


def test_a_frame_over_the_limit_is_neither_sent_nor_read() -> None:
    with pytest.raises(ProtocolError):
        encode({"type": "judge", "text": "x" * MAX_FRAME_BYTES})
    with pytest.raises(ProtocolError):
        list(FrameReader(10).feed((11).to_bytes(4, "big")))


def test_a_verdict_that_is_json_already_is_framed_like_any_message() -> None:
    assert list(FrameReader().feed(verdict_frame(7, "[0.5,null,[],false]"))) == [{"type": "verdict", "id": 7, "verdict": [0.5, None, [], False]}]


@pytest.mark.parametrize("field", ["protocol", "version", "fingerprint", "device"])
def test_hellos_differ_where_any_field_does(field: str) -> None:
    ours = identity("f", "cpu", "1.0")
    assert difference(ours, {**ours, "pid": 1}) is None
    assert difference(ours, {**ours, field: None}) == field
    assert difference(ours, {key: value for key, value in ours.items() if key != field}) == field
    assert difference(ours, {**ours, "protocol": True}) == "protocol"
