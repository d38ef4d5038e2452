"""What contextual followers ask: everything, some observations that are chosen, or some that are drawn once."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover.core.commitment import table_of
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.errors import InputError
from firstmover.followers import Contextual
from firstmover.followers.trained import network_bytes
from firstmover.games import IteratedMatrix
from firstmover.jobs import build
from firstmover.spaces import Box, Branching, Discrete

GAME = IteratedMatrix("chicken", steps=2)


def untrained(followers: Contextual, game=GAME) -> Contextual:
    networks = followers.untrained(game, jax.random.key(0))
    return followers.having(jax.tree.map(lambda leaf: leaf[None], networks))


def asked(followers: Contextual, game=GAME) -> list[int]:
    return followers.questions(game)[:, 0].tolist()


def test_by_default_the_leader_is_asked_at_every_observation() -> None:
    assert asked(Contextual()) == [0, 1, 2, 3, 4]


def test_observations_to_ask_at_can_be_chosen_or_drawn() -> None:
    assert asked(Contextual(at=(3, 0))) == [3, 0]
    large = IteratedMatrix(memory=2)
    drawn = asked(Contextual(sample=7), large)
    assert drawn == sorted(set(drawn))
    assert len(drawn) == 7
    assert drawn == asked(Contextual(sample=7), large)


@pytest.mark.parametrize("at", [(3, 0), (1,)])
def test_replies_depend_on_the_answers_that_were_asked_for_only(at: tuple[int, ...]) -> None:
    followers = untrained(Contextual(at=at))
    problem = StackelbergPOMDP(GAME, followers, reward_episodes=1)
    reply = jax.jit(
        lambda rule: followers.logits(
            GAME,
            jax.tree.map(lambda leaf: leaf[0], followers.networks),
            problem.respond(table_of(GAME, rule), jax.random.key(0)).state,
        )[0]
    )
    base = np.asarray(reply(np.zeros(5, np.int32)))
    for row in range(5):
        changed = np.asarray(reply(np.eye(5, dtype=np.int32)[row]))
        assert np.array_equal(changed, base) == (row not in at)


def test_a_response_costs_as_many_steps_as_there_are_questions() -> None:
    for followers in (Contextual(), Contextual(at=(4, 2)), Contextual(sample=3)):
        problem = StackelbergPOMDP(GAME, untrained(followers), reward_episodes=1)
        response = problem.respond(table_of(GAME, jnp.zeros(5, jnp.int32)), jax.random.key(0))
        assert float(response.env_steps) == len(followers.questions(GAME))


def test_a_file_is_for_the_questions_that_it_was_trained_with(tmp_path) -> None:
    file = tmp_path / "f.npz"
    trained = untrained(Contextual(at=(0, 1)))
    file.write_bytes(network_bytes(trained.kind, trained.networks))
    StackelbergPOMDP(GAME, Contextual(str(file), at=(0, 1)), 1)
    for other in (Contextual(str(file), at=(1, 2)), Contextual(str(file), sample=2), Contextual(str(file))):
        with pytest.raises(InputError, match="holds trained followers of another kind: contextual asking at 0, 1"):
            StackelbergPOMDP(GAME, other, 1)


def test_a_saved_follower_plays_the_same_after_loading(tmp_path) -> None:
    file, made = tmp_path / "f.npz", untrained(Contextual())
    file.write_bytes(network_bytes(made.kind, made.networks))

    def played(followers: Contextual) -> np.ndarray:
        problem = StackelbergPOMDP(GAME, followers, reward_episodes=1)
        rules = jnp.asarray(list(np.ndindex(*[2] * 5)), jnp.int32)
        reply = jax.vmap(lambda rule: problem.episode(table_of(GAME, rule), jax.random.key(0)).strategy.tables[0])
        return np.asarray(reply(rules))

    np.testing.assert_array_equal(played(Contextual(str(file))), played(made))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"at": "0,0"}, "different numbers of observations"),
        ({"at": "-1"}, "different numbers of observations"),
        ({"sample": "-1"}, "sample must be 0"),
        ({"at": "1", "sample": "2"}, "not both"),
        ({"at": "a"}, "must be a whole number"),
    ],
)
def test_bad_questions(parameters: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        build.build("followers", "contextual", parameters)


@pytest.mark.parametrize("followers", [Contextual(at=(5,)), Contextual(sample=6)])
def test_questions_about_what_does_not_exist_are_refused(followers: Contextual) -> None:
    with pytest.raises(InputError, match="has 5 observations, fewer than are asked at"):
        StackelbergPOMDP(GAME, followers, 1)


def test_a_follower_is_checked_in_every_game_that_it_is_used_in(tmp_path) -> None:
    file, trained = tmp_path / "f.npz", untrained(Contextual())
    file.write_bytes(network_bytes(trained.kind, trained.networks))
    for followers in (Contextual(str(file)), trained):  # read, or given
        StackelbergPOMDP(GAME, followers, 1)
        for _ in range(2):
            with pytest.raises(InputError, match="was trained for a game of other sizes"):
                StackelbergPOMDP(IteratedMatrix("chicken", steps=2, memory=2), followers, 1)
        StackelbergPOMDP(GAME, followers, 1)


@pytest.mark.parametrize("space", [Discrete(3), Box(2, -1.0, 3.0), Branching(2, 2, 3), Branching(3, 2, None, 0.0, 5.0)])
def test_answers_are_told_apart(space) -> None:
    head = space.head()
    noise = jax.random.uniform(jax.random.key(0), (50, head.noise_size))
    outputs, mask = jnp.zeros(head.width), jnp.ones(space.mask_size, bool)
    actions = jax.vmap(lambda u: head.action(head.draw(outputs, mask, u)))(noise)
    features = jax.vmap(space.features)(actions)
    assert features.shape == (50, space.n_features)
    assert bool(jnp.all((features >= 0) & (features <= 1)))
    assert len(np.unique(np.asarray(features), axis=0)) == len(np.unique(np.asarray(actions), axis=0)) > 1
