"""What economists look at of a rule: a table for its page, and a folder of tables and pictures.

Answered by the type of the game: nothing is said of games whose followers do not repeat prices.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from firstmover import files
from firstmover.errors import InputError
from firstmover.evaluation import seller_charts, seller_tables
from firstmover.followers.base import Follower
from firstmover.followers.repeated_q_learning import RepeatedQLearning
from firstmover.games.base import Game
from firstmover.games.buy_box import BuyBox
from firstmover.report.charts import chart_csv, draw_chart
from firstmover.report.page import Table
from firstmover.rules.rule import Rule
from firstmover.solvers.registry import ByType

Tell = Callable[[str], None]


@ByType
def economics_table(game: Game, rule: Rule, followers: Follower | None, sessions: int, tell: Tell) -> Table | None:
    """The table of a rule's page; None where there is nothing to say."""
    return None


@economics_table.register(BuyBox)
def _of_sellers(game: BuyBox, rule: Rule, followers: Follower | None, sessions: int, tell: Tell) -> Table | None:
    played = seller_tables.compared(game, rule.actions, _sellers(followers), sessions=sessions, progress=tell)
    return Table(*seller_tables.shown(seller_tables.tabled(played)))


@ByType
def economics_files(
    game: Game, rule: Rule, followers: Follower | None, folder: Path, sessions: int, tell: Tell
) -> list[Path]:
    """Write tables and pictures of a rule to a folder, and say which.

    Raises:
        InputError: there is nothing to write of such games.
    """
    raise InputError(f"economists' tables are made for buy-box only; got {game.name}.")


@economics_files.register(BuyBox)
def _files_of_sellers(
    game: BuyBox, rule: Rule, followers: Follower | None, folder: Path, sessions: int, tell: Tell
) -> list[Path]:
    sellers = _sellers(followers)
    played = seller_tables.compared(game, rule.actions, sellers, sessions=sessions, progress=tell)
    found = seller_tables.tabled(played)
    own = played[seller_tables.OWN]
    few = max(2, sessions // 5)
    charts = [
        seller_charts.response(own),
        seller_charts.cycles(own),
        seller_charts.convergence(game, rule.actions, sellers, few),
        seller_charts.frontier(game, found, max(2, sessions // 50), tell),
    ]
    maps = [
        seller_charts.profiles(own),
        seller_charts.learning_rates(game, rule.actions, sellers, few, tell),
    ]
    written: dict[str, bytes] = {
        "economics.csv": seller_tables.statistics_csv(found).encode(),
        "economics.tex": seller_tables.statistics_latex(found).encode(),
    }
    for chart in charts:
        if chart is not None:
            written[f"{chart.name}.csv"] = chart_csv(chart).encode()
            written |= {f"{chart.name}.{kind}": draw_chart(chart, kind) for kind in ("png", "svg")}
    for heat in maps:
        written[f"{heat.name}.csv"] = heat.csv().encode()
        written |= {f"{heat.name}.{kind}": heat.draw(kind) for kind in ("png", "svg")}
    files.make_folder(folder)
    for name, content in written.items():
        files.write_whole(folder / name, content)
    return [folder / name for name in written]


def _sellers(followers: Any) -> RepeatedQLearning:
    """The rule's own sellers where they remember, or those of the literature."""
    return RepeatedQLearning() if followers is None or followers.one_round is None else followers
