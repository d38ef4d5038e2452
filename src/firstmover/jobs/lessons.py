"""What followers learn from when they are trained: leader policies drawn at random, and what pays against each.

In a context the leader's table is drawn at random, and the followers respond to it as they always do (they ask, or play
to adapt). Their tables are then drawn several times, half of them from what their networks make of the response and
half at random, and each set of tables plays one sub-episode. The networks then raise the likelihood
of what each table did where it came to, the more the better the table paid among those of its context. So the reply to
one leader is never judged by what replies to other leaders earn, and a good reply is learnt from when it is met by
chance: a plain policy gradient settles on what it found first, for good. What a table earned stays true whatever the
networks have become, so that contexts are kept and learnt from again.

Sources: Gerstgrasser and Parkes, "Oracles & Followers" (ICML 2023), section 4, for the setting; Peng et al.,
"Advantage-weighted regression" (2019), for learning by exponential weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, Key

from firstmover.core.commitment import draw_table, table_of
from firstmover.core.noise import Stream, inverse_cdf, stream
from firstmover.core.plays import Strategies
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.rollout import rollout
from firstmover.core.trees import FollowerState, OptState
from firstmover.errors import require
from firstmover.followers.trained import Networks, Trained
from firstmover.games.base import Game

_REMEMBERED = 100  # updates whose sub-episodes are learnt from again


@dataclass(frozen=True)
class Pretraining:
    """How a follower is trained.

    Attributes:
        updates: how often there is fresh play to learn from, at least 1.
        contexts: leader policies that are played against in an update, and learnt from in a step of Adam, at least 1.
        draws: sets of follower tables that are played against each, at least 2.
        passes: steps of Adam after each update, on contexts drawn from the last hundred updates, at least 1: play is
            dearer than learning, so what was played once is learnt from often.
        learning_rate: of Adam at the start, positive; it falls to nothing.
        temperature: by how much of its payoff range a table must earn more to count e times as much, positive.
    """

    updates: int = 20
    contexts: int = 16
    draws: int = 16
    passes: int = 20
    learning_rate: float = 0.01
    temperature: float = 0.01

    traced: ClassVar[tuple[str, ...]] = ("learning_rate", "temperature")

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a parameter is out of range.
        """
        for field, least in {"updates": 1, "contexts": 1, "draws": 2, "passes": 1}.items():
            require(getattr(self, field) >= least, f"{field} must be at least {least}", getattr(self, field))
        require(0 < self.learning_rate < float("inf"), "learning_rate must be a positive number", self.learning_rate)
        require(0 < self.temperature < float("inf"), "temperature must be a positive number", self.temperature)


class _Contexts(NamedTuple):
    """What was played against some leaders, [contexts, ...]."""

    states: FollowerState  # of the response
    # For each follower by how much its actions count, where its tables came to.
    targets: tuple[Float[Array, "contexts _observations _actions"], ...]


def random_leader(game: Game, key: Key[Array, ""], rules: Array | None = None) -> Array:
    """A leader's table, every possible action at every observation equally likely; or as often one of these rules."""
    head, observations = game.leader_space.head(), jnp.asarray(game.observations())
    masks = jax.vmap(game.leader_mask)(observations)
    raw = draw_table(head, jnp.zeros((game.n_observations, head.width)), masks, observations, key)
    drawn = jax.vmap(head.action)(raw)
    if rules is None:
        return drawn
    key_which, key_row = jax.random.split(jax.random.fold_in(key, 0))
    chosen = jnp.asarray(rules, drawn.dtype)[jax.random.randint(key_row, (), 0, len(rules))]
    return jnp.where(jax.random.bernoulli(key_which), chosen, drawn)


class Losses(NamedTuple):
    """Metrics of an update of a seed.

    Attributes:
        loss: minus the logarithm of the likelihood of what paid, weighted and summed over observations, the mean over
            the passes.
    """

    loss: Float[Array, ""]


class _State(NamedTuple):
    """Of a seed between updates."""

    networks: Networks
    adam: OptState
    memory: _Contexts  # of the last updates
    key: Key[Array, ""]
    step: Int[Array, ""]


Training = tuple[Callable[[Key[Array, ""], Networks], _State], Callable[[_State], tuple[_State, Losses]]]
"""How a seed starts, and an update of it."""


def training_of(game: Game, followers: Trained, settings: Pretraining, rules: Array | None = None) -> Training:
    """How the networks of a game's followers are trained: the state to start from, and an update of it.

    Both are for one seed, and pure functions of arrays.

    Args:
        game: the game.
        followers: their kind.
        settings: how to train.
        rules: of the leader, [rules, observations, ...], met half of the time; only random ones if not given.

    Returns:
        (key of the seed, networks to start from) -> state, and state -> (state, metrics).
    """
    problem = StackelbergPOMDP(game, followers, reward_episodes=1)
    optimiser = optax.adam(optax.linear_schedule(settings.learning_rate, 0.0, settings.updates * settings.passes))
    scale = jnp.asarray([max(high - low, 1e-9) for low, high in game.follower_payoff_ranges])

    def play(leader: Array, drawn: tuple[Array, ...], types: Array, chance: Array) -> tuple[Array, ...]:
        """What every follower earns in a sub-episode, and where it came to."""
        tables = tuple(jax.nn.one_hot(a, n) for a, n in zip(drawn, game.n_actions, strict=True))
        steps = rollout(game, table_of(game, leader), Strategies(tables), None, types, chance)
        acts = steps.followers_act.astype(float)
        visits = [jnp.zeros(n).at[steps.follower_obs[:, i]].max(acts[:, i]) for i, n in enumerate(game.n_obs)]
        return steps.follower_rewards.sum(0), *visits

    def played(networks: Networks, key: Key[Array, ""]) -> _Contexts:
        """Fresh contexts: leaders, the followers' responses, and what some of their tables earn."""
        keys = jax.random.split(key, 5)
        leaders = jax.vmap(lambda k: random_leader(game, k, rules))(jax.random.split(keys[0], settings.contexts))
        responses = jax.vmap(lambda leader, k: problem.respond(table_of(game, leader), k).state)
        states = responses(leaders, jax.random.split(keys[1], settings.contexts))
        logits = jax.vmap(lambda state: followers.logits(game, networks, state))(states)
        # Half of the tables explore: the networks alone would settle on what they happened to find first.
        explore = jnp.arange(settings.draws) < settings.draws // 2
        shape = settings.contexts, settings.draws, sum(game.n_obs)
        tables = _drawn(logits, jax.random.uniform(keys[2], shape), explore)
        types = jax.vmap(game.types.sample)(jax.random.uniform(keys[3], (settings.contexts, game.n_followers)))
        chance = jax.random.split(keys[4], settings.contexts)
        # Tables of one context are compared with each other only, in sub-episodes of the same types and chance.
        payoffs, *visits = jax.vmap(jax.vmap(play, (None, 0, None, None)))(leaders, tables, types, chance)
        share = jax.nn.softmax(payoffs / (settings.temperature * scale), axis=1)
        targets = tuple(
            jnp.einsum("cd,cdo,cdoa->coa", share[..., i], visits[i], jax.nn.one_hot(tables[i], n_actions))
            for i, n_actions in enumerate(game.n_actions)
        )
        return _Contexts(states, targets)

    def loss(networks: Networks, seen: _Contexts) -> Float[Array, ""]:
        logits = jax.vmap(lambda state: followers.logits(game, networks, state))(seen.states)
        total = jnp.float32(0)
        for own, target in zip(logits, seen.targets, strict=True):
            # What is impossible has a logarithm of minus infinity, and counts nothing.
            logp = jnp.where(target > 0, jax.nn.log_softmax(own), 0)
            total = total - jnp.sum(target * logp) / len(target)
        return total

    def start(key: Key[Array, ""], networks: Networks) -> _State:
        shapes = jax.eval_shape(played, networks, key)
        memory = jax.tree.map(lambda leaf: jnp.zeros((room * leaf.shape[0], *leaf.shape[1:]), leaf.dtype), shapes)
        return _State(networks, optimiser.init(networks), memory, stream(key, Stream.PRETRAINING), jnp.int32(0))

    def update(state: _State) -> tuple[_State, Losses]:
        networks, adam, memory, key, step = state
        key_play, key_pass = jax.random.split(jax.random.fold_in(key, step + 1))
        fresh = played(networks, key_play)
        at = jnp.mod(step, room) * settings.contexts
        memory = jax.tree.map(lambda old, new: jax.lax.dynamic_update_slice_in_dim(old, new, at, 0), memory, fresh)
        remembered = jnp.minimum(step + 1, room) * settings.contexts

        def once(carry: tuple[Networks, OptState], key: Key[Array, ""]) -> tuple[tuple[Networks, OptState], Array]:
            networks, adam = carry
            rows = jax.random.randint(key, (settings.contexts,), 0, remembered)
            value, gradient = jax.value_and_grad(loss)(networks, jax.tree.map(lambda leaf: leaf[rows], memory))
            change, adam = optimiser.update(gradient, adam)
            return (optax.apply_updates(networks, change), adam), value

        passes = jax.random.split(key_pass, settings.passes)
        (networks, adam), losses = jax.lax.scan(once, (networks, adam), passes)
        return _State(networks, adam, memory, key, step + 1), Losses(losses.mean())

    room = min(settings.updates, _REMEMBERED)
    return start, update


def _drawn(
    logits: tuple[Float[Array, "contexts _observations _actions"], ...],
    uniform: Float[Array, "contexts draws u"],
    explore: Bool[Array, "draws"],
) -> tuple[Int[Array, "contexts draws _observations"], ...]:
    """An action for every follower at every observation, by inversion; all equally likely in draws that explore."""
    drawn, start = [], 0
    for own in logits:
        noise = uniform[..., start : start + own.shape[1]]
        start += own.shape[1]
        probabilities = jnp.where(explore[:, None, None], jnp.isfinite(own)[:, None], jax.nn.softmax(own)[:, None])
        drawn.append(jax.vmap(jax.vmap(jax.vmap(inverse_cdf)))(probabilities, noise))
    return tuple(drawn)


def training_steps(game: Game, followers: Trained, settings: Pretraining) -> int:
    """Environment steps that one seed of these followers takes in training."""
    leader, key = random_leader(game, jax.random.key(0)), jax.random.key(0)
    response = StackelbergPOMDP(game, followers, reward_episodes=1).respond(table_of(game, leader), key)
    each = settings.draws * game.max_leader_decisions + float(response.env_steps)
    return round(settings.updates * settings.contexts * each)
