from __future__ import annotations

from aicodelint.training.seen import SOURCES, TEXTS, SeenBefore, seen_record

HEADER = "# Copyright 2020 Somebody\n# Licensed under the MIT License\n\n"


def _texts(start: int, count: int) -> list[str]:
    return [f"def f{number}(x):\n    return x + {number}\n" for number in range(start, start + count)]


def _look(record: dict[str, object] | None, texts: list[str], *names: str | None) -> SeenBefore:
    seen = SeenBefore({"training": {"seen": record} if record is not None else {}})
    for text in texts:
        seen.add(text, *names)
    return seen


def test_the_record_names_nobody_and_stays_small() -> None:
    record = seen_record(["secret/repository"] * 3, _texts(0, 5000))
    assert len(record["texts"]) == TEXTS
    assert len(record["sources"]) == 1
    assert "secret" not in str(record)
    assert len(str(record)) < 40_000
    assert len(seen_record([f"group {number}" for number in range(30_000)], [])["sources"]) == SOURCES


def test_the_same_texts_are_known_again_even_with_a_licence_header_and_other_line_ends() -> None:
    record = seen_record([], _texts(0, 300))
    assert _look(record, _texts(0, 50)).text_share == 1.0
    assert _look(record, [HEADER + text.replace("\n", "\r\n") for text in _texts(0, 50)]).text_share == 1.0
    assert _look(record, _texts(1000, 50)).text_share == 0.0


def test_a_sample_of_many_texts_tells_the_share_that_was_seen() -> None:
    record = seen_record([], _texts(0, 20_000))
    share = _look(record, _texts(18_000, 4000)).text_share
    assert 0.4 < share < 0.6
    assert _look(record, _texts(50_000, 4000)).text_share == 0.0


def test_sources_are_known_by_whatever_name_a_row_gives() -> None:
    record = seen_record(["a/a"], [])
    assert _look(record, ["x"] * 3, None, "a/a").source_rows == {"a/a": 3}
    assert _look(record, ["x"] * 3, "b/b", None).source_rows == {}


def test_an_older_bundle_names_its_sources_outright_and_one_without_a_record_knows_nothing() -> None:
    older = SeenBefore({"training": {"sources": ["wild"]}})
    older.add("x", "some/repository", "wild")
    assert older.known
    assert older.source_rows == {"wild": 1}
    assert not _look(None, []).known
    assert not SeenBefore({"training": "nonsense"}).known


def test_what_a_part_of_a_bundle_has_seen_the_bundle_has_seen() -> None:
    part = {"training": {"seen": seen_record(["a/a"], _texts(0, 300))}}
    older = {"training": {"sources": ["wild"]}}
    record = seen_record(["b/b"], _texts(1000, 300), part, older)
    for name in ("a/a", "b/b", "wild"):
        assert _look(record, ["x"], name).source_rows == {name: 1}
    assert _look(record, _texts(0, 100)).text_share == 1.0
    assert _look(record, _texts(1000, 100)).text_share == 1.0
    assert _look(record, _texts(2000, 100)).text_share == 0.0
    assert len(seen_record([], _texts(0, 3000), part)["texts"]) == TEXTS


def test_few_texts_are_not_lost_among_the_many_of_a_part() -> None:
    default = {"training": {"seen": seen_record([], _texts(0, 5000))}}
    own = seen_record([], _texts(10_000, 40), default, default)
    assert _look(own, _texts(10_000, 40)).text_share == 1.0
    assert _look(own, _texts(10_000, 40)).text_hits == 40
    assert _look(own, _texts(0, 2000)).text_share == 1.0
    assert _look(own, _texts(20_000, 2000)).text_share == 0.0
    assert len(str(own)) < 40_000
    trained_on_it = seen_record([], _texts(30_000, 3000), {"training": {"seen": own}}, default)
    for first in (0, 10_000, 30_000):
        assert _look(trained_on_it, _texts(first, 40)).text_hits > 0
    assert _look(trained_on_it, _texts(10_000, 40)).text_share == 1.0
