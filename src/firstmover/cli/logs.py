"""`--log`: metrics for other programs, while a design learns."""

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from firstmover.interop.tensorboard import TensorBoard


def add_log(command: argparse.ArgumentParser) -> None:
    """Add `--log tensorboard`."""
    command.add_argument("--log", choices=("tensorboard",), help="write the metrics for it, in DIR/tensorboard")


def logged(options: argparse.Namespace, run: Path) -> "contextlib.AbstractContextManager[TensorBoard | None]":
    """The callback that the options ask for, which writes into the run folder; None if they ask for none.

    Raises:
        InputError: what it needs is not installed.
    """
    if options.log is None:
        return contextlib.nullcontext()
    from firstmover.interop.tensorboard import TensorBoard

    return TensorBoard(run / "tensorboard")
