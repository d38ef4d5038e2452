"""A shooting game on one screen: a ship below, targets that fall from above, one bullet.

The screen has `rows` rows above the ship's and a column for each entry of `points`. A wave lasts `wave` decisions. Its
first target enters the top row in some column, and every decision brings it one row down; after the lowest row the next
one enters at the top, one column to the right (from the last column: in the first). The ship begins in the middle. At
each decision it waits, moves one column left or right, or fires. A bullet flies up its column, a row a decision, and
the ship stands still meanwhile. It hits a target that it meets in a cell, or that it would pass on the way, and then
pays what targets are worth in that column. A wave has one bullet; what has not hit by its end is lost.

`best_shots` is the best play of a wave, by dynamic programming.
"""

import functools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

MOVES = ("waits", "goes left", "goes right", "fires")
_STEPS = np.array([0, -1, 1, 0], np.int32)  # columns to the right, by the action
_FIRE = 3


class Shots(NamedTuple):
    """The best play of a wave with a bullet in the gun.

    Attributes:
        worth: expected points from here on, by age of the wave, column of the ship, and column of the first target.
        action: the first action, in the order of `MOVES`, that is best there.
    """

    worth: Float[np.ndarray, "wave columns columns"]
    action: Int[np.ndarray, "wave columns columns"]


class Moves(NamedTuple):
    """What a decision does, by age of the wave, column of the ship, bullet, column of the first target, and action.

    Attributes:
        ship: its column afterwards.
        bullet: where it is afterwards.
        hit: the column in which it hit, or -1.
    """

    ship: Int[np.ndarray, "wave columns bullets columns actions"]
    bullet: Int[np.ndarray, "wave columns bullets columns actions"]
    hit: Int[np.ndarray, "wave columns bullets columns actions"]


@dataclass(frozen=True)
class Screen:
    """What a screen looks like.

    Attributes:
        points: what a target is worth in each column.
        rows: rows above the ship's.
        wave: decisions in a wave.

    Example:
        >>> screen = Screen((1.0, 1.0, 1.0), rows=2, wave=4)
        >>> screen.best_shots.worth[0, screen.middle].tolist()
        [1.0, 1.0, 1.0]
    """

    points: tuple[float, ...]
    rows: int
    wave: int

    @property
    def columns(self) -> int:
        """How many there are."""
        return len(self.points)

    @property
    def middle(self) -> int:
        """The column in which the ship begins."""
        return self.columns // 2

    @property
    def loaded(self) -> int:
        """What `bullet` is while it is in the gun; below, it is the row in which it flies."""
        return self.rows

    @property
    def gone(self) -> int:
        """What `bullet` is when it has hit or left the screen."""
        return self.rows + 1

    def target(self, age: int, first: Int[np.ndarray, "*shape"] | int) -> tuple[int, Int[np.ndarray, "*shape"] | int]:
        """Row and column of the target at this age of a wave whose first one entered in column `first`."""
        return age % self.rows, (first + age // self.rows) % self.columns

    @functools.cached_property
    def moves(self) -> Moves:
        """What every action does in every state of a screen."""
        shape = self.columns, self.rows + 2, self.columns, len(MOVES)
        ship, bullet, first, action = np.indices(shape).astype(np.int32)
        in_gun, up = bullet == self.loaded, bullet - 1
        ship_after = np.clip(ship + np.where(in_gun, _STEPS[action], 0), 0, self.columns - 1)
        shot = (in_gun & (action == _FIRE)) | (bullet < self.loaded)
        bullets, hits = [], []
        for age in range(self.wave):
            row, column = self.target(age + 1, first)
            # In one column they meet, or change places; a target that has just entered was nowhere before.
            met = (up == row) | ((row > 0) & (up == row - 1))
            hit = shot & met & (ship == column)
            bullets.append(np.where(shot, np.where(hit | (up < 0), self.gone, up), bullet))
            hits.append(np.where(hit, column, -1))
        repeated = np.broadcast_to(ship_after, (self.wave, *shape))
        return Moves(repeated, np.array(bullets, np.int32), np.array(hits, np.int32))

    @functools.cached_property
    def best_shots(self) -> Shots:
        """The best play of a wave, found from its end."""
        paid = np.append(np.asarray(self.points, np.float64), 0.0)
        ahead = np.zeros((self.columns, self.rows + 2, self.columns))
        first = np.arange(self.columns)[:, None]
        worth, action = [], []
        for ship, bullet, hit in zip(*(part[::-1] for part in self.moves), strict=True):
            options = paid[hit] + ahead[ship, bullet, first]
            ahead = options.max(axis=-1)
            worth.append(ahead[:, self.loaded])
            action.append(options.argmax(axis=-1)[:, self.loaded].astype(np.int32))
        return Shots(np.array(worth[::-1]), np.array(action[::-1]))

    def planes(self, age: int, ship: int, bullet: int, first: int) -> Float[np.ndarray, "3 height columns"]:
        """What is seen: a plane with the target, one with the bullet (in the gun: with the ship), one with the ship."""
        seen = np.zeros((3, self.rows + 1, self.columns))
        row, column = self.target(age, first)
        seen[0, int(row), int(column)] = 1
        if bullet <= self.loaded:
            seen[1, bullet, ship] = 1
        seen[2, self.rows, ship] = 1
        return seen
