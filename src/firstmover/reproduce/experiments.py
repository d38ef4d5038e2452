"""What a reproduction is made of: experiments that are run, figures that show them, claims that they are held to."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, Protocol, TypeVar, runtime_checkable

import numpy as np

from firstmover import files
from firstmover.errors import InputError
from firstmover.followers import Follower
from firstmover.followers.trained import Trained
from firstmover.games import Game
from firstmover.jobs import build
from firstmover.jobs.designs import design, resume
from firstmover.jobs.finished import Design
from firstmover.jobs.lessons import Pretraining
from firstmover.jobs.loop import Progress
from firstmover.jobs.network_designs import NetworkDesign
from firstmover.jobs.pretraining import pretrain
from firstmover.jobs.runs import Run
from firstmover.leaders import Leader
from firstmover.leaders.step_learner import StepLearner
from firstmover.report.charts import Chart
from firstmover.report.curves import Curve, Panel


@runtime_checkable
class Finished(Protocol):
    """What came of an experiment: a design, or whatever its figure understands."""

    @property
    def seconds(self) -> Mapping[str, float]:
        """What it took, `total` among others."""


Result = TypeVar("Result", bound=Finished)


@runtime_checkable
class Runnable(Protocol):
    """An experiment of a figure: run once, or gone on with, or read back, whatever its folder holds."""

    @property
    def name(self) -> str:
        """Of its folder."""

    def run(self, folder: Path, seeds: int, progress: Progress | None) -> Finished:
        """Run it, or read it back.

        Raises:
            InputError: the folder holds a run of something else.
        """


@dataclass(frozen=True, eq=False)
class Experiment:
    """One cohort of seeds.

    Attributes:
        name: of its run folder; figures that share an experiment share its run.
        game, followers, leader: what is run.
        training: how the followers are trained first, if they are.
    """

    name: str
    game: Game
    followers: Follower
    leader: Leader
    training: Pretraining | None = None

    def run(self, folder: Path, seeds: int, progress: Progress | None) -> Design:
        """Run it, go on with it, or read it back, whatever its folder holds.

        Raises:
            InputError: the folder holds a run of something else.
        """
        path = folder / self.name
        followers = self._trained(path, seeds, progress) if self.training else self.followers
        if not files.exists(path / "config.json"):
            return _tables(
                design(
                    self.game,
                    followers=followers,
                    leader=self.leader,
                    seeds=seeds,
                    out=path,
                    progress=progress,
                )
            )
        config = Run.open(path).config
        mine: tuple[tuple[str, build.Named], ...] = (
            ("game", self.game),
            ("followers", followers),
            ("leader", self.leader),
        )
        same = all(config.get(kind) == build.as_stored(item) for kind, item in mine) and config.get("seeds") == seeds
        if not same:
            raise InputError(f"{path} holds a run with other settings; name another folder with --out.")
        return _tables(resume(path, progress=progress))

    def _trained(self, path: Path, seeds: int, progress: Progress | None) -> Follower:
        """Followers of every seed, from the file beside the run folder, which is written at first."""
        assert isinstance(self.followers, Trained)
        file = path.with_name(f"{self.name}.npz")
        if not files.exists(file):
            files.make_folder(file.parent)
            pretrain(self.game, self.training, followers=self.followers, seeds=seeds, out=file, progress=progress)
        return replace(self.followers, network=str(file))


@dataclass(frozen=True)
class Verdict:
    """A published claim beside what came out here.

    Attributes:
        claim: what the source says, in our words.
        published: its number or statement.
        ours: what was measured.
        exact: the exact value, or what is proved.
        agrees: whether ours agrees with the claim; None for what was not claimed anywhere.
        why: the reason for a difference, or how ours departs from the source.
    """

    claim: str
    published: str
    ours: str
    exact: str
    agrees: bool | None
    why: str


class Later(Mapping[str, Runnable]):
    """Experiments whose games take long to make, made when they are first looked at: a list of figures needs none."""

    def __init__(self, make: Callable[[], Mapping[str, Runnable]]):
        self._made = functools.cache(make)

    def __getitem__(self, label: str) -> Runnable:
        return self._made()[label]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made())

    def __len__(self) -> int:
        return len(self._made())


@dataclass(frozen=True, eq=False)
class Figure(Generic[Result]):
    """A figure or table of a paper, from experiments that leave designs or whatever else it understands.

    Attributes:
        name: what `firstmover reproduce` calls it.
        source: where it stands in the paper.
        claim: what it is published to show, in a sentence.
        ylabel: what its curves measure.
        experiments: by the label of the curve.
        levels: exact values drawn as lines, computed when they are needed.
        judge: the verdicts, from the finished experiments by label.
        metric: the metric drawn.
        charts: further pictures, from the finished experiments by label.
    """

    name: str
    source: str
    claim: str
    ylabel: str
    experiments: Mapping[str, Runnable]
    levels: Callable[[], dict[str, float]]
    judge: Callable[[Mapping[str, Result]], Sequence[Verdict]]
    metric: str = "evaluated"
    charts: Callable[[Mapping[str, Result]], Sequence[Chart]] = lambda made: ()

    def panel(self, made: Mapping[str, Result]) -> Panel | None:
        """The learning curves of the designs among the finished experiments; None where there are none."""
        designs = {label: done for label, done in made.items() if isinstance(done, Design)}
        if not designs:
            return None
        curves = [
            Curve(label, done.env_steps, np.asarray(getattr(done.history, self.metric)), _at_commitment_level(done))
            for label, done in designs.items()
        ]
        ranges = [done.game.leader_payoff_range for done in designs.values()]
        paid = self.metric in ("evaluated", "value", "best")
        possible = (min(low for low, _ in ranges), max(high for _, high in ranges)) if paid else None
        return Panel(f"{self.name} ({self.source})", self.ylabel, curves, self.levels(), possible)


def _at_commitment_level(done: Design) -> bool:
    return not isinstance(done.leader, StepLearner)


def _tables(found: Design | NetworkDesign) -> Design:
    """A design whose rules are tables, as those of all experiments are."""
    assert isinstance(found, Design)
    return found
