"""Certifying anew: the best rule of a finished run, or a rule that somebody wrote down.

Where a rule comes without its followers' play, they respond to it first.
"""

from collections.abc import Sequence
from pathlib import Path

from firstmover import files
from firstmover.certificates import certify_play, summary
from firstmover.core.plays import Play
from firstmover.errors import InputError
from firstmover.evaluation.holdout import hold_out
from firstmover.evaluation.measures import constrained, measures
from firstmover.evaluation.robustness import robust as robust_of
from firstmover.evaluators.aims import AtLeast, constraints
from firstmover.evaluators.at_size import Judging
from firstmover.followers.base import Follower
from firstmover.interop.python_files import Code
from firstmover.jobs import build
from firstmover.jobs.finished import uncertified
from firstmover.jobs.fresh_types import on_fresh_types
from firstmover.jobs.network_certificates import in_words, judged_anew, network_certificate
from firstmover.jobs.network_designs import loaded_network
from firstmover.jobs.observed import Evidence, Rows, estimated
from firstmover.jobs.records import read_result, sealed
from firstmover.jobs.respond import beyond_one_round, respond
from firstmover.jobs.runs import Run
from firstmover.jobs.status_quo import StatusQuo, against
from firstmover.jobs.two_learners import manipulation_of
from firstmover.json_types import JsonObject, Parsed
from firstmover.rules.rule import Rule
from firstmover.rules.rule_files import read_rule_file

NO_PARTS = (
    "a rule that is a network is certified by samples of its own: --epsilon, --holdout, --robust and --at-least go "
    "with rules that are written out."
)


def certify(
    path: str | Path | Rule,
    *,
    followers: Follower | str | None = None,
    epsilon: float | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    types: Rows | None = None,
    holdout: Rows | float | None = None,
    holdout_seed: int = 0,
    robust: float | None = None,
    at_least: Sequence[str] = (),
    status_quo: StatusQuo | None = None,
    code: Code = None,
) -> Parsed:
    """Certify the best rule of a finished run, or the rule of a rule file, and write the certificate.

    Args:
        path: a run folder, a rule file, or a rule: then nothing is written but where `out` says.
        followers: who responds to the rule of a file: a model, or the name of one. If none is given, the play that the
            file states is certified, and where it states none that of the game's usual followers. A run's rule is
            certified with the play of its own followers.
        epsilon: the regret at which the value is bounded beside 0; the measured one if not given.
        out: the file to write; `certificate_path(path)` if not given, and none for a rule.
        seed: of the followers' response, and of a sample where one is needed; a run has its own.
        types: observed participants, or a file of them, from which the prior is estimated; not with a run.
        holdout: the share of those rows that is kept out, or other rows, on which the rule is valued.
        holdout_seed: of the rows that are kept out.
        robust: total-variation distance within which the prior may be off.
        at_least: measures that must not fall short, "MEASURE=NUMBER" each.
        status_quo: what has to be beaten in place of the game's own status quo; not with a run.
        code: the file of a user's own game, followers or leader, which is executed.

    Returns:
        The certificate; its `measures`, and what was asked of `constraints`, `holdout` and `robust`; with one follower
        and a table the game's `loss_to_manipulation`. Where a user's own code has changed since a run began, its rule
        and play are certified under the code as it is, with a warning: `changed_code` names the classes, and the run's
        own files stay as they are.

    Raises:
        InputError: there is no run or rule, it is damaged or not valid, or the certificate cannot be written.

    Example:
        >>> from firstmover import certify
        >>> from firstmover.games import Maintain
        >>> from firstmover.rules.rule import Rule
        >>> certificate = certify(Rule.read(Maintain("mixed"), [{"do": {"mixture": [0.25, 0.75, 0]}}]))
        >>> certificate["exact"], round(certificate["value"], 4)
        (True, 17.5)
    """
    played_by: Follower | None
    changed: list[str] = []
    run = None if isinstance(path, Rule) or not files.is_folder(path) else Run.open(path)
    if run is not None and (types is not None or status_quo is not None):
        raise InputError("a run has its own prior and status quo; --types and --status-quo go with rule files.")
    if run is not None:
        result = read_result(run)
        if "network" in result:
            if epsilon is not None or holdout is not None or robust is not None or at_least:
                raise InputError(NO_PARTS)
            return _of_network(run, result, code, out)
        loaded = uncertified(run, result, code)
        rule, play, seed, played_by = loaded.rule, loaded.play, loaded.seed, loaded.followers
        changed = list(loaded.changed_code)
        _, evidence = estimated(rule.game, None, holdout, robust=robust, seed=holdout_seed)
    else:
        rule, stated = (path.as_told(), None) if isinstance(path, Rule) else read_rule_file(path, code)
        game, evidence = estimated(rule.game, types, holdout, robust=robust, seed=holdout_seed)
        rule = Rule(against(game, status_quo), rule.actions)
        if followers is None and stated is not None:
            play, played_by = stated, None
        else:
            name = rule.game.usual_followers if followers is None else followers
            played_by = build.item_from("followers", name, {}) if isinstance(name, str) else name
            play = respond(rule, played_by, seed=seed)
    least = constraints((*rule.game.at_least, *at_least))
    if least and rule.game.draws_types:
        raise InputError(f"the types of {rule.game.name} are drawn; a sample bounds no measure, so leave out at_least.")
    beside = _beside(rule.as_told(), play, played_by, evidence, least, seed)
    written = Path(out) if out is not None else None if isinstance(path, Rule) else certificate_path(path, changed)
    if written is not None and (run is None or out is not None):
        _refuse_other_files(written)
    model = None if played_by is None else build.description(played_by)
    rule, play = on_fresh_types(rule, play, played_by, seed)
    certificate = certify_play(rule.game, rule.actions, play, followers=model, epsilon=epsilon, seed=seed).as_json()
    if played_by is not None:
        certificate |= beyond_one_round(rule.game, rule.actions, played_by, seed)
    if written is not None:
        files.write_json(written, certificate)
    if run is not None and out is None and not changed:
        run.write_json("result.json", sealed({**result, "certificate": summary(certificate)}, certificate))
    certificate = {**certificate, **beside}
    exact = manipulation_of(rule.game)
    if exact is not None:  # of the game, not of the rule: no part of the certificate that is written
        certificate = {**certificate, "loss_to_manipulation": exact.as_json()}
    return {**certificate, "changed_code": changed} if changed else certificate


def _of_network(run: Run, result: Parsed, code: Code, out: str | Path | None) -> JsonObject:
    """The certificate of a run whose rule is a network, on fresh samples; written as those of other runs are."""
    if out is not None:
        _refuse_other_files(Path(out))
    network = loaded_network(run, result, code)
    final = judged_anew(Judging(network.game), network.commitment, network.play, network.seed)
    words = in_words(network.leader, network.game)
    certificate = network_certificate(network.game, network.followers, network.play, final, words).as_json()
    if out is not None:
        files.write_json(Path(out), certificate)
    else:
        run.write_json("certificate.json", certificate)
        run.write_json("result.json", sealed({**result, "certificate": summary(certificate)}, certificate))
    return {**certificate, "measures": {}, "constraints": [], "holdout": None, "robust": None}


def _beside(
    rule: Rule, play: Play, followers: Follower | None, evidence: Evidence, least: Sequence[AtLeast], seed: int
) -> JsonObject:
    """What is said of a rule beside its certificate, as JSON values."""
    found = measures(rule.game, rule.actions, play)
    held = None if evidence.held is None else hold_out(rule, play, followers, evidence.held, seed)
    nearby = robust_of(rule, play, evidence.radius)
    return {
        "measures": {name: measure.as_json() for name, measure in found.items()},
        "constraints": [constraint.as_json() for constraint in constrained(rule.game, least, found)],
        "holdout": None if held is None else held.as_json(),
        "robust": None if nearby is None else nearby.as_json(),
    }


def certificate_path(path: str | Path, changed: Sequence[str] = ()) -> Path:
    """Where the certificate of a run or a rule file is written by default: in the run's folder, or beside the file.

    Of a run whose code has changed, beside its own.
    """
    path = Path(path)
    if not files.is_folder(path):
        return path.with_suffix(".certificate.json")
    return path / ("certificate-changed-code.json" if changed else "certificate.json")


def _refuse_other_files(path: Path) -> None:
    """A certificate may replace an older certificate, and nothing else."""
    if not files.exists(path):
        return
    try:
        content = files.read_json(path)
    except InputError:
        content = None
    if not isinstance(content, dict) or "leader_value_bounds" not in content:
        raise InputError(f"{path} exists and is not a certificate; name another file with --out.")
