"""The command line: a thin shell over the public face.

Exit status 0 on success, 1 for a certificate that is refuted or a run of which every seed failed, 2 with one sentence
on bad input, 130 after Ctrl-C. With `--json` there is one JSON object on stdout and nothing else; progress goes to
stderr always.
"""

import argparse
import contextlib
import json
import os
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from firstmover.errors import FailedError, InputError


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see '{self.prog} --help'.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    began = time.perf_counter()
    try:
        options = _parser().parse_args(arguments)
        options.waiting_since = began
        _use_compilation_cache()
        with _own_stdout():
            result, text = options.command(options)
        _write(json.dumps(result, allow_nan=False) if options.json else text)
    except InputError as error:
        return _refused(str(error))
    except FailedError as error:
        print(f"firstmover: {error}", file=sys.stderr)
        return 1
    except MemoryError:
        return _refused("this takes more memory than there is.")
    except KeyboardInterrupt:
        print("firstmover: stopped.", file=sys.stderr)
        return 130
    return int(options.status)


def _refused(sentence: str) -> int:
    print(f"firstmover: {sentence}", file=sys.stderr)
    return 2


def _write(text: str) -> None:
    """Write a result to stdout.

    Raises:
        InputError: it cannot be written.
    """
    try:
        encoding = sys.stdout.encoding or "utf-8"
        print(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except OSError as error:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # that reader has seen enough
            raise InputError(f"cannot write the result to stdout: {error.strerror}.") from None


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="firstmover", description="Choose the rules of a market whose participants adapt to them.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    def add(name: str, run: Any, summary: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=summary, description=summary)
        command.set_defaults(command=run, status=0)
        command.add_argument("--json", action="store_true", help="one JSON object on stdout")
        return command

    for kind, name in (("game", "games"), ("followers", "followers"), ("leader", "leaders")):
        add(name, _list, f"the {name} there are, with their parameters").set_defaults(kind=kind)

    game_help = "a name from 'firstmover games', a Gambit file *.nfg (player 1 leads), or FILE.py:CLASS"
    command = add("design", _design, "learn a rule, certify it, write a run folder")
    command.add_argument("game", metavar="GAME", help=game_help)
    _add_parameters(command, "-g", "game")
    command.add_argument("--followers", default="multiplicative-weights", metavar="NAME", help="how they adapt")
    _add_parameters(command, "-f", "followers")
    command.add_argument("--leader", default="commitment-gradient", metavar="NAME", help="how the leader learns")
    _add_parameters(command, "-l", "leader")
    command.add_argument("--seeds", default="25", metavar="N", help="independent seeds, trained at once (25)")
    command.add_argument("--seed", default="0", metavar="S", help="the first of them (0)")
    command.add_argument("--updates", metavar="N", help="the same as -l updates=N")
    command.add_argument("--no-optimum", action="store_true", help="do not compute the exact optimum beside the design")
    command.add_argument("--out", metavar="DIR", help="a new run folder (runs/GAME-NNN)")

    command = add("solve", _solve, "the exact optimum, where the game is small enough")
    command.add_argument("game", metavar="GAME", help=game_help)
    _add_parameters(command, "-g", "game")
    command.add_argument("--ties", default="strong", metavar="strong|weak", help="for or against the leader (strong)")

    command.add_argument(
        "--selection", default="best", metavar="best|worst|anf_cce", help="which equilibria count, with messages (best)"
    )
    command.add_argument("--threshold", action="store_true", help="messages mean intervals of values")
    command.add_argument(
        "--margin",
        metavar="M",
        help="how much worse other replies are to the rule of --out (0.001 of the range)",
    )
    command.add_argument("--time-limit", metavar="S", help="stop after so many seconds, with bounds on the optimum")
    command.add_argument("--out", metavar="FILE", help="a new rule file, for 'firstmover certify'")

    command = add("certify", _certify, "certify the best rule of a run, or the rule of a file")
    command.add_argument("path", metavar="PATH", help="a run folder, or a rule file")
    command.add_argument("--epsilon", metavar="E", help="bound the value at this regret too (the measured one)")
    command.add_argument(
        "--followers", metavar="NAME", help="who responds to a rule file (multiplicative-weights); a run has its own"
    )
    _add_parameters(command, "-f", "followers")
    command.add_argument("--out", metavar="FILE", help="the certificate (in the run folder, or beside the rule file)")
    _add_code(command)

    command = add("verify", _verify, "check a certificate independently, in exact fractions")
    command.add_argument("certificate", metavar="CERTIFICATE", help="a file written by 'firstmover certify'")

    command = add("pretrain", _pretrain, "train followers once, for many designs")
    command.add_argument("game", metavar="GAME", help=game_help)
    command.add_argument("--followers", default="contextual", metavar="NAME", help="contextual or meta (contextual)")
    command.add_argument("--rules", metavar="RUN", help="a run or a rule file whose rules they shall know well")
    _add_parameters(command, "-g", "game")
    _add_parameters(command, "-f", "followers")
    _add_parameters(command, "-t", "training")
    command.add_argument("--seeds", default="1", metavar="N", help="independent followers, trained at once (1)")
    command.add_argument("--seed", default="0", metavar="S", help="the first of them (0)")
    command.add_argument("--out", default="followers.npz", metavar="FILE", help="a new file (followers.npz)")

    command = add("reproduce", _reproduce, "the papers' figures and tables: run, compare with what was published, draw")
    command.add_argument("names", nargs="*", metavar="NAME", help="figures, or all")
    command.add_argument("--list", action="store_true", dest="only_list", help="the figures and what they claim")
    command.add_argument("--seeds", default="25", metavar="N", help="independent seeds of every experiment (25)")
    command.add_argument("--out", default="reproduction", metavar="DIR", help="where it all goes (reproduction)")

    command = add("resume", _resume, "go on with a run that was stopped or killed")
    command.add_argument("run", metavar="RUN", help="a run folder")
    _add_code(command)
    return parser


def _add_parameters(command: argparse.ArgumentParser, flag: str, of: str) -> None:
    command.add_argument(
        flag, dest=of + "_parameters", action="append", default=[], metavar="KEY=VALUE", help=f"a parameter of the {of}"
    )


def _add_code(command: argparse.ArgumentParser) -> None:
    command.add_argument("--code", metavar="FILE", help="the Python file of a game of your own, which is executed")


def _pairs(flag: str, given: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for item in given:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise InputError(f"{flag} takes KEY=VALUE; got {item!r}.")
        if key in pairs:
            raise InputError(f"{flag} {key} is given twice.")
        pairs[key] = value
    return pairs


def _list(options: argparse.Namespace) -> tuple[Any, str]:
    from firstmover.build import registered, settings, summary
    from firstmover.cli import printing

    items = {
        name: {"summary": summary(cls), "parameters": {k: printing.default(v) for k, v in settings(cls).items()}}
        for name, cls in registered(options.kind).items()
    }
    return items, printing.listing(items)


def _design(options: argparse.Namespace) -> tuple[Any, str]:
    from firstmover import build
    from firstmover.cli import printing
    from firstmover.cli.progress import Watched
    from firstmover.designs import design
    from firstmover.exact_numbers import whole
    from firstmover.runs import free_folder

    leader_parameters = _pairs("-l", options.leader_parameters)
    if options.updates is not None:
        if "updates" in leader_parameters:
            raise InputError("--updates and -l updates= say the same thing; give one of them.")
        leader_parameters["updates"] = options.updates
    game = build.game_from(options.game, _pairs("-g", options.game_parameters))
    followers = build.item_from("followers", options.followers, _pairs("-f", options.followers_parameters))
    leader = build.item_from("leader", options.leader, leader_parameters)
    seeds, seed = whole(options.seeds, "--seeds"), whole(options.seed, "--seed")
    free = contextlib.nullcontext(Path(options.out)) if options.out else free_folder(Path(options.game).stem)
    with free as out, Watched(out / "config.json", f"resume {out}") as progress:
        made = design(
            game,
            followers=followers,
            leader=leader,
            seeds=seeds,
            seed=seed,
            out=out,
            optimum=not options.no_optimum,
            progress=progress,
            waiting_since=options.waiting_since,
        )
    return made.as_json(), printing.design(made.as_json())


def _reproduce(options: argparse.Namespace) -> tuple[Any, str]:
    from firstmover import reproduce
    from firstmover.cli import printing
    from firstmover.cli.progress import Watched
    from firstmover.exact_numbers import whole

    if options.only_list:
        return reproduce.claims(), printing.claims(reproduce.claims())
    if not options.names:
        raise InputError("name the figures to reproduce, or all; 'firstmover reproduce --list' shows them.")
    again = f"reproduce {' '.join(options.names)} --seeds {options.seeds} --out {options.out}"
    with Watched(Path(options.out) / "runs", again) as progress:
        results = reproduce.reproduce(
            options.names, seeds=whole(options.seeds, "--seeds"), out=options.out, progress=progress
        )
    return results, printing.verdicts(results)


def _resume(options: argparse.Namespace) -> tuple[Any, str]:
    from firstmover.cli import printing
    from firstmover.cli.progress import Watched
    from firstmover.designs import resume

    with Watched(Path(options.run) / "config.json", f"resume {options.run}") as progress:
        made = resume(options.run, code=options.code, progress=progress, waiting_since=options.waiting_since)
    return made.as_json(), printing.design(made.as_json())


def _solve(options: argparse.Namespace) -> tuple[Any, str]:
    from firstmover import build, files
    from firstmover.cli import printing
    from firstmover.cli.progress import Watched
    from firstmover.exact_numbers import number
    from firstmover.solutions import as_file, as_json, solve

    game = build.game_from(options.game, _pairs("-g", options.game_parameters))
    if options.ties not in ("strong", "weak"):
        raise InputError(f"--ties must be strong or weak; got {options.ties!r}.")
    if options.selection not in ("best", "worst", "anf_cce"):
        raise InputError(f"--selection must be best, worst or anf_cce; got {options.selection!r}.")
    if options.out is not None and files.exists(options.out):
        raise InputError(f"{options.out} exists; name a new file with --out.")
    with Watched() as progress:
        solution = solve(
            game,
            ties=options.ties,
            selection=options.selection,
            threshold=options.threshold,
            time_limit=None if options.time_limit is None else number(options.time_limit, "--time-limit"),
            margin=None if options.margin is None else number(options.margin, "--margin"),
            progress=progress.working,
        )
    result = as_json(game, solution, options.ties)
    if options.out is not None:
        if solution.rule is None:
            raise InputError(f"no rule was found, so {options.out} is not written; see the bounds without --out.")
        files.write_json(Path(options.out), as_file(game, solution))
    return result, printing.solution(result)


def _certify(options: argparse.Namespace) -> tuple[Any, str]:
    from firstmover import files
    from firstmover.certifications import certificate_path, certify
    from firstmover.cli import printing
    from firstmover.exact_numbers import number

    given = _pairs("-f", options.followers_parameters)
    if files.is_folder(options.path) and (given or options.followers):
        raise InputError(
            "a run is certified with the play of its own followers; --followers and -f go with rule files."
        )
    certificate = certify(
        options.path,
        followers=_responding(options.followers, given),
        epsilon=None if options.epsilon is None else number(options.epsilon, "--epsilon"),
        out=options.out,
        code=options.code,
    )
    return certificate, printing.written_certificate(certificate, options.out or certificate_path(options.path))


def _responding(name: str | None, given: dict[str, str]) -> Any:
    """Who responds to a rule file: whom the command names, or None for the play that the file states, if any."""
    from firstmover import build

    return build.build("followers", name or "multiplicative-weights", given) if name or given else None


def _pretrain(options: argparse.Namespace) -> tuple[Any, str]:
    from firstmover import build
    from firstmover.cli import printing
    from firstmover.cli.progress import Watched
    from firstmover.exact_numbers import whole
    from firstmover.followers.trained import Trained
    from firstmover.pretraining import Pretraining, as_json, learnt_rules, pretrain

    game = build.game_from(options.game, _pairs("-g", options.game_parameters))
    followers = build.item_from("followers", options.followers, _pairs("-f", options.followers_parameters))
    if not isinstance(followers, Trained):
        raise InputError(f"{options.followers} followers are not trained; name 'contextual' or 'meta'.")
    settings = build.constructed(Pretraining, "the training", _pairs("-t", options.training_parameters))
    with Watched() as progress:
        made = pretrain(
            game,
            settings,
            followers=followers,
            rules=None if options.rules is None else learnt_rules(game, options.rules),
            seeds=whole(options.seeds, "--seeds"),
            seed=whole(options.seed, "--seed"),
            out=options.out,
            progress=progress,
        )
    result = as_json(game, settings, made)
    return result, printing.pretrained(result)


def _verify(options: argparse.Namespace) -> tuple[Any, str]:
    from firstmover import verify

    try:
        claims = verify.verify(options.certificate)
    except verify.UnreadableError as error:
        raise InputError(str(error)) from None
    result = {"verdict": verify.verdict(claims), "claims": [claim._asdict() for claim in claims]}
    options.status = verify.STATUS[verify.verdict(claims)]
    return result, verify.report(claims)


@contextlib.contextmanager
def _own_stdout() -> Iterator[None]:
    """Send to stderr what compiled code (HiGHS, now and then) prints on stdout, which is for results only."""
    sys.stdout.flush()
    stdout = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)


def _use_compilation_cache() -> None:
    """Keep compiled programs between processes, unless the user has set a cache of their own."""
    # A cache that is damaged, full or not ours to write costs time, and nothing else.
    warnings.filterwarnings("ignore", "Error (reading|writing) persistent compilation cache")
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path.home() / ".cache" / "firstmover"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.05")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_ENABLE_XLA_CACHES", "none")
