"""What one rule is worth if payoffs are off: `certify --payoffs`."""

from pathlib import Path

from firstmover import files
from firstmover.errors import NO_NUMBER
from firstmover.evaluation.estimates import ExactFares, Fares, PayoffErrors
from firstmover.evaluation.responses import Responses
from firstmover.followers.base import Follower
from firstmover.interop.python_files import Code
from firstmover.jobs import build
from firstmover.jobs.finished import uncertified
from firstmover.jobs.records import read_result
from firstmover.jobs.runs import Run
from firstmover.json_types import JsonObject
from firstmover.rules.rule_files import read_rule_file


def when_off(
    path: str | Path, errors: PayoffErrors, *, followers: Follower | None = None, code: Code = None
) -> JsonObject:
    """What the rule of a run or a file is worth if payoffs are off and the followers, who know the true ones, adapt.

    Args:
        path: a run folder, or a rule file.
        errors: how the payoffs may be off.
        followers: who responds to the rule of a file, the game's usual model if not given; a run has its own.
        code: the file of a user's own game or followers, which is executed.

    Returns:
        As JSON values: `off_by`, `draws`, `seed`, `followers`, `value` (if the payoffs are as stated), `mean`,
        `interval`, `worst` (draw) and `guaranteed`: the least value against best replies, whatever errors of that size
        there are, ties against the leader; None where that is not known.

    Raises:
        InputError: there is no such run or rule, or its game is not given by tables of payoffs.
    """
    if files.is_folder(path):
        run = Run.open(path)
        loaded = uncertified(run, read_result(run), code)
        rule, model = loaded.rule.as_told(), loaded.followers
    else:
        rule, _ = read_rule_file(path, code)
        model = build.item_from("followers", rule.game.usual_followers, {}) if followers is None else followers
    drawn = Responses(rule.game, model, 1, errors.seed)
    value, *_ = drawn.cell(rule)
    try:
        guaranteed = ExactFares(rule.game, errors).of(rule.actions[0]).guaranteed
    except NO_NUMBER:  # several followers
        rule.game.payoff_tables()
        guaranteed = None
    fares = Fares.over(value, drawn.when_off(rule, errors), guaranteed)
    asked = {"off_by": errors.by, "draws": errors.draws, "seed": errors.seed}
    return {**asked, "followers": build.description(model), **fares.as_json()}
