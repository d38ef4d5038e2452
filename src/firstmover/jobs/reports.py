"""The page to hand on: a rule with all that is known of it, as one HTML file.

A page of a run shows how its rule was learnt; that of a rule file or of a certificate shows what can be known from it.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from firstmover import files, verify
from firstmover.certificates import certify_play
from firstmover.core.plays import Play
from firstmover.errors import NO_NUMBER, InputError, require
from firstmover.evaluation.by_type import Gains, gains_by_type
from firstmover.evaluation.heat_map import heat_map
from firstmover.evaluation.matrix import OPTIMUM_SECONDS, evaluate
from firstmover.followers.base import Follower
from firstmover.interop.python_files import Code
from firstmover.jobs import build
from firstmover.jobs.certifications import respond
from firstmover.jobs.commands import design_command
from firstmover.jobs.economics import economics_files, economics_table
from firstmover.jobs.finished import Design
from firstmover.jobs.runs import Run, digest, versions
from firstmover.json_types import Parsed
from firstmover.report.numbers import MINUS, count, number, share, signed
from firstmover.report.page import MARK, Page, Table, whole
from firstmover.report.pictures import learning_curves
from firstmover.report.sections import rule_page
from firstmover.report.sentences import checked, in_brackets
from firstmover.rules.rule import Rule
from firstmover.rules.rule_files import read_rule_file

_NO_MATRIX = "The rule was not tried with other models of the participants."
_REFUTED = "An independent checker refutes the certificate: what stands here must not be relied on."


@dataclass(frozen=True)
class _Subject:
    """What a page is about.

    Attributes:
        rule: the rule.
        certificate: as JSON.
        file: where the certificate lies, if it does.
        design: how the rule was learnt, if it was.
        play: the followers' play, where it is at hand.
        followers: whose play it is, if it was not stated.
    """

    rule: Rule
    certificate: Parsed
    file: str | None = None
    design: Design | None = None
    play: Play | None = None
    followers: Follower | None = None


def write_report(
    given: Design | Rule | str | Path,
    out: str | Path | None = None,
    *,
    followers: Sequence[Follower | str] = ("all",),
    seeds: int = 20,
    optimum_seconds: float | int = OPTIMUM_SECONDS,
    sessions: int = 200,
    economics: str | Path | None = None,
    code: Code = None,
    progress: Callable[[str], None] | None = None,
) -> Path:
    """Write the page of a rule: one HTML file of at most 300 kB, without scripts, that needs no network.

    Args:
        given: a design, a rule, a run folder, a rule file or a certificate.
        out: the file to write, which must be new or an older page; `report_path(given)` if not given.
        followers: the models of the behaviour matrix, see `evaluate`; without any, there is no matrix.
        seeds: of the responses in the matrix.
        optimum_seconds: what the exact optimum in the matrix may take; at 0 it is left out.
        sessions: of sellers who learn, for each profile of costs, in what economists look at, at least 2.
        economics: a folder to write that to as tables and pictures, for games that have such.
        code: the file of a user's own game, followers or leader, which is executed.
        progress: told how far it is.

    Returns:
        The file that was written.

    Raises:
        InputError: what is given cannot be read, a model cannot play the game, or the file cannot be written.

    Example:
        >>> import pathlib, tempfile
        >>> from firstmover.games import Maintain
        >>> from firstmover.rules.rule import Rule
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> rule = Rule.read(Maintain(), [{"do": {"action": 0}}])
        >>> write_report(rule, folder / "page.html", followers=[]).name
        'page.html'
    """
    require(seeds >= 1, "seeds must be at least 1", seeds)
    require(sessions >= 2, "sessions must be at least 2", sessions)
    path = report_path(given) if out is None else Path(out)
    _refuse_other_files(path)
    kept = path.with_suffix(".cells.json")  # what was computed if it is stopped
    tell = progress or (lambda what: None)
    tell("reading")
    subject = _subject(given, code)
    design = subject.design
    page = rule_page(subject.rule, subject.certificate) if design is None else design_page(design)
    tell("computing who gains and who loses")
    page = _with_gains(page, subject)
    page = replace(page, economics=economics_table(subject.rule.game, subject.rule, subject.followers, sessions, tell))
    tell("checking the certificate")
    verdict, line = _checked(subject)
    warned = [*page.warnings, *([_REFUTED] if verdict == "refuted" else [])]
    told = checked(page.statements, verdict)
    page = replace(page, checked=line, statements=told, warnings=warned, record=_record(subject))
    if economics is not None:
        economics_files(subject.rule.game, subject.rule, subject.followers, Path(economics), sessions, tell)
    if followers:
        about = subject.rule if design is None else design
        found = evaluate(
            about,
            followers=followers,
            seeds=seeds,
            optimum_seconds=optimum_seconds,
            keep=kept,
            progress=progress,
            code=code,
        )
        own = found.below_status_quo[0]
        page = replace(page, matrix=heat_map(found), warnings=[*page.warnings, *_losing(int(own.sum()), len(own))])
    else:
        page = replace(page, matrix_note=_NO_MATRIX)
    tell("writing")
    files.write_whole(path, whole(page).encode(errors="backslashreplace"))
    kept.unlink(missing_ok=True)
    return path


def design_page(design: Design) -> Page:
    """The page of a design without what would have to be computed for it."""
    return _with_curves(rule_page(design.rule, design.certificate, design.as_json()), design)


def report_path(given: Design | Rule | str | Path) -> Path:
    """Where a page is written by default: in the run's folder, or beside the file.

    Raises:
        InputError: what is given has no place of its own.
    """
    match given:
        case Design(run=None) | Rule():
            raise InputError("name the file to write: what is given has no folder of its own.")
        case Design(run=Path() as run):
            return run / "report.html"
        case str() | Path() if files.is_folder(given):
            return Path(given) / "report.html"
        case _:
            return Path(str(given)).with_suffix(".report.html")


def _refuse_other_files(path: Path) -> None:
    """A page may replace an older page, and nothing else.

    Raises:
        InputError: it would replace something else, or there is no folder for it.
    """
    if not files.is_folder(path.parent):
        raise InputError(f"cannot write {path}: there is no such folder.")
    if not files.exists(path):
        return
    if files.is_folder(path) or MARK not in files.read_text(path)[:1000]:
        raise InputError(f"{path} exists and is no page of firstmover; name another file with -o.")


def _subject(given: Design | Rule | str | Path, code: Code) -> _Subject:
    """What is given, certified.

    Raises:
        InputError: it cannot be read.
    """
    match given:
        case Design():
            return _of_design(given)
        case Rule():
            return _of_rule(given.as_told(), None)
        case _ if files.is_folder(given):
            return _of_design(Design.load(given, code=code))
    content = files.read_json(given, f"{given} is neither a run folder nor a rule file: it is not JSON.")
    rule, stated = read_rule_file(given, code)
    if isinstance(content, dict) and "leader_value_bounds" in content:
        verify_line(content)  # refuses what is no certificate
        return _Subject(rule, content, file=str(given))
    return _of_rule(rule, stated)


def _of_design(design: Design) -> _Subject:
    file = None if design.run is None else str(design.run / "certificate.json")
    return _Subject(design.rule, design.certificate, file, design, design.play, design.followers)


def _of_rule(rule: Rule, stated: Play | None) -> _Subject:
    followers: Follower = build.item_from("followers", rule.game.usual_followers, {})
    play = respond(rule, followers) if stated is None else stated
    model = build.description(followers) if stated is None else None
    certificate = certify_play(rule.game, rule.actions, play, followers=model).as_json()
    return _Subject(rule, certificate, None, None, play, followers)


def _with_gains(page: Page, subject: _Subject) -> Page:
    """Who gains and who loses, where that can be known."""
    if subject.play is None or subject.followers is None:
        why = "not computed: a certificate does not carry the followers that would respond to the status quo"
        return replace(page, by_type_note=f"{why}; name the run or the rule file for it.")
    try:
        gains = gains_by_type(subject.rule, subject.play, subject.followers)
    except NO_NUMBER as why:
        return replace(page, by_type_note=f"Not computed: {why}")
    note = (
        f"There is nothing to compare with: {gains.reason}"
        if gains.status_quo is None
        else f"The status quo{in_brackets(gains.status_quo)} is met by the same model of the participants."
    )
    return replace(page, by_type=_gains_table(gains, subject), by_type_note=note)


def _gains_table(gains: Gains, subject: _Subject) -> Table:
    names = subject.rule.game.player_labels()
    ranges = dict(zip(names[1:], subject.rule.game.follower_payoff_ranges, strict=True))
    leader, baseline = subject.certificate["payoff_range"]["leader"], subject.certificate["baseline"]["value"]
    rows = [_change(names[0], "", 1.0, subject.certificate["value"], baseline, leader)]
    rows += [_change(*row[:5], ranges[row.follower]) for row in gains.rows]
    return Table(["who", "type", "probability", "earns", "under the status quo", "change", ""], rows)


def _change(
    who: str, kind: str, chance: float, now: float | int, then: float | int | None, payoffs: Sequence[float | int]
) -> list[str]:
    change = "" if then is None else signed(now - then, *payoffs)
    word = "" if then is None else {"+": "gains", MINUS: "loses"}.get(change[:1], "same")
    return [who, kind or "-", share(chance), number(now, *payoffs), number(then, *payoffs), change, word]


def _losing(below: int, models: int) -> list[str]:
    if not below:
        return []
    return [f"The rule is worth less than the status quo under {below} of {models} models of the participants (below)."]


def _with_curves(page: Page, design: Design) -> Page:
    evaluated = np.asarray(design.history.evaluated, np.float64)
    if not len(evaluated) or not np.isfinite(evaluated).any():
        return page
    levels = {"optimum": design.optimum.value, "status quo": design.certificate["baseline"]["value"]}
    picture = learning_curves(
        design.env_steps,
        evaluated,
        {name: level for name, level in levels.items() if level is not None},
        design.game.leader_payoff_range,
        design.game.objective,
    )
    at = "" if design.at_optimum is None else f" {design.at_optimum} of {design.seeds} seeds reach the optimum."
    failed = f" No rule is left of seed {', '.join(map(str, design.failed))}." if design.failed else ""
    note = (
        f"{design.seeds} independent seeds, from {design.seed}: each a thin line, their mean with its 95 % interval."
        f"{at}{failed} The page is about the best seed, {design.seed + design.best}."
    )
    return replace(page, curves_picture=picture, curves_note=note)


def _checked(subject: _Subject) -> tuple[str, str]:
    """The verdict of `verify`, and its line."""
    verdict, line = verify_line(subject.certificate)
    where = f" Check it with 'firstmover verify {subject.file}'." if subject.file else ""
    return verdict, f"{line}{where}"


def verify_line(certificate: Parsed) -> tuple[str, str]:
    """The verdict of the independent checker on a certificate, and that in a line.

    Raises:
        InputError: it is no certificate.
    """
    try:
        claims = verify.check(verify.read(json.dumps(certificate)))
    except verify.UnreadableError as why:
        raise InputError(str(why)) from None
    counts = {word: sum(claim.verdict == word for claim in claims) for word in sorted({c.verdict for c in claims})}
    line = verify.report(claims).splitlines()[-1].partition(":")[0]
    told = f"{line[:1].upper()}{line[1:]}: of its claims {', '.join(f'{n} {word}' for word, n in counts.items())}."
    return verify.verdict(claims), told


def _record(subject: _Subject) -> list[tuple[str, str]]:
    """Command, versions and digests."""
    record = []
    design = subject.design
    if design is not None:
        result: Parsed = design.as_json()
        record.append(("command", design_command(design)))
        record.append(
            ("work", f"{count(result['env_steps'])} environment steps, {design.seconds['total']:.1f} seconds in all")
        )
        run = None if design.run is None else Run.open(design.run)
        used = versions() if run is None else run.config.get("versions", {})
        for kind, described in (("game", result["game"]), ("followers", result["followers"])):
            if "code" in described:
                record.append((f"digest of the code of the {kind}", str(described["code"])))
        record.append(("digest of the result", result["digests"]["result"]))
    else:
        used = versions()
        record.append(("rule", json.dumps(subject.rule.as_file(), ensure_ascii=False)[:2000]))
    record.append(("digest of the certificate", digest(subject.certificate)))
    return [*record, ("versions", ", ".join(f"{name} {version}" for name, version in used.items()))]
