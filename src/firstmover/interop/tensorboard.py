"""Metrics of a design for TensorBoard, written while it learns."""

from pathlib import Path
from types import TracebackType

import numpy as np

from firstmover.errors import InputError
from firstmover.leaders.base import Metrics

try:
    from tensorboardX import SummaryWriter
except ModuleNotFoundError:
    raise InputError("--log tensorboard needs tensorboardX: pip install 'firstmover[tensorboard]'.") from None


class TensorBoard:
    """A callback of `design`, and a context that ends with the last line written.

    Every metric is shown as its mean over the seeds that have not failed, and `evaluated`, what the rule learnt so far
    earns, of every seed beside it, by its position.

    Attributes:
        folder: where the events are written; it is made with the first.

    Example:
        >>> import tempfile
        >>> from firstmover import design
        >>> from firstmover.leaders import RandomSearch
        >>> with tempfile.TemporaryDirectory() as folder, TensorBoard(folder) as board:
        ...     made = design("escape", leader=RandomSearch(updates=2), seeds=1, optimum=False, callback=board)
        ...     board.written
        2
    """

    def __init__(self, folder: str | Path):
        """Events in this folder, beside those that it holds."""
        self.folder, self.written = Path(folder), 0
        self._writer: SummaryWriter | None = None

    def __call__(self, update: int, metrics: Metrics) -> None:
        """Write the metrics of an update."""
        if self._writer is None:
            self._writer = SummaryWriter(str(self.folder))
        for name, values in metrics._asdict().items():
            finite = np.asarray(values)[np.isfinite(values)]
            if len(finite):
                self._writer.add_scalar(f"mean/{name}", float(finite.mean()), update)
        for seed, value in enumerate(np.asarray(metrics.evaluated)):
            if np.isfinite(value):
                self._writer.add_scalar(f"evaluated/seed_{seed}", float(value), update)
        self.written += 1

    def __enter__(self) -> "TensorBoard":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()
