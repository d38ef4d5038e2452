"""Trained followers: files, seeds, what they ask for, how good they become."""

import itertools
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from firstmover import design
from firstmover.core.commitment import table_of
from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.errors import InputError
from firstmover.evaluation.reply_quality import quality, rules_to_judge_by
from firstmover.followers import Contextual, Meta
from firstmover.followers.trained import network_bytes, read_networks
from firstmover.games import SimpleAllocation
from firstmover.games.iterated_matrix import IteratedMatrix
from firstmover.jobs.lessons import Pretraining
from firstmover.jobs.pretraining import pretrain
from firstmover.leaders import CommitmentGradient

pytestmark = pytest.mark.slow  # learning; `tests/contracts` and `tests/equilibria` hold the fast versions

GAME = IteratedMatrix("prisoners_dilemma")
RULES = np.array(list(itertools.product((0, 1), repeat=5)))
FAST = Pretraining(updates=20, contexts=4, draws=4)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory):
    file = tmp_path_factory.mktemp("followers") / "f.npz"
    return pretrain(GAME, seeds=3, out=file), file


def _strategies(followers, seed: int = 0) -> np.ndarray:
    problem = StackelbergPOMDP(GAME, followers, reward_episodes=1).of_seed(seed)
    reply = jax.vmap(lambda rule: problem.episode(table_of(GAME, rule), jax.random.key(0)).strategy.tables[0])
    return np.asarray(reply(jnp.asarray(RULES)))


def _earned(rule: np.ndarray, policy: np.ndarray) -> tuple[float, float]:
    """Both players' totals, played out by hand."""
    payoffs, seen, total = GAME.leader_payoffs, 0, np.zeros(2)
    for _ in range(10):
        a, b = rule[seen], policy[seen]
        total += (payoffs[a, b], GAME.follower_payoffs[a, b])
        seen = 1 + 2 * a + b
    return float(total[0]), float(total[1])


def test_contextual_followers_reply_exactly_to_every_rule(trained) -> None:
    """Against all 32 rules, by playing all 32 x 32 pairs out."""
    made, _ = trained
    shares = []
    for seed in range(3):
        policies = _strategies(made.followers, seed).argmax(-1)
        exact = [
            _earned(rule, policy)[1] >= max(_earned(rule, other)[1] for other in RULES) - 1e-9
            for rule, policy in zip(RULES, policies, strict=True)
        ]
        shares.append(np.mean(exact))
        assert made.quality["memoryless"]["exact"][seed] == pytest.approx(shares[-1])
    assert np.mean(shares) >= 0.97
    assert made.quality["rules"] == 32
    assert all(w >= m >= 0 for kind in ("memoryless", "timed") for m, w in zip(*_regrets(made, kind), strict=True))


def _regrets(made, kind: str) -> tuple[list, list]:
    return made.quality[kind]["mean_regret"], made.quality[kind]["worst_regret"]


def test_a_saved_follower_plays_the_same(trained) -> None:
    made, file = trained
    for seed in range(4):  # more seeds than networks: they are met in turn
        stored = Contextual(str(file))
        np.testing.assert_array_equal(_strategies(stored, seed), _strategies(made.followers, seed % 3))
    assert quality(GAME, _checked(Contextual(str(file))), seeds=3) == made.quality


def _checked(followers: Contextual) -> Contextual:
    followers.check(GAME)
    return followers


def test_each_seed_of_a_design_meets_its_own_follower(trained) -> None:
    made, file = trained
    found = design(GAME, followers=Contextual(str(file)), leader=CommitmentGradient(updates=30), seeds=3)
    np.testing.assert_allclose(found.learned_values, 6.0)
    for seed in range(3):
        rule = found.tables[seed]
        policy = _strategies(made.followers, seed)[(rule == RULES).all(1)][0]
        np.testing.assert_array_equal(np.asarray(found.plays.tables[0][seed]), policy)
    # 5 questions and 10 steps for each of the 32 episodes of 4 copies, and of the one that starts at the baseline.
    np.testing.assert_allclose(np.asarray(found.history.env_steps), (4 + 1) * 32 * 15)
    assert found.certificate["leader_value_bounds"]["best_response"] == [4.0, 4.0]
    assert found.certificate["epsilon"]["max"] == pytest.approx(1.0)


def test_the_order_of_questions_changes_nothing(trained, monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = trained
    before = _strategies(made.followers)
    order = np.array([3, 0, 4, 1, 2])
    asked, answered = Contextual.questions, Contextual.answered
    monkeypatch.setattr(Contextual, "questions", lambda self, game: asked(self, game)[order])
    monkeypatch.setattr(
        Contextual,
        "answered",
        lambda self, game, state, actions: answered(self, game, state, actions[np.argsort(order)]),
    )
    np.testing.assert_array_equal(_strategies(made.followers), before)


def test_training_is_a_function_of_the_seed() -> None:
    one, two = (pretrain(GAME, FAST, seeds=2, seed=5) for _ in range(2))
    for a, b in zip(jax.tree.leaves(one.followers.networks), jax.tree.leaves(two.followers.networks), strict=True):
        np.testing.assert_array_equal(a, b)
    other = pretrain(GAME, FAST, seeds=1, seed=6)
    first = jax.tree.leaves(other.followers.networks)[0][0]
    np.testing.assert_allclose(first, jax.tree.leaves(one.followers.networks)[0][1], rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_meta_learnt_followers_adapt() -> None:
    """A short training: replies are much better than chance, and depend on what was seen of the leader."""
    made = pretrain(GAME, Pretraining(updates=300, contexts=16, draws=16), followers=Meta(), seeds=2)
    uniform = np.mean(
        [np.mean([max(_earned(r, o)[1] for o in RULES) - _earned(r, p)[1] for p in RULES]) for r in RULES]
    )
    assert np.mean(made.quality["memoryless"]["mean_regret"]) < 0.15 * uniform
    assert len(np.unique(_strategies(made.followers).reshape(32, -1), axis=0)) > 3
    # Four sub-episodes of ten steps to adapt in, and as many draws as were asked for.
    assert made.env_steps == 300 * 16 * (16 * 10 + 4 * 10)


def test_training_goes_on_from_what_was_learnt(trained) -> None:
    """With a rate next to nothing the networks are what they were; another number of seeds meets them in turn."""
    made, file = trained
    still = Pretraining(updates=1, passes=1, learning_rate=1e-12)
    again = pretrain(GAME, still, followers=Contextual(str(file)), seeds=4, seed=50)
    for old, new in zip(
        jax.tree.leaves(made.followers.networks), jax.tree.leaves(again.followers.networks), strict=True
    ):
        np.testing.assert_allclose(new, np.asarray(old)[[0, 1, 2, 0]], atol=1e-6)
    assert again.followers.network == ""


def test_followers_learn_the_rules_that_they_shall_know_well() -> None:
    """Trained for one rule half of the time, they reply to it exactly, long before they do to most."""
    rule = np.array([1, 0, 1, 0, 1])  # defect first, then copy: always cooperating is the only best reply
    short = Pretraining(updates=4)
    known = pretrain(GAME, short, rules=rule[None], seeds=4)
    regret = quality(GAME, known.followers, seeds=4, rules=rule[None])["memoryless"]["mean_regret"]
    assert np.mean(regret) == 0
    assert np.mean(known.quality["memoryless"]["exact"]) < 0.95


def test_followers_that_act_once_can_be_trained_too() -> None:
    game = SimpleAllocation(3, 3)
    made = pretrain(game, Pretraining(updates=150, contexts=16, draws=16), seeds=1)
    assert made.quality is None
    problem = StackelbergPOMDP(game, made.followers, reward_episodes=30)
    came = problem.episode(table_of(game, jnp.array([2, 0, 1])), jax.random.key(1))
    np.testing.assert_array_equal(np.asarray(came.strategy.tables[0]).argmax(1), [1, 2, 0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"updates": 0}, "updates must be at least 1"),
        ({"contexts": 0}, "contexts must be at least 1"),
        ({"draws": 1}, "draws must be at least 2"),
        ({"passes": 0}, "passes must be at least 1"),
        ({"learning_rate": float("nan")}, "learning_rate must be a positive number"),
        ({"temperature": 0.0}, "temperature must be a positive number"),
    ],
)
def test_bad_settings(settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Pretraining(**settings)


def test_bad_files(tmp_path: Path, trained) -> None:
    made, file = trained
    with pytest.raises(InputError, match="exists; name a new file"):
        pretrain(GAME, FAST, out=file)
    with pytest.raises(InputError, match="cannot write"):
        pretrain(GAME, FAST, out=tmp_path / "none" / "f.npz")
    with pytest.raises(InputError, match="seeds must be at least 1"):
        pretrain(GAME, FAST, seeds=0)
    with pytest.raises(InputError, match="'firstmover pretrain' writes one"):
        StackelbergPOMDP(GAME, Contextual(str(tmp_path / "none.npz")), 1)
    with pytest.raises(InputError, match="of other sizes"):
        StackelbergPOMDP(IteratedMatrix(memory=2), Contextual(str(file)), 1)
    (tmp_path / "bad.npz").write_bytes(file.read_bytes()[:500])
    with pytest.raises(InputError, match="is damaged"):
        StackelbergPOMDP(GAME, Contextual(str(tmp_path / "bad.npz")), 1)
    (tmp_path / "meta.npz").write_bytes(network_bytes("meta", made.followers.networks))
    with pytest.raises(InputError, match="another kind: meta, not contextual"):
        read_networks(str(tmp_path / "meta.npz"), "contextual", made.followers.networks)
    with pytest.raises(InputError, match="not discrete"):
        from firstmover.games import Maintain

        rules_to_judge_by(Maintain("mixed"))
