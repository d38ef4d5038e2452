"""Games with a table of their states (`registry.state_table`): exact dynamic programming, in float64 at the end.

The followers' play is compared with the best reply to the rule, which may know the state and the time. The interval of
the leader's value is over best replies: the worst and the best for the leader.
"""

import dataclasses

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from firstmover.core.plays import Play
from firstmover.core.rollout import Position
from firstmover.equilibria.markov_replies import best_response, play_values
from firstmover.errors import NO_NUMBER, InputError
from firstmover.evaluators.backward import expected_payoffs
from firstmover.evaluators.base import Evaluator, Judge, Judged, Listing, Regrets, Value
from firstmover.evaluators.markov_check import check_markov
from firstmover.evaluators.status import EXACT, Status
from firstmover.evaluators.view import View, unvisited
from firstmover.games.base import Game
from firstmover.solvers.registry import state_table

_UNPROVED = "no proof is given for followers that act in every step"


class StateTable(Evaluator, Judge):
    """Expects over all states."""

    @property
    def status(self) -> Status:
        return EXACT

    def value(self, view: View, play: Play, key: Key[Array, ""], exchange: int, start: Position | None = None) -> Value:
        answers = view.answers(jnp.asarray(self.game.observations()))
        reward = expected_payoffs(state_table(self.game), answers, play)[0]
        return Value(reward, ~unvisited(self.game), self.game.max_leader_decisions)

    def check(self, actions: np.ndarray) -> None:
        check_markov(self.game, state_table(self.game), solvable(self.game, actions))

    def measured(self, actions: np.ndarray, play: Play) -> float:
        self.check(actions)
        markov = state_table(self.game)
        return float(play_values(markov, solvable(self.game, actions), play.in_states(markov))[0])

    def regret(self, actions: np.ndarray, play: Play) -> float | None:
        """As the contract says; not known of several followers, nor where there are too many plans."""
        if self.game.n_followers > 1:
            return None
        markov, rule = state_table(self.game), solvable(self.game, actions)
        earned = play_values(markov, rule, play.in_states(markov))[1]
        try:
            best = best_response(markov, rule, "strong").followers[0]
        except NO_NUMBER:
            return None
        return max(0.0, float(best - earned))

    def by_type(self, actions: np.ndarray, play: Play) -> list[Float[np.ndarray, "types"]]:
        """As the contract says, of all types together: here they are part of the state."""
        markov = state_table(self.game)
        earned = play_values(markov, solvable(self.game, actions), play.in_states(markov))[1:]
        return [np.array([own]) for own in earned]

    def least(self, actions: np.ndarray) -> float:
        raise InputError("no least value is computed for followers that act in every step")

    def listing(self, actions: np.ndarray) -> Listing:
        raise InputError(_UNPROVED)

    def judged(self, actions: np.ndarray, play: Play, *, epsilon: float | None, unproved: str) -> Judged:
        """Everything by exact dynamic programming."""
        markov, rule = state_table(self.game), solvable(self.game, actions)
        joint = play.in_states(markov)
        value, *followers = play_values(markov, rule, joint).tolist()
        revenue = None
        if markov.transfers is not None:
            revenue = float(play_values(dataclasses.replace(markov, leader=markov.transfers), rule, joint)[0])
        bounds, reasons, regrets = None, [], Status("unknown", "no best reply is known")
        by_follower: list[list[float | None]] = [[None] for _ in followers]
        try:
            weak, strong = (best_response(markov, rule, ties) for ties in ("weak", "strong"))
            name = "best_response" if len(followers) == 1 else "stage_equilibrium"
            bounds = {name: (weak.leader, strong.leader)}
            if len(followers) == 1:
                by_follower, regrets = [[float(strong.followers[0]) - followers[0]]], EXACT
            else:
                reasons.append("regrets of several followers that act in every step are not computed")
                regrets = Status("unknown", reasons[-1])
        except NO_NUMBER as why:
            reasons.append(str(why))
        known = [regret for row in by_follower for regret in row if regret is not None]
        return Judged(
            value=value,
            welfare=float(sum(followers)) + (revenue or 0.0),
            revenue=revenue,
            epsilon=Regrets(by_follower, max(0.0, *known) if known else None),
            leader_value_bounds=bounds,
            leader_value_bounds_at_epsilon=None,
            bounds_epsilon=None,
            reason="; ".join([unproved, *reasons]),
            exact=True,
            confidence=None,
            sizes={"states": len(markov.start), "leader_observations": markov.n_observations},
            tolerance=1e-9,
            status={
                "value": EXACT,
                "epsilon": regrets,
                "bounds": Status("unknown", reasons[-1]) if bounds is None else EXACT,
            },
        )

    def best(self, actions: np.ndarray) -> tuple[float, str]:
        reply = best_response(state_table(self.game), solvable(self.game, actions), "strong")
        return reply.leader, "the best reply for the leader"


def solvable(game: Game, actions: np.ndarray) -> np.ndarray:
    """A rule's table as the exact solvers take it: an action for each observation, or a mixture of actions."""
    return np.stack([game.played(action) for action in actions]) if game.leader_space.continuous else actions
