"""What is reproduced of sellers who learn: small cases, kept and read back."""

import json
from pathlib import Path

import numpy as np
import pytest

from firstmover import reproduce as room
from firstmover.errors import InputError
from firstmover.evaluation.impulse import impulse_response
from firstmover.evaluation.seller_sessions import seller_sessions
from firstmover.followers import BestResponse, RepeatedQLearning
from firstmover.games import BuyBox
from firstmover.games.prominence import named_rule
from firstmover.jobs.loop import Silent
from firstmover.reproduce.experiments import Figure
from firstmover.reproduce.seller_experiments import Case, Models, Sessions
from firstmover.reproduce.sellers import SELLER_COLLUSION

QUICK = RepeatedQLearning(rounds=64, beta=(0.05,))
MARKET = BuyBox(costs=(1.0,))


def _small() -> Figure:
    case = Case(MARKET, "pdp", QUICK, per_seed=2, deviates=True)
    return Figure(
        "small-sellers",
        "nowhere",
        "They learn.",
        "profit gain",
        {"no rule": Sessions("small-sellers", {"2 sellers": case})},
        dict,
        SELLER_COLLUSION.judge,
        charts=SELLER_COLLUSION.charts,
    )


def test_sessions_are_kept_and_read_back(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(room.FIGURES, "small-sellers", _small())
    heard: list[str] = []
    listening = Silent()
    monkeypatch.setattr(listening, "stage", heard.append)
    first = room.reproduce(["small-sellers"], seeds=3, out=tmp_path, progress=listening)["small-sellers"]["verdicts"]
    assert heard[0].endswith("now small-sellers") and heard[1].endswith("2 sellers: sellers learn")
    held = json.loads((tmp_path / "runs" / "small-sellers" / "2-sellers.json").read_text())
    assert held["settings"]["sessions"] == 6 and set(held["result"]["paths"]) == {"deviator", "rival", "undisturbed"}
    lines = (tmp_path / "small-sellers" / "impulse-response-2-sellers.csv").read_text().splitlines()
    assert len(lines) == 1 + 3 * 25
    monkeypatch.setattr(Case, "play", lambda *_: pytest.fail("played again"))
    assert room.reproduce(["small-sellers"], seeds=3, out=tmp_path)["small-sellers"]["verdicts"] == first
    with pytest.raises(InputError, match="other settings"):
        room.reproduce(["small-sellers"], seeds=2, out=tmp_path)


def test_a_deviation_is_followed_by_hand() -> None:
    """Given strategies: both charge the highest price, and the lowest for a round after somebody did not."""
    played = seller_sessions(MARKET, named_rule(MARKET, "none"), QUICK, sessions=2)
    trigger = np.zeros((1, 2, 2, 16), int)
    trigger[..., 15], trigger[..., 0] = 3, 3
    learnt = played.learnt._replace(strategies=trigger, last=np.full((1, 2), 15), past=np.zeros((1, 2), int))
    object.__setattr__(played, "learnt", learnt)
    found = impulse_response(played, rounds=4)
    reply = int(np.argmax(played.pays[0, 0].reshape(4, 4)[:, 3]))
    assert reply < 3 and found.deviated == 1
    np.testing.assert_allclose(found.deviator[:, 0], MARKET.prices[[reply, 0, 3, 3]])
    np.testing.assert_allclose(found.rival[:, 0], MARKET.prices[[3, 0, 3, 3]])
    profits = played.pays[0, 0].reshape(4, 4)
    gain = profits[reply, 3] - profits[3, 3] + 0.95 * (profits[0, 0] - profits[3, 3])
    assert found.punished.all() and found.back.all() and found.does_not_pay.all() == (gain <= 0)


@pytest.mark.slow
def test_rules_are_worth_something_under_every_model(tmp_path: Path) -> None:
    models = Models("models", MARKET, {"none": "none", "low": (0,) * 10}, {"rational": BestResponse(), "q": QUICK})
    worth = models.run(tmp_path, 2, None)
    # One-shot Nash is 1.4833 each, or the lowest price where only that sells.
    np.testing.assert_allclose(worth.value[:, 0], [0.705299, 1.126068], atol=1e-5)
    assert (worth.interval[:, :, 0] <= worth.value).all() and len(list((tmp_path / "models").glob("*.json"))) == 2


@pytest.mark.slow
def test_sellers_punish_deviations_as_often_as_others_have_found() -> None:
    """Shares of 1,000 sessions without a rule, until they have converged: within four points."""
    sellers = RepeatedQLearning(stop="converged", most=1_000_000)
    found = impulse_response(seller_sessions(MARKET, named_rule(MARKET, "none"), sellers, sessions=1000))
    shares = [found.punished.mean(), found.does_not_pay.mean(), found.back.mean()]
    np.testing.assert_allclose(shares, [0.855, 0.816, 0.963], atol=0.04)
