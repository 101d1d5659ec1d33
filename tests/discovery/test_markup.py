from __future__ import annotations

from aicodelint.discovery.markup import read_scripts


def test_scripts_with_their_lines_and_language() -> None:
    text = "<template>\n<p/>\n</template>\n<script>\na\n</script>\n<script setup lang='ts'>b</script>\n"
    assert read_scripts(text) == ("\na\n\nb", (4, 5, 6, 7), "TypeScript")


def test_letters_that_grow_in_lower_case_move_nothing() -> None:
    assert len("İ".lower()) == 2
    assert read_scripts("<p>İİİİİİİİ</p>\n<script>let a = 1\n</script>\n<p>after</p>\n")[:2] == ("let a = 1\n", (2, 3))


def test_the_end_is_found_in_any_case_and_may_be_missing() -> None:
    assert read_scripts("<SCRIPT>a</ScRiPt>b")[0] == "a"
    assert read_scripts("<script>a</\u017fcript>b")[0] == "a</\u017fcript>b", "a long s is no s"
