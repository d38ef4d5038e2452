"""firstmover: choose the rules of a market whose participants adapt to them.

design        learn the rule of a game, with a certificate
resume        go on with a run that was stopped
solve         the exact optimum, where the game is small enough
certify       certify the rule of a finished run, or of a file
evaluate      what rules are worth under several models of the followers
write_report  one page of a rule to hand on
pretrain      train followers once, for many designs
sweep         many designs from one file, on this machine or a cluster
Design        what `design` returns: rule, value, certificate
Evaluation    what `evaluate` returns: values, intervals and regrets, rules by models
Market        a one-shot market of your own, from its spaces and one payoff function
Discrete      a space: one of several things, by name
Drawn         types that are real numbers, drawn by a function
Box           a space: numbers within limits, by name
Mixture       a space: probabilities of several things, by name
InputError    what was wrong with an input, in one sentence
games         what is played
followers     how participants adapt
leaders       how the leader learns
certificates  what can be proved about an outcome
equilibria    exact solvers on plain arrays
rules         a rule as programs have it: read from a file and called, without JAX
testing       does a game of your own keep its contract?
verify        an independent check of a certificate, on the standard library
"""

from typing import TYPE_CHECKING

from firstmover.source import lazily

if TYPE_CHECKING:
    from firstmover import certificates, equilibria, followers, games, leaders, rules, testing, verify
    from firstmover.errors import InputError
    from firstmover.evaluation.evaluations import Evaluation
    from firstmover.evaluation.matrix import evaluate
    from firstmover.games import Market
    from firstmover.games.drawn_types import Drawn
    from firstmover.jobs.certifications import certify
    from firstmover.jobs.designs import design, resume
    from firstmover.jobs.finished import Design
    from firstmover.jobs.pretraining import pretrain
    from firstmover.jobs.reports import write_report
    from firstmover.jobs.solutions import solve
    from firstmover.spaces import Box, Discrete, Mixture
    from firstmover.sweeps.sweep import sweep

__version__ = "0.2.0"

__all__ = [
    "Box",
    "Design",
    "Discrete",
    "Drawn",
    "Evaluation",
    "InputError",
    "Market",
    "Mixture",
    "certificates",
    "certify",
    "design",
    "equilibria",
    "evaluate",
    "followers",
    "games",
    "leaders",
    "pretrain",
    "resume",
    "rules",
    "solve",
    "sweep",
    "testing",
    "verify",
    "write_report",
]

__getattr__, __dir__ = lazily(__name__)
