"""Experiments with learners who meet online: what is drawn and judged of each is kept in a file."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float

from firstmover.games import Newsvendor
from firstmover.jobs import build
from firstmover.jobs.loop import Progress, Silent
from firstmover.json_types import JsonObject
from firstmover.online.learners import OnlineFollower, OnlineLeader, Table
from firstmover.online.meetings import checkpoints, meet
from firstmover.online.outcomes import Meeting
from firstmover.online.selling import sell
from firstmover.online.suppliers import Supplier
from firstmover.reproduce.seller_experiments import kept


@dataclass(frozen=True, eq=False)
class Curves:
    """What came of learners, by checkpoint and seed.

    Attributes:
        at: after how many rounds.
        regret: the leader's so far, a round.
        reward: the follower's so far, a round; nothing of a follower that does not learn.
        late: shares of the last tenth and rewards in it, by name, for every seed.
        seconds: what it took, `total`.
    """

    at: Float[np.ndarray, "points"]
    regret: Float[np.ndarray, "points seeds"]
    reward: Float[np.ndarray, "points seeds"]
    late: Mapping[str, Float[np.ndarray, "seeds"]]
    seconds: Mapping[str, float]


def random_games(number: int) -> list[Table]:
    """The family that is shown: 5 by 5, payments uniform in [0, 1], one game for every seed of NumPy's generator."""
    return [Table(*np.random.default_rng(s).random((2, 5, 5))) for s in range(number)]


@dataclass(frozen=True, eq=False)
class Pair:
    """Two learners, in one game for every seed or in the random games, of which every seed is another.

    Attributes:
        name: of its file.
        leader, follower: who learns.
        table: the game; None for the random ones.
        rounds: how many.
    """

    name: str
    leader: OnlineLeader
    follower: OnlineFollower
    table: Table | None = None
    rounds: int = 1_000_000

    def run(self, folder: Path, seeds: int, progress: Progress | None) -> Curves:
        """Let them meet, or read back what came of it.

        Raises:
            InputError: the folder holds something else.
        """
        learners = {"leader": _written(self.leader), "follower": _written(self.follower)}
        table = None if self.table is None else [own.tolist() for own in self.table]
        settings: JsonObject = {**learners, "table": table, "rounds": self.rounds, "seeds": seeds}
        return _read(folder / "online" / f"{self.name}.json", settings, partial(self._met, seeds, progress or Silent()))

    def _met(self, seeds: int, progress: Progress) -> JsonObject:
        tables = random_games(seeds) if self.table is None else [self.table]
        at = checkpoints(self.rounds)
        each = 1 if self.table is None else seeds
        counts = meet(
            tables, self.leader, self.follower, rounds=self.rounds, seeds=each, at=at, alive=lambda _: progress.alive()
        )
        met = [Meeting(table, at, counts[:, g]) for g, table in enumerate(tables)]
        late: dict[str, list[float]] = {"SE": [], "FBM": [], "leader": [], "follower": []}
        for own in met:
            share, exact = own.last_tenth, own.exact
            for name, one in (("SE", exact.honest), ("FBM", exact.manipulated)):
                late[name] += share[:, one.row, one.replies[one.row]].tolist()
            for name, paid in own.table._asdict().items():
                late[name] += (share * paid).sum(axis=(1, 2)).tolist()
        regret = np.concatenate([own.leader_regret / at[:, None] for own in met], axis=1)
        reward = np.concatenate([own.follower_reward for own in met], axis=1)
        return {"at": at.tolist(), "regret": regret.tolist(), "reward": reward.tolist(), "late": late}


@dataclass(frozen=True, eq=False)
class Sale:
    """A supplier that learns demand while it sells.

    Attributes:
        name: of its file.
        game: the chain.
        supplier: how it learns.
        rounds: how many.
    """

    name: str
    game: Newsvendor
    supplier: Supplier
    rounds: int = 2000

    def run(self, folder: Path, seeds: int, progress: Progress | None) -> Curves:
        """Let it sell, or read back what came of it.

        Raises:
            InputError: the folder holds something else.
        """
        settings: JsonObject = {"game": build.as_stored(self.game), "leader": _written(self.supplier)}
        settings |= {"rounds": self.rounds, "seeds": seeds}
        return _read(
            folder / "online" / f"{self.name}.json", settings, partial(self._sold, seeds, progress or Silent())
        )

    def _sold(self, seeds: int, progress: Progress) -> JsonObject:
        sold = sell(self.game, self.supplier, rounds=self.rounds, seeds=seeds, alive=lambda _: progress.alive())
        average = sold.leader_regret / sold.at[:, None]
        late = {"regret": sold.leader_regret[-1].tolist(), "slope": [sold.slope]}
        return {"at": sold.at.tolist(), "regret": average.tolist(), "reward": [], "late": late}


def _written(learner: OnlineLeader | OnlineFollower | Supplier) -> JsonObject:
    return {"name": learner.name, **asdict(learner)}


def _read(path: Path, settings: JsonObject, play: Callable[[], JsonObject]) -> Curves:
    began = time.perf_counter()
    found = kept(path, settings, play)
    late = {name: np.array(own) for name, own in found["late"].items()}
    return Curves(
        np.array(found["at"], float),
        np.array(found["regret"]),
        np.array(found["reward"]).reshape(-1, len(found["regret"][0])),
        late,
        {"total": time.perf_counter() - began},
    )
