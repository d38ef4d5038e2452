"""Designs for several models of the followers at once (`target=behaviours`)."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import firstmover
from firstmover.cli import main
from firstmover.core.commitment import table_of
from firstmover.errors import InputError
from firstmover.followers import BestResponse, Logit, named
from firstmover.followers.named import named_followers
from firstmover.games import Agrawal, Maintain
from firstmover.leaders import CommitmentGradient

SET = "best-response:ties=weak,logit:rationality=3"


def test_an_episode_is_worth_the_worst_or_the_mean_of_what_each_model_leaves() -> None:
    game, key = Maintain("mixed"), jax.random.key(0)
    alone = [
        CommitmentGradient().problem(game, model).episode(_rule(game), key).reward
        for model in (BestResponse("weak"), Logit(rationality=3.0))
    ]
    both = {}
    for over in ("worst", "mean"):
        leader = CommitmentGradient(target="behaviours", behaviours=SET, over=over)
        episode = leader.problem(game, BestResponse()).episode(_rule(game), key)
        both[over] = float(episode.reward)
    mean = float(np.mean(alone))
    assert abs(alone[0] - alone[1]) > 0.01
    assert both["mean"] == pytest.approx(mean, rel=1e-5)
    assert both["worst"] == pytest.approx(0.99 * float(min(alone)) + 0.01 * mean, rel=1e-5)


def _rule(game: Maintain) -> object:
    return table_of(game.standardised, jnp.array([[0.3, 0.7, 0.0]]))


@pytest.mark.parametrize("game", [Maintain("mixed"), pytest.param(Agrawal(), marks=pytest.mark.slow)])
def test_a_design_for_the_worst_of_two_is_worth_it_to_each(game) -> None:
    """What the run says of its rule is what the matrix measures anew."""
    leader = CommitmentGradient(updates=40, restarts=2, target="behaviours", behaviours=SET)
    asked = {"followers": BestResponse("weak"), "leader": leader, "seeds": 1, "optimum": False}
    design = firstmover.design(game, **asked)
    models = [BestResponse("weak"), Logit(rationality=3.0)]
    found = firstmover.evaluate(design, followers=models, seeds=1, optimum_seconds=0)
    worst, mean = found.value[0].min(), found.value[0].mean()
    assert design.worst_values[0] == pytest.approx(0.99 * worst + 0.01 * mean, rel=1e-6)  # 32 bit
    assert found.value[0, 0] > found.value[1, 0] + 0.05
    assert game.name != "agrawal" or not found.below_status_quo[0].any()


def test_models_in_a_line_of_text() -> None:
    models = named_followers("best-response:ties=weak, multiplicative-weights:rounds=5:epsilon=2")
    assert models[0] == BestResponse("weak")
    assert (models[1].rounds, models[1].epsilon) == (5, 2.0)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-l", "target=behaviours"], "must name at least one model"),
        (["-l", "behaviours=logit"], "add -l target=behaviours"),
        (["-l", "target=behaviours", "-l", "behaviours=logt"], "did you mean 'logit'"),
        (["-l", "target=behaviours", "-l", "behaviours=logit:rational=3"], "has no parameter 'rational'"),
        (["-l", "target=behaviours", "-l", "behaviours=contextual"], "must be trained first"),
        (["-l", "target=behaviours", "-l", "behaviours=logit:rationality=x"], "must be a finite number"),
    ],
)
def test_bad_input(arguments: list[str], sentence: str, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["design", "maintain", *arguments]) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_leader_without_the_target_says_so() -> None:
    with pytest.raises(InputError, match="target=behaviours"):
        CommitmentGradient(behaviours="logit").problem(Maintain(), Logit())


OWN = """from firstmover.followers import LevelK


class Careless(LevelK):
    def __init__(self, level: int = 1):
        super().__init__(level)
"""


def test_sets_of_models_have_names() -> None:
    assert named_followers("rational, exp3") == named_followers("best-response,best-response:ties=weak,exp3")
    assert {model.name for model in named_followers("noisy,learners,slow")} >= {"logit", "exp3", "regret-matching"}
    with pytest.raises(InputError, match="not executed; name its file with --code"):
        named_followers("nobody.py:Careless")


@pytest.mark.slow
def test_models_of_ones_own_join_by_their_file_and_a_run_asks_for_it_again(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own").mkdir()
    Path("own/careless.py").write_text(OWN)
    text = "best-response,own/careless.py:Careless:level=2"
    small = ["--seeds", "1", "--updates", "2", "--no-optimum"]
    assert main(["design", "maintain", "--behaviours", text, *small, "--out", "run"]) == 0
    stored = json.loads(Path("run/config.json").read_text())["leader"]["parameters"]
    assert stored["behaviours"] == "best-response,careless.py:Careless:level=2"
    assert stored["target"] == "behaviours"
    capsys.readouterr()
    named._OWN.clear()
    assert main(["resume", "run"]) == 2
    assert "which is not executed because a file names it" in capsys.readouterr().err
    assert main(["resume", "run", "--code", "own/careless.py"]) == 0
    Path("own/careless.py").write_text(OWN.replace("super().__init__(level)", "super().__init__(level + 1)"))
    capsys.readouterr()
    Path("run/result.json").unlink()
    assert main(["resume", "run", "--code", "own/careless.py"]) == 2
    assert "has changed since it was used here" in capsys.readouterr().err
    Path("rule.json").write_text('{"game": "maintain", "rule": [{"do": {"action": 0}}]}')
    quick = ["--seeds", "2", "--time-limit", "0", "--json"]
    assert main(["evaluate", "rule.json", "--behaviours", "rational,own/careless.py:Careless", *quick]) == 0
    models = json.loads(capsys.readouterr().out)["followers"]
    assert [model["name"] for model in models] == ["best-response", "best-response", "careless.py:Careless"]
    assert main(["design", "maintain", "--behaviours", "logit", "-l", "target=worst"]) == 2
    assert "give one of them" in capsys.readouterr().err
