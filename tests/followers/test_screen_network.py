"""Contextual followers that look at images."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover.errors import InputError
from firstmover.evaluation.reply_quality import quality
from firstmover.followers import Contextual
from firstmover.games import BulletTrade, Patrol
from firstmover.jobs.lessons import Pretraining
from firstmover.jobs.pretraining import pretrain

GAME = BulletTrade(wave=2, trades=2, steps=6, prices=(0.3, 1.0))


def test_images_show_what_the_follower_sees() -> None:
    images, which = GAME.follower_images(0)
    assert images.shape[1:] == (3 + GAME.trades, GAME.screen.rows + 1, GAME.screen.columns)
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == len(images)
    for observation in range(1, GAME.n_obs[0]):
        trade, first, age, ship = GAME.situation(observation)
        target, bullet, own, *offers = images[which[observation]]
        assert target[GAME.screen.target(max(age, 0), first)] == 1 and target.sum() == 1
        assert own[-1, ship] == 1 and bullet.sum() == (age >= 0)
        assert [bool(plane.all()) for plane in offers] == [age < 0 and k == trade for k in range(GAME.trades)]
    assert not images[which[0]].any()


def test_logits_follow_images_and_answers() -> None:
    followers = Contextual(images=True)
    networks = followers.untrained(GAME, jax.random.key(0))
    of = [followers.outputs(GAME, networks, jnp.array(answers))[0] for answers in ([0, 0], [1, 0])]
    assert of[0].shape == (GAME.n_obs[0], GAME.n_actions[0])
    assert not np.allclose(of[0], of[1])
    _, which = GAME.follower_images(0)
    waves = [o for o in range(GAME.n_obs[0]) if which[o] == which[-1]]
    assert len(waves) == GAME.trades  # the same wave, whichever trade it came of
    np.testing.assert_array_equal(of[0][waves[0]], of[0][waves[1]])
    with pytest.raises(InputError, match="shows its followers no images"):
        followers.refuse(Patrol())
    assert followers.kind != Contextual().kind


@pytest.mark.slow
def test_what_is_seen_helps_to_learn_to_shoot() -> None:
    made = pretrain(GAME, Pretraining(updates=30), followers=Contextual(images=True))
    assert made.quality is not None
    followers = Contextual(images=True)
    networks = jax.tree.map(lambda leaf: leaf[None], followers.untrained(GAME, jax.random.key(0)))
    before = quality(GAME, followers.having(networks))
    assert before is not None
    assert made.quality["timed"]["mean_regret"][0] < 0.3 * before["timed"]["mean_regret"][0]
