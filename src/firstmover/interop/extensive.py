"""Gambit extensive-form files (`.efg`), read into the reduced strategic form.

Player 1 leads: it commits to one of its strategies, or to a mixture of them. A reduced strategy names an action at
every information set that a player's own earlier actions leave open; it is called by these actions, with * for the
others.

Source: the Gambit project's description of its file formats.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from firstmover import files
from firstmover.exact_numbers import of_fractions, probabilities
from firstmover.games import NormalForm
from firstmover.games.normal_form import CommitmentKind
from firstmover.interop.gambit import COSTS, Reader, known

_MOST_PAYOFFS = 1_000_000  # profiles, times nodes that pay
_MOST_STEPS = 3_000_000  # from node to node, or from choice to choice
_Choices = dict[int, int]  # from information sets to actions


@dataclass
class _Node:
    """A place in the tree.

    Attributes:
        player: who acts there: 0 for chance, None at the end.
        information: the number of the information set.
        chances: the probabilities of chance's actions.
        n_actions: number of actions.
        paid: the outcome's payoffs, None where there is none.
        children: the nodes that follow, one for each action.
    """

    player: int | None
    information: int = 0
    chances: list[Fraction] = field(default_factory=list)
    n_actions: int = 0
    paid: list[Fraction] | None = None
    children: list["_Node"] = field(default_factory=list)


def read_efg(path: Path, commitment: CommitmentKind = "deterministic") -> NormalForm:
    """The reduced strategic form of the game in a `.efg` file.

    Raises:
        InputError: the file cannot be read, is cut short, is not a game of at least two players, or has too many
            strategies.
    """
    reader = _Efg(str(path), files.read_text(path, {**COSTS, b"\n": 1500}), ".efg game")
    players, root, labels = reader.game()
    plans = [_plans(reader, root, player) for player in range(1, 1 + len(players))]
    paying = list(_paying(reader, root))
    size = math.prod(map(len, plans))
    if size * max(1, len(paying)) > _MOST_PAYOFFS:
        raise reader.error(f"its strategic form has {size} profiles, too many to list")
    payoffs = np.full((len(players), *map(len, plans)), Fraction(0), object)
    for paid, chance, chosen in paying:
        at = [
            [k for k, plan in enumerate(own) if all(plan.get(s) == a for s, a in chosen.get(player, {}).items())]
            for player, own in enumerate(plans, 1)
        ]
        if all(at):
            for player, amount in enumerate(paid):
                payoffs[np.ix_([player], *at)] += chance * amount
    names = [
        [_name(plan, {s: own for (p, s), own in labels.items() if p == player}) for plan in own]
        for player, own in enumerate(plans, 1)
    ]
    table = of_fractions(payoffs)
    return NormalForm(table[0], table[1:], commitment, names, known(players))


def _name(plan: _Choices, labels: dict[int, list[str]]) -> str:
    """A strategy by its actions, in the order of the information sets."""
    return ", ".join(labels[s][plan[s]] if s in plan else "*" for s in sorted(labels)) or "nothing"


def _plans(reader: Reader, root: _Node, player: int) -> list[_Choices]:
    """The reduced strategies of a player: actions at the information sets that they leave open."""
    done: list[_Choices] = []
    todo: list[_Choices] = [{}]
    steps = 0
    while todo:
        plan = todo.pop()
        opened = []
        for node in _open(root, player, plan):
            steps += 1
            if node.player == player and node.information not in plan:
                opened.append(node)
        if steps > _MOST_STEPS:
            raise reader.error(f"the strategies of player {player} are too many to list")
        if not opened:
            done.append(plan)
        else:
            first = min(opened, key=lambda node: node.information)
            todo += [plan | {first.information: a} for a in reversed(range(first.n_actions))]
    return done


def _open(root: _Node, player: int, plan: _Choices) -> Iterator[_Node]:
    """The nodes that a player's plan does not exclude, down to those where the plan says nothing."""
    todo = [root]
    while todo:
        node = todo.pop()
        yield node
        if node.player != player:
            todo += node.children
        elif node.information in plan:
            todo.append(node.children[plan[node.information]])


def _paying(reader: Reader, root: _Node) -> Iterator[tuple[list[Fraction], Fraction, dict[int, _Choices]]]:
    """What is paid at nodes, how likely chance leads there, and what players have to choose for it."""
    todo: list[tuple[_Node, Fraction, dict[int, _Choices]]] = [(root, Fraction(1), {})]
    steps = 0
    while todo:
        node, chance, chosen = todo.pop()
        steps += 1 + sum(map(len, chosen.values()))
        if steps > _MOST_STEPS:
            raise reader.error("its tree is too deep to list what players do in it")
        if node.paid is not None and chance:
            yield node.paid, chance, chosen
        for action, child in enumerate(node.children):
            if node.player == 0:
                todo.append((child, chance * node.chances[action], chosen))
                continue
            assert node.player is not None
            own = chosen.get(node.player, {})
            if own.get(node.information, action) == action:
                todo.append((child, chance, chosen | {node.player: own | {node.information: action}}))


class _Efg(Reader):
    """An extensive-form file: the nodes of a tree, each before those that follow it."""

    def game(self) -> tuple[list[str], _Node, dict[tuple[int, int], list[str]]]:
        """The players' names, the tree, and the names of actions by player and information set."""
        if not self.tokens:
            raise self.error("it is empty")
        if self.tokens[:2] != ["EFG", "2"] or self.take() + self.take() + self.take() not in ("EFG2R", "EFG2D"):
            raise self.error("it does not begin with 'EFG 2 R' or 'EFG 2 D'")
        self.string()  # title
        self.players = self.list_of_strings()
        if len(self.players) < 2:
            raise self.error(f"a leader and a follower are needed; it has {len(self.players)} player(s)")
        self.labels: dict[tuple[int, int], list[str]] = {}
        self.chances: dict[int, list[Fraction]] = {}
        self.outcomes: dict[int, list[Fraction]] = {}
        if self.peek().startswith('"'):
            self.string()  # comment
        root = self.node()
        unfinished = [root] if root.n_actions else []
        while unfinished:  # the next node of the file follows the last that lacks one
            node = self.node()
            unfinished[-1].children.append(node)
            while unfinished and len(unfinished[-1].children) == unfinished[-1].n_actions:
                unfinished.pop()
            if node.n_actions:
                unfinished.append(node)
        if self.next != len(self.tokens):
            raise self.error(f"more follows after the last node, from {self.peek()!r} on")
        return self.players, root, {key: own for key, own in self.labels.items() if key[0]}

    def node(self) -> _Node:
        kind = self.take()
        self.string()  # its name
        if kind == "t":
            return _Node(None, paid=self.outcome())
        if kind not in ("c", "p"):
            raise self.error(f"a node (c, p or t) expected where {kind!r} stands")
        player = 0 if kind == "c" else self.whole()
        if kind == "p" and not 1 <= player <= len(self.players):
            raise self.error(f"player {player} is named, but there are only {len(self.players)}")
        information = self.whole()
        if self.peek().startswith('"'):
            self.string()
        key = player, information
        if self.peek() == "{":
            labels = self.actions(information if kind == "c" else None)
            if self.labels.setdefault(key, labels) != labels:
                raise self.error(f"information set {information} of player {player} has other actions the second time")
        if key not in self.labels:
            raise self.error(f"information set {information} of player {player} has no actions")
        chances = self.chances[information] if kind == "c" else []
        return _Node(player, information, chances, len(self.labels[key]), self.outcome())

    def actions(self, chance: int | None) -> list[str]:
        """The names of actions, with their probabilities where chance acts."""
        if chance is None:
            labels = self.list_of_strings()
        else:
            self.take("{")
            labels, chances = [], []
            while self.peek() != "}":
                labels.append(self.string())
                chances.append(self.number())
            self.take("}")
            self.chances[chance] = probabilities(chances, "the probabilities of chance").fractions.tolist()
        if not labels:
            raise self.error("an information set has no actions")
        return labels

    def outcome(self) -> list[Fraction] | None:
        number = self.whole()
        if self.next < len(self.tokens) and self.peek().startswith('"'):
            self.string()
        if number and self.next < len(self.tokens) and self.peek() == "{":
            self.take("{")
            paid = [self.number() for _ in self.players]
            self.take("}")
            if self.outcomes.setdefault(number, paid) != paid:
                raise self.error(f"outcome {number} has other payoffs the second time")
        if number and number not in self.outcomes:
            raise self.error(f"outcome {number} has no payoffs")
        return self.outcomes[number] if number else None
