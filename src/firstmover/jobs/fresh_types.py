"""What a certificate is made of where types are drawn: the same rule, and the reply of participants drawn anew."""

from firstmover.core.plays import Play
from firstmover.errors import InputError
from firstmover.followers.base import Follower
from firstmover.jobs.respond import respond
from firstmover.rules.rule import Rule


def on_fresh_types(rule: Rule, play: Play, followers: Follower | None, seed: int = 0) -> tuple[Rule, Play]:
    """The rule in the game with another sample of types, and their reply; both as they are where types are listed.

    Raises:
        InputError: the play was stated, for a sample of types.
    """
    game = rule.game.drawn_anew()
    if game is rule.game:
        return rule, play
    if followers is None:
        raise InputError(
            f"the types of {game.name} are drawn, so that no list of them says how all play: leave out the play, or "
            "name the followers."
        )
    anew = Rule(game, rule.actions)
    return anew, respond(anew, followers, seed=seed)
