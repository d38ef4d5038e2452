"""The papers' figures and tables: run, compared with what was published and with what is exact, drawn."""

import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from firstmover import files
from firstmover.errors import InputError, unknown_name
from firstmover.jobs.loop import Progress, Silent
from firstmover.json_types import JsonObject
from firstmover.report.charts import chart_csv, draw_chart
from firstmover.report.curves import as_csv, draw
from firstmover.reproduce.breaks import BREAKS
from firstmover.reproduce.crowds import CROWDS
from firstmover.reproduce.experiments import Figure, Finished, Runnable
from firstmover.reproduce.extensions import EXTENSIONS
from firstmover.reproduce.figures import PAPER_FIGURES
from firstmover.reproduce.markov_games import MARKOV_GAMES
from firstmover.reproduce.online import ONLINE
from firstmover.reproduce.oracles import ORACLES
from firstmover.reproduce.related_work import RELATED_WORK
from firstmover.reproduce.sellers import SELLERS

__all__ = ["FIGURES", "claims", "reproduce"]

FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        *PAPER_FIGURES,
        *EXTENSIONS,
        *ORACLES,
        *BREAKS,
        *CROWDS,
        *SELLERS,
        *ONLINE,
        MARKOV_GAMES,
        RELATED_WORK,
    )
}


def claims() -> dict[str, dict[str, str]]:
    """Every figure's source and published claim, by name."""
    return {name: {"source": figure.source, "claim": figure.claim} for name, figure in FIGURES.items()}


def reproduce(
    names: Sequence[str], *, seeds: int = 25, out: str | Path = "reproduction", progress: Progress | None = None
) -> dict[str, JsonObject]:
    """Run figures, write their curves, pictures and verdicts to folders in `out`, and return the verdicts.

    Experiments that `out` holds already are read back, unfinished ones are gone on with: after a stop, the same call
    goes on. Writes `NAME/verdicts.json`, where something is learned `NAME/curves.csv`, `NAME/NAME.png` and
    `NAME/NAME.svg`, and for every chart of a figure `NAME/CHART.csv`, `.png` and `.svg`.

    Args:
        names: figures, or "all".
        seeds: independent seeds of every experiment, at least 2 (an interval needs two).
        out: a folder; made if it does not exist.
        progress: told of what goes on.

    Raises:
        InputError: an unknown name, too few seeds, or a folder that holds something else or cannot be written.
    """
    if seeds < 2:
        raise InputError(f"a reproduction needs at least 2 seeds, for its intervals; got {seeds}.")
    for name in names:
        if name != "all" and name not in FIGURES:
            raise unknown_name("figure", name, [*FIGURES, "all"])
    wanted = list(FIGURES) if "all" in names else list(dict.fromkeys(names))
    folder = Path(out)
    experiments = {e.name: e for name in wanted for e in FIGURES[name].experiments.values()}
    cohorts = _run(list(experiments.values()), folder / "runs", seeds, progress or Silent())
    results: dict[str, JsonObject] = {}
    for name in wanted:
        figure = FIGURES[name]
        made = {label: cohorts[experiment.name] for label, experiment in figure.experiments.items()}
        began = time.perf_counter()
        panel = figure.panel(made)
        verdicts = [asdict(verdict) for verdict in figure.judge(made)]
        files.make_folder(folder / name)
        charts = figure.charts(made)
        if panel is not None:
            files.write_whole(folder / name / "curves.csv", as_csv(panel.curves).encode())
            for kind in ("png", "svg"):
                files.write_whole(folder / name / f"{name}.{kind}", draw(panel, kind))
        for chart in charts:
            files.write_whole(folder / name / f"{chart.name}.csv", chart_csv(chart).encode())
            for kind in ("png", "svg"):
                files.write_whole(folder / name / f"{chart.name}.{kind}", draw_chart(chart, kind))
        results[name] = {
            "source": figure.source,
            "claim": figure.claim,
            "seeds": seeds,
            "verdicts": verdicts,
            "seconds": time.perf_counter() - began + sum(cohort.seconds["total"] for cohort in made.values()),
            "folder": str(folder / name),
        }
        files.write_json(folder / name / "verdicts.json", results[name])
    return results


_EVERY = 10.0  # seconds between stages of an experiment that are told


class _Part:
    """Progress of one experiment among many: its beginning is told, now and then its stage, and Ctrl-C is answered."""

    def __init__(self, name: str, whole: Progress):
        self.name, self.whole, self.told = name, whole, -math.inf
        whole.stage(name)

    def stage(self, what: str) -> None:
        self.whole.alive()
        if time.monotonic() - self.told >= _EVERY:
            self.told = time.monotonic()
            self.whole.stage(f"{self.name}: {what}")

    def announce(self, what: str) -> None:
        self.whole.announce(what)

    def learnt(self, done: int, total: int, value: float, measure: str = "mean learned") -> None:
        self.whole.alive()

    def alive(self) -> None:
        self.whole.alive()


def _run(experiments: Sequence[Runnable], folder: Path, seeds: int, progress: Progress) -> dict[str, Finished]:
    """All experiments by name, two at a time: one compiles, on a single core, while the other learns."""
    cohorts: dict[str, Finished] = {}
    began = time.perf_counter()

    def one(experiment: Runnable) -> None:
        done = len(cohorts)
        left = (time.perf_counter() - began) / done * (len(experiments) - done) if done else None
        soon = "" if left is None else f", about {left:.0f} s left"
        part = _Part(f"{done} of {len(experiments)} experiments done{soon}; now {experiment.name}", progress)
        cohorts[experiment.name] = experiment.run(folder, seeds, part)

    with ThreadPoolExecutor(max_workers=2) as pool:
        tasks = [pool.submit(one, experiment) for experiment in experiments]
        try:
            for task in tasks:
                task.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return cohorts
