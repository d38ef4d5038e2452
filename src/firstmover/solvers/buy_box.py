"""Buy boxes: the rule to beat."""

from firstmover.games.buy_box import BuyBox
from firstmover.games.display import fixed_rule
from firstmover.solvers.registry import Baseline, baseline

_WORDS = {
    "none": "everybody is shown",
    "lowest": "only the lowest price is shown",
    "pdp": "only the cheapest are shown",
    "block-equal": "everybody is shown unless all charge the same",
}


@baseline.register(BuyBox)
def status_quo(game: BuyBox) -> Baseline:
    """The market's own status quo, by its name."""
    name = game.given["status_quo"]
    return _WORDS.get(name, f"a cap on prices at {name}"), game, fixed_rule(game, name)
