"""In figures, intervals stay within what is possible, and curves that coincide are both seen."""

import numpy as np
from matplotlib.figure import Figure
from pages import Structure

from firstmover.report.curves import Curve, Panel, _draw_group, draw, widths
from firstmover.report.pictures import Mark, learning_curves, value_bar

STEPS = np.arange(1.0, 11.0)
WIDE = np.tile([0.0, 1.0, 1.0], (10, 1))  # the interval of its mean goes beyond 1


def test_intervals_stay_within_what_is_possible() -> None:
    for possible, beyond in (((0.0, 1.0), False), (None, True)):
        axes = Figure().subplots()
        _draw_group(axes, Panel("", "", [Curve("one", STEPS, WIDE)], {}, possible), "")
        (band,) = axes.collections
        assert (band.get_paths()[0].vertices[:, 1].max() > 1) == beyond


def test_curves_that_coincide_are_both_seen() -> None:
    flat, other = np.zeros(10), np.linspace(1, 2, 10)
    assert widths([flat, other, flat, flat]) == [6.0, 1.5, 3.75, 1.5]
    meet = np.concatenate([other[:8], [0.0, 0.0]])  # the same in the end
    assert widths([flat, meet]) == [3.75, 1.5]
    assert widths([flat, other]) == [1.5, 1.5]
    assert widths([]) == []
    assert draw(Panel("t", "y", [Curve("one", STEPS, WIDE), Curve("two", STEPS, WIDE)], {}), "svg")


def test_pictures_of_a_page_are_small_and_say_what_they_show() -> None:
    bar = value_bar([Mark("this rule", 1.0, own=True), Mark("optimum", 1.0)], (0.5, 1.0), (0.0, 1.0), "profit")
    values = np.random.default_rng(0).uniform(0, 1, (3000, 200))
    curves = learning_curves(np.arange(3000.0), values, {"optimum": 1.0}, (0.0, 1.0), "profit")
    for picture in (bar, curves):
        structure = Structure()
        structure.feed(picture)
        assert structure.open == [] and structure.wrong == [] and structure.loads == []
        assert picture.startswith('<svg role="img" aria-label="')
        assert len(picture) < 100_000
    assert "this rule 1; optimum 1" in bar
    assert set(_ids(bar)).isdisjoint(_ids(curves))


def _ids(picture: str) -> list[str]:
    structure = Structure()
    structure.feed(picture)
    return structure.ids
