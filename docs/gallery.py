"""Draw the pictures of docs/gallery.md again, with firstmover's own commands: `python docs/gallery.py`.

What each of them shows, and the command that draws it, stands in `PICTURES`. Few seeds, so that all take minutes.
"""

import shutil
import tempfile
from pathlib import Path

from firstmover.cli import main

HERE = Path(__file__).parent / "gallery"
# The picture's name, the command, and which of the files that it writes.
PICTURES = {
    "online": ("online maintain --rounds 20000 --seeds 5 --out {}/online.png", "online.png"),
    "newsvendor": ("online newsvendor --rounds 500 --seeds 5 --out {}/newsvendor.png", "newsvendor.png"),
}


def draw() -> None:
    """All pictures, each by its command."""
    HERE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, (command, picture) in PICTURES.items():
            if main(command.format(folder).split()):
                raise SystemExit(f"firstmover {command} failed")
            shutil.copyfile(Path(folder) / picture, HERE / f"{name}.png")


if __name__ == "__main__":
    draw()
