"""What a design is made with where nobody says: by the size of the market, with the reason in words."""

from typing import NamedTuple

import numpy as np

from firstmover.catalogue import Parameters
from firstmover.errors import InputError
from firstmover.evaluators.forms import by_form
from firstmover.followers.base import Follower
from firstmover.games.base import Game
from firstmover.jobs.build import item_from

MOST_PROFILES = 50_000  # (type, action) profiles that are listed for every rule of every update without being asked to
_LEADER = "commitment-gradient"
_SAMPLED = 30  # sub-episodes that a rule is rewarded by, where followers are networks that play


class Usual(NamedTuple):
    """Followers and a leader by name, with their parameters, and why they were chosen.

    Attributes:
        followers: their name.
        followers_parameters: those that are not at their defaults.
        leader: its name.
        leader_parameters: those that are not at their defaults.
        why: the choice in words; None where it is nothing special.
    """

    followers: str
    followers_parameters: Parameters
    leader: str
    leader_parameters: Parameters
    why: str | None


def usual(game: Game) -> Usual:
    """What fits a game of this size.

    Small games are listed in full for every rule. Large ones, whose leader picks one of several like things, get a
    network that scores them, followers that learn from samples, and values and regrets from samples. Followers of games
    in steps are trained networks where the usual ones do not fit, such as those that plan on too many states.
    """
    plain = Usual(game.usual_followers, {}, game.usual_leader, game.usual_leader_parameters, None)
    in_steps = by_form(game, once=False, every_step=True, crowd=False)
    if in_steps:
        return _trained(game) or plain
    # In logarithms: the number of profiles of a hundred followers is no float.
    sizes = np.array([*game.n_types, *game.n_actions], float)
    profiles = float(np.sum(np.log(np.maximum(sizes, 1))))
    alike = len(set(game.n_types)) == 1 and len(set(game.n_actions)) == 1
    small = profiles <= np.log(MOST_PROFILES)
    if small or not game.n_option_features or not alike:
        return plain
    n = game.n_followers
    followers = {"rounds": 20 if game.alike else 40, "shared": game.alike, "asked": min(n, 4) if game.alike else 0}
    leader = {
        "policy": "options",
        "updates": 200 if n <= 4 else 500,  # entropy falls with them: after 300 six agents still learnt
        "epochs": 6,
        "entropy": 0.02,
        "reward_episodes": 64,
    }
    if n > 6:  # of twelve agents with three messages, three single copies in ten ended no better than without messages
        leader |= {"updates": 300, "restarts": 2}
    size = f"{np.exp(profiles):.3g}" if profiles < 690 else f"e^{profiles:.0f}"
    tables = "sharing one table since they are exchangeable" if game.alike else "with a table each"
    why = (
        f"{size} profiles of types and actions are too many to list for every rule: a network scores the options that "
        f"the leader picks from, followers learn from sampled rounds, {tables}, and final rules are judged on fresh "
        "samples"
    )
    return Usual("sampled-weights", followers, _LEADER, leader, why)


def _trained(game: Game) -> Usual | None:
    """Networks, in place of the usual followers of a game in steps that is too large for them.

    None where they fit, and where they are no followers for games in steps, which is for the user to hear.
    """
    planner: Follower = item_from("followers", game.usual_followers, {})
    if "every step" not in planner.acts:
        return None
    try:
        planner.check(game)
    except InputError as limit:
        looks = None not in map(game.follower_images, range(game.n_followers))
        why = (
            f"{str(limit).rstrip('.')}; so a network is trained first, for rules drawn at random, "
            f"{'looks at the screen ' if looks else ''}and replies, and rewards are sampled"
        )
        leader = {**game.usual_leader_parameters, "reward_episodes": _SAMPLED}
        return Usual("contextual", {"images": True} if looks else {}, game.usual_leader, leader, why)
    return None
