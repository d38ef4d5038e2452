"""Sellers who learn: fixed rules against a learned one, collusion without a rule, and other models of the sellers.

Sources: Brero, Mibuari, Lepore and Parkes (NeurIPS 2022) for the platform, Calvano, Calzolari, Denicolo and Pastorello
(AER 2020) for the sellers. Unknown costs, and what is learned for them, are ours.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from firstmover.followers import (
    BestResponse,
    Exp3,
    FictitiousPlay,
    MultiplicativeWeights,
    RegretMatching,
    RepeatedQLearning,
)
from firstmover.followers.learnt_play import Statistic
from firstmover.games import BuyBox
from firstmover.jobs.finished import Design
from firstmover.leaders import LocalSearch
from firstmover.report.charts import Chart, Series
from firstmover.report.statistics import mean_interval
from firstmover.reproduce.experiments import Experiment, Figure, Verdict
from firstmover.reproduce.seller_experiments import Case, Models, Played, Sessions, Worth

_KNOWN, _UNKNOWN = BuyBox(costs=(1.0,)), BuyBox()
_RULES: tuple[str | float, ...] = ("none", "pdp", "dynamic-pdp", 1.27, 1.49, "lowest", "block-equal")
_WINNER = (0, 1, 0, 0, 1, 1, 3, 2, 0, 0)  # the best of all rules for unknown costs, by `solve buy-box`


def _words(own: Statistic) -> str:
    return f"{own.mean:.4f} [{own.low:.4f}, {own.high:.4f}]"


def _label(rule: str | float) -> str:
    return f"cap {rule:g}" if isinstance(rule, float) else rule


def _cases(game: BuyBox) -> dict[str, Case]:
    return {_label(rule): Case(game, rule) for rule in _RULES}


def _sessions(made: Mapping[str, Design | Played]) -> dict[str, Played]:
    """The experiments that are sessions."""
    return {label: done for label, done in made.items() if isinstance(done, Played)}


def _judge_rules(made: Mapping[str, Design | Played]) -> Sequence[Verdict]:
    learned, sessions = made["learned"], _sessions(made)
    assert isinstance(learned, Design)
    known, unknown = (sessions[label].statistics for label in ("known costs", "unknown costs"))
    verdicts = [
        Verdict(
            f"{words}: {label}",
            "-",
            f"surplus {_words(own['surplus'])}, sellers' profit {own['profit'].mean:.4f}",
            "-",
            None,
            "50,000 rounds of learning, then 30",
        )
        for words, table in (("cost 1, known", known), ("costs 1 or 1.3, unknown", unknown))
        for label, own in table.items()
    ]
    ranks = [known[name]["surplus"] for name in ("none", "pdp", "dynamic-pdp")]
    mean, low, high = mean_interval(learned.learned_values)
    best = max(own["surplus"].mean for own in unknown.values())
    over = int(np.sum(learned.learned_values > best))
    return [
        Verdict(
            "price-directed prominence helps buyers, and more so if it is dynamic",
            "more surplus than without a rule (Johnson, Rhodes and Wildenbeest 2023; Brero et al. 2022)",
            ", ".join(_words(own) for own in ranks),
            "-",
            ranks[0].high < ranks[1].low and ranks[1].high < ranks[2].low,
            "ties between cheapest sellers: shown both by pdp, the first by dynamic-pdp",
        ),
        Verdict(
            "a learned rule beats every rule with a name where costs are unknown",
            "learned rules beat the fixed ones (Brero et al. 2022, whose costs are known)",
            f"median {np.median(learned.learned_values):.4f}, best {learned.learned_values.max():.4f}, mean {mean:.4f} "
            f"[{low:.4f}, {high:.4f}]; {over} of {learned.seeds} seeds above {best:.4f}, the best of them",
            "not known; 'firstmover solve buy-box' has all 1,728 symmetric rules race",
            float(np.median(learned.learned_values)) > best,
            "with known costs the best rule is to show the lowest price only",
        ),
        *verdicts,
    ]


def _frontier(made: Mapping[str, Design | Played]) -> Sequence[Chart]:
    charts = []
    for words, played in _sessions(made).items():
        series = [
            Series(label, np.array([own["profit"].mean]), np.array([own["surplus"].mean]), "points")
            for label, own in played.statistics.items()
        ]
        name = f"surplus-against-profit-{words.replace(' ', '-')}"
        charts.append(Chart(name, f"Rules, {words}", "profit of a seller", "surplus of the buyers", series))
    return charts


PLATFORM_RULES = Figure(
    "platform-rules",
    "Brero et al. 2022; unknown costs ours",
    "A platform that learns its display rule leaves buyers more than rules with a name.",
    "surplus of the buyers",
    {
        "known costs": Sessions("sellers-known-costs", _cases(_KNOWN)),
        "unknown costs": Sessions("sellers-unknown-costs", _cases(_UNKNOWN)),
        "learned": Experiment("buy-box", _UNKNOWN, RepeatedQLearning(), LocalSearch()),
    },
    lambda: {},
    _judge_rules,
    charts=_frontier,
)


_CONVERGED = RepeatedQLearning(stop="converged")
# Fifteen prices from a tenth of the way below the Nash price to a tenth above that of joint monopoly.
_FINE = BuyBox(costs=(1.0,), grid=15, lowest=1.427722, highest=1.970186)
_SLOW = RepeatedQLearning(stop="converged", alpha=(0.15,), beta=(4e-6,))
_PUBLISHED = {"2 sellers, 15 prices": (0.848, "profit gain of 0.85 (Calvano et al. 2020)")}


def _after(played: Played, label: str) -> str:
    """What came of forced deviations, in words; nothing where there were none."""
    if label not in played.deviation:
        return ""
    told = played.deviation[label]
    return (
        f"; of the sessions in which it is a deviation, a rival cuts its price in {told['punished']:.1%}, it does not "
        f"pay in {told['does not pay']:.1%}, the old path is back after 24 rounds in {told['back']:.1%}"
    )


def _judge_collusion(made: Mapping[str, Played]) -> Sequence[Verdict]:
    played = made["no rule"]
    verdicts = []
    for label, own in played.statistics.items():
        expected, words = _PUBLISHED.get(label, (None, "-"))
        gain = own["profit gain"]
        error = (gain.high - gain.mean) / 1.96
        verdicts.append(
            Verdict(
                f"{label}: sellers learn to collude",
                words,
                f"profit gain {_words(gain)}, price {own['price'].mean:.3f}, {own['rounds'].mean:,.0f} rounds, "
                f"cycles of {own['cycle'].mean:.2f}; best-reply gap {own['gap'].mean:.4f}{_after(played, label)}",
                "gain 0 at the one-shot Nash equilibrium, 1 at joint monopoly",
                gain.low > 0 if expected is None else abs(gain.mean - expected) < 4 * error + 0.02,
                "until no best price has changed for 100,000 rounds; the forced price is the best reply of one round",
            )
        )
    return verdicts


def _responses(made: Mapping[str, Played]) -> Sequence[Chart]:
    charts = []
    for label, paths in made["no rule"].paths.items():
        series = [
            Series(name, np.arange(len(own), dtype=float), own, "dashed" if name == "undisturbed" else "line")
            for name, own in paths.items()
        ]
        name = f"impulse-response-{label.replace(', ', '-').replace(' ', '-')}"
        charts.append(Chart(name, f"A forced deviation: {label}", "rounds after", "mean price", series))
    return charts


SELLER_COLLUSION = Figure(
    "seller-collusion",
    "Calvano et al. 2020, sections III and IV; Brero et al. 2022",
    "Without a rule, sellers who learn charge more than one-shot competition and punish who deviates.",
    "profit gain",
    {
        "no rule": Sessions(
            "sellers-collusion",
            {
                "2 sellers, 4 prices": Case(_KNOWN, "none", _CONVERGED, deviates=True),
                "3 sellers, 4 prices": Case(
                    BuyBox(sellers=3, costs=(1.0,)), "none", _CONVERGED, per_seed=8, deviates=True
                ),
                "2 sellers, 15 prices": Case(_FINE, "none", _SLOW, per_seed=2, deviates=True),
            },
        )
    },
    dict,
    _judge_collusion,
    charts=_responses,
)


_MODELS = {
    "q-learning with memory": RepeatedQLearning(sessions=40),
    "without memory": RepeatedQLearning(sessions=40, memory="nothing"),
    "UCB without memory": RepeatedQLearning(sessions=40, method="ucb", memory="nothing"),
    "SARSA": RepeatedQLearning(sessions=40, method="sarsa"),
    "one impatient": RepeatedQLearning(sessions=40, discount=(0.95, 0.5)),
    "one slow": RepeatedQLearning(sessions=40, alpha=(0.25, 0.05)),
    "multiplicative weights": MultiplicativeWeights(),
    "exp3": Exp3(),
    "regret matching": RegretMatching(),
    "fictitious play": FictitiousPlay(),
    "best response": BestResponse(),
}
_TRIED: dict[str, str | tuple[int, ...]] = {"none": "none", "pdp": "pdp", "lowest": "lowest", "best of all": _WINNER}


def _judge_models(made: Mapping[str, Worth]) -> Sequence[Verdict]:
    worth = made["rules"]
    rows = list(_TRIED)
    verdicts = []
    for k, label in enumerate(_MODELS):
        own = {
            name: Statistic(float(worth.value[r, k]), *map(float, worth.interval[r, k])) for r, name in enumerate(rows)
        }
        verdicts.append(
            Verdict(
                label,
                "-",
                "; ".join(f"{name} {_words(found)}" for name, found in own.items()),
                "-",
                None,
                f"best here: {max(own, key=lambda name: own[name].mean)}",
            )
        )
    return verdicts


def _by_model(made: Mapping[str, Worth]) -> Sequence[Chart]:
    worth = made["rules"]
    at = np.arange(len(_MODELS), dtype=float)
    series = [Series(name, at, worth.value[r], "points") for r, name in enumerate(_TRIED)]
    return [
        Chart(
            "surplus-by-model",
            "The same rules under every model of the sellers",
            "model",
            "surplus of the buyers",
            series,
            names=tuple(_MODELS),
        )
    ]


SELLER_MODELS = Figure(
    "seller-models",
    "ours",
    "The rule that is best against sellers who remember is not best against all others.",
    "surplus of the buyers",
    {"rules": Models("sellers-models", _UNKNOWN, _TRIED, _MODELS)},
    dict,
    _judge_models,
    charts=_by_model,
)
SELLERS = (PLATFORM_RULES, SELLER_COLLUSION, SELLER_MODELS)
