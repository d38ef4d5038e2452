"""Two learners online: the loop counts what it should, and learners do what theory says of them."""

import json

import numpy as np
import pytest

from firstmover.cli import main
from firstmover.equilibria.manipulation import loss_to_manipulation
from firstmover.errors import InputError
from firstmover.games import NormalForm
from firstmover.jobs.two_learners import learn_online
from firstmover.online.followers import FOLLOWERS, FollowerUcb
from firstmover.online.leaders import LEADERS, Exp3, ExploreThenCommit, Ucb
from firstmover.online.learners import Table
from firstmover.online.meetings import checkpoints, meet
from firstmover.online.outcomes import Meeting

TABLE_1 = NormalForm([[0.3, 0.1], [0.2, 0.3]], [[0.1, 0.05], [1, 0.1]])
TABLE_2 = NormalForm([[0.95, 0.9], [1, 0]], [[0.3, 0.2], [0.8, 0.79]])


def _ucb_by_hand(table: Table, rounds: int) -> np.ndarray:
    """How often UCB against best replies plays every row where nothing is random (means of 0 and 1)."""
    replies = table.follower.argmax(axis=1)
    counts, sums = np.zeros(2), np.zeros(2)
    for _ in range(rounds):
        index = [sums[a] / counts[a] + np.sqrt(2 * np.log(rounds) / counts[a]) if counts[a] else 9e9 for a in (0, 1)]
        row = int(np.argmax(index))
        counts[row] += 1
        sums[row] += table.leader[row, replies[row]]
    return counts


def test_ucb_plays_what_it_plays_by_hand() -> None:
    table = Table(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    counts = meet([table], Ucb(), FOLLOWERS["best-response"](), rounds=300, seeds=1)[-1, 0, 0]
    assert counts.sum(axis=1) == pytest.approx(_ucb_by_hand(table, 300))
    assert (counts[:, 1] == 0).all()


def test_every_round_is_counted_and_seeds_differ() -> None:
    tables = [Table(*np.random.default_rng(s).random((2, 2, 2))) for s in range(2)]
    at = checkpoints(2000)
    assert at[-1] == 2000 and at[-2] == 1800 and (np.diff(at) > 0).all()
    counts = meet(tables, Exp3(), FollowerUcb(), rounds=2000, seeds=3)
    assert (counts.sum(axis=(3, 4)) == at[:, None, None]).all()
    assert len({counts[-1, 0, s].tobytes() for s in range(3)}) == 3
    # The same seed is the same run, alone or among others.
    alone = meet(tables[:1], Exp3(), FollowerUcb(), rounds=2000, seeds=1, seed=2)
    assert (alone[:, 0, 0] == counts[:, 0, 2]).all()


def test_rewards_have_the_means_of_the_table() -> None:
    # With a long exploration the row of the larger mean is found: the draws have the means, within their spread.
    table = Table(np.array([[0.45, 0.0], [0.55, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    counts = meet([table], ExploreThenCommit(100.0), FOLLOWERS["best-response"](), rounds=20_000, seeds=20)[-1, 0]
    assert (counts[:, 1].sum(axis=1) > 10_000).mean() >= 0.95


@pytest.mark.parametrize("leader", list(LEADERS))
def test_a_leader_learns_the_first_table_against_best_replies_and_is_led_by_manipulation(leader: str) -> None:
    honest = learn_online(TABLE_1, leader=leader, follower="best-response", rounds=100_000, seeds=4)
    assert honest.as_json()["last_tenth"]["share_of_se"] > 0.8
    led = learn_online(TABLE_1, leader=leader, follower="fbm", rounds=100_000, seeds=4).as_json()
    assert led["last_tenth"]["share_of_fbm"] > 0.8
    assert led["last_tenth"]["follower"] > 0.8  # a reward of 1 instead of 0.1


def test_two_ucb_learners_never_find_the_equilibrium_of_the_second_table() -> None:
    at = np.array([9_000, 10_000, 90_000, 100_000])
    table = Table(TABLE_2.leader_payoffs, TABLE_2.follower_payoffs[0])
    counts = meet([table], Ucb(), FollowerUcb(), rounds=100_000, seeds=5, at=at)
    regret = Meeting(table, at, counts[:, 0]).leader_regret
    late = (regret[3] - regret[2]) / 10_000
    assert late == pytest.approx(0.05, abs=0.01)  # linear: 1 - 0.95 lost in every round


def test_payments_beyond_the_unit_range_are_told_in_their_own_units() -> None:
    wide = NormalForm(TABLE_1.leader_payoffs * 100 - 7, TABLE_1.follower_payoffs[0] * 10 + 3)
    met = learn_online(wide, leader="exp3", follower="fbm", rounds=1000, seeds=2).as_json()
    assert met["se"] == pytest.approx([23, 4]) and met["fbm"] == pytest.approx([13, 13])
    assert 3 <= met["last_tenth"]["follower"] <= 13


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="unknown online leader 'ucv': did you mean 'ucb'"):
        learn_online(TABLE_1, leader="ucv")
    with pytest.raises(InputError, match="rounds must be from 10"):
        learn_online(TABLE_1, rounds=0)
    with pytest.raises(InputError, match="one follower"):
        learn_online(NormalForm(np.ones((2, 2, 2)), np.ones((2, 2, 2, 2))))
    with pytest.raises(InputError, match="width"):
        Ucb(width=float("nan"))


def test_the_command(tmp_path, capsys: pytest.CaptureFixture) -> None:
    game = tmp_path / "two.nfg"
    game.write_text('NFG 1 R "Table 2" { "L" "F" } { 2 2 } 0.95 0.3 1 0.8 0.9 0.2 0 0.79')
    picture = tmp_path / "curves.svg"
    arguments = ["online", str(game), "--leader", "ucb", "--follower", "fmucb", "-f", "width=0.1"]
    assert main([*arguments, "--rounds", "500", "--seeds", "2", "--out", str(picture), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert {"se", "fbm", "loss_to_manipulation", "rounds", "leader_regret", "follower_reward", "curves"} <= set(result)
    assert result["se"] == [1.0, 0.8] and result["rounds"] == 500 and len(result["leader_regret"]) == 2
    assert len(result["curves"]["rounds"]) == len(result["curves"]["average_regret"])
    assert b"<svg" in picture.read_bytes()
    assert main([*arguments, "--out", str(picture)]) == 2
    assert "takes a new file" in capsys.readouterr().err
    assert main(["online", "sequential-price"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_certify_says_the_loss_to_manipulation(tmp_path, capsys: pytest.CaptureFixture) -> None:
    rule = tmp_path / "rule.json"
    rule.write_text('{"game": "maintain", "parameters": {}, "rule": [{"when": {}, "do": {"action": 0}}]}')
    assert main(["certify", str(rule), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["loss_to_manipulation"]
    pays = np.array([[(20, 15), (0, 0), (0, 0)], [(30, 0), (10, 5), (0, 0)], [(0, 0), (0, 0), (5, 10)]], float)
    assert found == loss_to_manipulation(pays[..., 0], pays[..., 1]).as_json()
    assert main(["verify", str(tmp_path / "rule.certificate.json")]) == 0


@pytest.mark.slow
def test_exp3_against_ucb_plays_the_equilibrium_in_most_of_the_last_tenth() -> None:
    tables = [Table(*np.random.default_rng(s).random((2, 5, 5))) for s in range(25)]
    at = np.array([90_000, 100_000])
    counts = meet(tables, Exp3(), FollowerUcb(), rounds=100_000, seeds=5, at=at)
    met = [Meeting(table, at, counts[:, g]).as_json()["last_tenth"]["share_of_se"] for g, table in enumerate(tables)]
    assert np.mean(met) >= 0.8
