"""The page about markets of one's own: its file runs as it stands."""

import re
from pathlib import Path

import numpy as np

from firstmover.evaluators import induced_game
from firstmover.games import Game
from firstmover.interop.python_files import class_named
from firstmover.rules.rule import Rule

PAGE = Path(__file__).parents[2] / "docs" / "own-market.md"


def test_the_pages_market_is_the_screening_shop(tmp_path) -> None:
    file, *_ = re.findall(r"```python\n(import jax.*?)```", PAGE.read_text(), re.S)
    (tmp_path / "shop.py").write_text(file)
    shop = class_named(f"{tmp_path / 'shop.py'}:Shop", Game)(keen=0.5)
    rule = Rule.read(shop, [{"when": {}, "do": {"basic price": 4.0, "full price": 8.0}}])
    finite = induced_game(shop, rule.actions)
    # Both types are as well off with the version made for them as with any other, and pay for it.
    np.testing.assert_allclose(finite.followers[0].max(axis=1), [0, 1])
    np.testing.assert_allclose(finite.leader[[0, 1], [1, 2]], [4, 7])
