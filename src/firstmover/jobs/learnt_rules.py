"""The rules of a run or of a file, for followers that shall know them well."""

from pathlib import Path

import numpy as np

from firstmover import files
from firstmover.errors import InputError
from firstmover.games.base import Game
from firstmover.jobs import build
from firstmover.jobs.finished import Design
from firstmover.rules.rule_files import read_rule_file


def learnt_rules(game: Game, path: str | Path) -> np.ndarray:
    """The rules of a run, one for each seed, or the rule of a rule file, as `pretrain` takes them.

    Raises:
        InputError: they cannot be read, or are for another game.
    """
    if files.is_folder(path):
        design = Design.load(path)
        other, rules = design.game, design.tables[np.isfinite(design.values)]
    else:
        rule, _ = read_rule_file(path)
        other, rules = rule.game, rule.actions[None]
    if build.as_stored(other) != build.as_stored(game):
        raise InputError(f"the rules of {path} are for another game, or for other parameters of {game.name}.")
    return rules
