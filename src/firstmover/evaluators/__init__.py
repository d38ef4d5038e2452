"""How well a rule and the play under it can be known: chosen once, and from then on asked. Nothing here learns."""

from typing import TYPE_CHECKING

from firstmover.source import lazily

if TYPE_CHECKING:
    from firstmover.evaluators.base import Evaluator, Judge, Judged, Listing, Value
    from firstmover.evaluators.choice import Target, evaluator_for, judge_of, sampled_judge, steps_to_judge
    from firstmover.evaluators.induced import exact_table, induced_game, play_distribution, value_of
    from firstmover.evaluators.sampled import Sampled
    from firstmover.evaluators.state_table import solvable
    from firstmover.evaluators.status import EXACT, Known, Status
    from firstmover.evaluators.view import View

__all__ = [
    "EXACT",
    "Evaluator",
    "Judge",
    "Judged",
    "Known",
    "Listing",
    "Sampled",
    "Status",
    "Target",
    "Value",
    "View",
    "evaluator_for",
    "exact_table",
    "induced_game",
    "judge_of",
    "play_distribution",
    "sampled_judge",
    "solvable",
    "steps_to_judge",
    "value_of",
]

__getattr__, __dir__ = lazily(__name__)
