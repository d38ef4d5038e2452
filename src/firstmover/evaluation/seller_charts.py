"""Pictures of sellers who learn: impulse responses, cycles, convergence, heat maps, and the frontier of all rules."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Int

from firstmover.errors import InputError
from firstmover.evaluation.impulse import impulse_response
from firstmover.evaluation.seller_sessions import SellerSessions, seller_sessions
from firstmover.evaluation.seller_statistics import by_session, statistics_of
from firstmover.followers.learnt_play import Statistic
from firstmover.followers.repeated_q_learning import RepeatedQLearning
from firstmover.games.buy_box import BuyBox
from firstmover.games.display import every_rule
from firstmover.report.charts import Chart, Series
from firstmover.report.heat_maps import HeatMap
from firstmover.solvers.buy_box import play_rules

ALPHAS, BETAS = (0.05, 0.15, 0.25), (5e-5, 1e-4, 2e-4)
MOST_RULES = 2_000  # beyond which there is no frontier of all


def response(played: SellerSessions) -> Chart | None:
    """Prices after a forced deviation; None where nobody has to be forced."""
    found = impulse_response(played)
    if not found.deviated:
        return None
    at = np.arange(len(found.deviator), dtype=float)
    paths = {"deviator": found.deviator, "rival": found.rival, "undisturbed": found.undisturbed}
    series = [
        Series(name, at, own.mean(axis=1), "dashed" if name == "undisturbed" else "line") for name, own in paths.items()
    ]
    title = f"A forced deviation: a rival cuts its price in {found.punished.mean():.0%} of sessions"
    return Chart("impulse-response", title, "rounds after", "mean price", series)


def cycles(played: SellerSessions) -> Chart:
    """How long the cycles are that play ends in."""
    lengths = by_session(played)["cycle"].ravel()
    at, counts = np.unique(lengths, return_counts=True)
    share = counts / counts.sum()
    return Chart(
        "cycles", "Cycles that play ends in", "rounds", "share of sessions", [Series("own", at, share, "points")]
    )


def convergence(game: BuyBox, rule: Int[np.ndarray, "rows"], sellers: RepeatedQLearning, sessions: int) -> Chart:
    """How many sessions have converged after so many rounds, if they may go on."""
    patient = replace(sellers, stop="converged", most=2_000_000)
    played = seller_sessions(game, rule, patient, sessions=sessions).learnt
    rounds = np.sort(played.rounds[played.converged].astype(float))
    share = np.arange(1, len(rounds) + 1) / played.rounds.size
    return Chart("convergence", "Sessions that have converged", "rounds", "share", [Series("own", rounds, share)])


def profiles(played: SellerSessions) -> HeatMap:
    """How often the first two sellers charge which prices."""
    game, (_, weights) = played.game, played.game.types.profiles
    often = np.einsum("p,psk->k", weights, played.learnt.frequency) / played.learnt.frequency.shape[1]
    n = game.n_followers
    cube = often.reshape(-1, *game.n_actions).sum(axis=(0, *range(3, n + 1)))
    labels = tuple(f"{price:.4g}" for price in game.prices)
    names = game.player_labels()[1:]
    title = "How often prices are charged"
    return HeatMap(
        "price-profiles", title, f"price of {names[1]}", f"price of {names[0]}", labels, labels, cube, "share"
    )


def learning_rates(
    game: BuyBox,
    rule: Int[np.ndarray, "rows"],
    sellers: RepeatedQLearning,
    sessions: int,
    progress: Callable[[str], None],
) -> HeatMap:
    """Surplus under a rule if sellers learn faster or slower, and explore for longer or not."""
    values = np.zeros((len(ALPHAS), len(BETAS)))
    for j, alpha in enumerate(ALPHAS):
        for i, beta in enumerate(BETAS):
            progress(f"alpha {alpha:g}, beta {beta:g}")
            others = replace(sellers, alpha=(alpha,), beta=(beta,))
            values[j, i] = statistics_of(seller_sessions(game, rule, others, sessions=sessions))["surplus"].mean
    xs, ys = (tuple(f"{own:g}" for own in axis) for axis in (BETAS, ALPHAS))
    return HeatMap("alpha-beta", "Surplus if sellers learn otherwise", "beta", "alpha", xs, ys, values, "surplus")


def frontier(
    game: BuyBox,
    found: Mapping[str, Mapping[str, Statistic]],
    sessions: int,
    progress: Callable[[str], None],
) -> Chart | None:
    """Surplus against sellers' profit: all rules, from few sessions each, and those with names; None for too many."""
    try:
        rules = every_rule(game, MOST_RULES)
    except InputError:
        return None
    aims, profits = play_rules(game, rules, sessions, progress)
    mine = [
        Series(name, np.array([own["profit"].mean]), np.array([own["surplus"].mean]), "points")
        for name, own in found.items()
    ]
    every = Series(f"all {len(rules)} rules", profits.mean(axis=1), aims, "points")
    return Chart("frontier", "All rules", "profit of a seller", game.objective, [every, *mine])
