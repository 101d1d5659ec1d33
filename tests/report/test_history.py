from __future__ import annotations

from xml.etree import ElementTree

from aicodelint.history import Month
from aicodelint.report.history import months_svg, months_text


def test_the_table_has_a_bar_and_the_plot_is_an_image() -> None:
    months = [Month("2026-01", "a" * 40, 10, 0, 100, 0), Month("2026-02", "b" * 40, 10, 3, 100, 25), Month("2026-03", "c" * 40, 0, 0, 0, 0)]
    head, first, second, third = months_text(months)
    assert head.split() == ["month", "commit", "files", "AI", "lines", "AI", "lines", "share", "(a", "full", "bar:", "25.0%)"]
    assert (first.count("#"), second.count("#"), third.count("#")) == (0, 30, 0)
    assert second.split()[-2:] == ["25.0%", "#" * 30]
    image = ElementTree.fromstring(months_svg(months))
    heights = [float(bar.get("height")) for bar in image.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert heights == [0.0, 140.0, 0.0]
    assert ElementTree.fromstring(months_svg([])) is not None
