"""Heat maps of numbers over two axes, as CSV and as a picture."""

import io
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class HeatMap:
    """Numbers over two axes.

    Attributes:
        name: of its files.
        title: above it.
        xlabel, ylabel: what the axes are.
        xs, ys: what stands along them.
        values: the numbers.
        measured: what they are.
    """

    name: str
    title: str
    xlabel: str
    ylabel: str
    xs: tuple[str, ...]
    ys: tuple[str, ...]
    values: Float[np.ndarray, "ys xs"]
    measured: str

    def csv(self) -> str:
        """One line per cell.

        Example:
            >>> heat = HeatMap("h", "", "beta", "alpha", ("1",), ("2", "3"), np.array([[0.5], [0.75]]), "surplus")
            >>> heat.csv().splitlines()
            ['beta,alpha,surplus', '1,2,0.5', '1,3,0.75']
        """
        lines = [f"{self.xlabel},{self.ylabel},{self.measured}"]
        lines += [f"{x},{y},{self.values[j, i]:.9g}" for i, x in enumerate(self.xs) for j, y in enumerate(self.ys)]
        return "\n".join(lines) + "\n"

    def draw(self, kind: str) -> bytes:
        """The picture as a file of this kind, "png" or "svg"; needs no display."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(5.5, 4.6), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        image = axes.imshow(self.values, origin="lower", aspect="auto", cmap="cividis")
        axes.set_xticks(range(len(self.xs)), self.xs)
        axes.set_yticks(range(len(self.ys)), self.ys)
        middle = (np.min(self.values) + np.max(self.values)) / 2
        if self.values.size <= 100:
            for j, row in enumerate(self.values):
                for i, value in enumerate(row):
                    ink = "black" if value > middle else "white"
                    axes.text(i, j, f"{value:.3g}", ha="center", va="center", color=ink, fontsize=8)
        axes.set(title=self.title, xlabel=self.xlabel, ylabel=self.ylabel)
        figure.colorbar(image, label=self.measured)
        stream = io.BytesIO()
        figure.savefig(stream, format=kind, dpi=150)
        return stream.getvalue()
