"""Charts as files."""

import numpy as np

from firstmover.report.charts import Chart, Series, chart_csv, draw_chart


def test_a_chart_is_drawn_with_its_labels_and_written_point_by_point() -> None:
    x = np.array([1.0, 10.0])
    series = [Series("found", x, np.array([0.5, 0.05]), "points"), Series("law", x, x, "steps")]
    chart = Chart("near", "Near", "households", "distance", series, logarithmic=True)
    assert chart_csv(chart).splitlines() == [
        "series,households,distance", "found,1,0.5", "found,10,0.05", "law,1,1", "law,10,10"
    ]  # fmt: skip
    assert draw_chart(chart, "png").startswith(b"\x89PNG") and draw_chart(chart, "svg").startswith(b"<?xml")
