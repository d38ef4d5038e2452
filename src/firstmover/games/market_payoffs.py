"""What a market pays, from the one function that its author wrote: called, looked at before anything is learnt, ranged.

Whatever is wrong with the function is said here, in a sentence with the author's line.
"""

import copy
import functools
import re
from collections.abc import Callable
from fractions import Fraction
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from firstmover.core.trees import AnyArray
from firstmover.errors import InputError
from firstmover.games.base import Rewards
from firstmover.games.host_calls import HostCalls, Returned, on_host
from firstmover.games.units import Units, centre, spread
from firstmover.user_code import source_file, told

if TYPE_CHECKING:
    from firstmover.games.market import Market

_DECISIONS = 4096  # at which payoffs are looked at
_NUMBERS = 1_000_000  # profiles and decisions that are looked at where types are drawn
_CALLS = 2_000  # of plain Python that this may take, about
_BETWEEN = 0.1  # share of the range by which payoffs may leave it between the decisions that were looked at
_WHO = ("the leader's payoff", "the followers' payoffs", "the transfers")


class Looked(NamedTuple):
    """What was met over all possible profiles and decisions that stand for all.

    Attributes:
        leader_range, follower_ranges: least and greatest payoffs.
        stakes: what every follower has at stake: the range of its payoffs under one rule, of rules the middle one.
            Those that no leader would think of pay more, or less, than is ever met.
        units: in which a payoff of the leader's is centred on one that is there and scaled by the range that was met,
            and a follower's by its stake.
    """

    leader_range: tuple[float, float]
    follower_ranges: tuple[tuple[float, float], ...]
    stakes: tuple[float, ...]
    units: Units


class MarketPayoffs:
    """The payoffs of a market, in the shapes of the contract of games.

    They are computed in 64 bit, wherever they are called, and rounded to what is counted with there once they are in
    standard units (`in_units`): of 10,000,000.3 nothing but the constant would be left in 32 bit.

    Attributes:
        transfers: whether the author's function returns them.
        calls: of a function in plain Python; None for one in JAX.
    """

    def __init__(self, market: "Market"):
        """The payoffs of a market whose spaces are set.

        Raises:
            InputError: the function fails, or returns something else than payoffs.
        """
        self._market, self.calls = market, None
        self._units: Units | None = None
        self._name = f"payoff of {type(market).__name__}"
        self.transfers = self._returns()
        if market.plain:
            self.calls = HostCalls(self._plainly, self._name, source_file(type(market)))
            sizes = (*market.n_types, *market.n_actions, market.decides.n_options)
            self._host = on_host(self.calls, sizes, market.n_followers)

    def __call__(
        self, types: Int[Array, "n"], actions: Int[Array, "n"], decision: Array, counts: Bool[Array, ""]
    ) -> Rewards:
        """The payments; where they do not count they may be anything finite."""
        kept = jnp.result_type(float)
        if self.calls is None:
            with jax.enable_x64(True):
                known = decision.astype(float) if self._market.decides.continuous else decision
                paid = self._shaped(self._market.paid(*self._given_to(types, actions), known), jnp)
                if self._units is not None:
                    paid = Rewards(*self._units.counted(*paid))
                return jax.tree.map(lambda part: part.astype(kept), paid)
        leader, followers, transfers = self._host(types, actions, decision, counts)
        return Rewards(leader, followers, transfers if self.transfers else None)

    def in_units(self, units: Units) -> "MarketPayoffs":
        """The same payoffs in these units; transfers are in those of the leader, and nothing is nothing."""
        other = copy.copy(self)
        other.__dict__.pop("_compiled", None)
        other._units = units
        if self.calls is not None:
            other._host = self._host.in_units(units)
        return other

    def of(self, market: "Market") -> "MarketPayoffs":
        """The same payoffs in a market whose types are distributed otherwise."""
        other = copy.copy(self)
        other._market = market
        return other

    # What the author's function is given, and what it returns.

    def _given_to(self, types: AnyArray | list[int], actions: AnyArray | list[int]) -> tuple[Any, Any]:
        """What the function is given of types and actions: those of the one follower, or all."""
        return self._market.given_types(types), actions[0] if self._market.alone else actions

    def plainly(
        self, function: Callable[..., Returned], types: np.ndarray, actions: np.ndarray, decision: np.ndarray
    ) -> Returned:
        """What a function of the author's returns in plain Python, given whole numbers or 64-bit vectors."""
        who, what = self._given_to(types, actions)
        if self._market.alone:
            who, what = who if self._market.draws_types else int(who), int(what)
        return function(who, what, int(decision) if decision.ndim == 0 else decision.astype(float))

    def exactly(
        self, function: Callable[..., object], types: list[int], actions: list[int], decision: object
    ) -> tuple[Fraction, list[Fraction], Fraction]:
        """What `exact_payoff` pays: the leader, the followers, and in transfers."""
        paid = function(*self._given_to(types, actions), decision)
        if not isinstance(paid, tuple) or len(paid) not in (2, 3):
            raise InputError(f"exact_payoff must return what {self._name} returns, in whole numbers and fractions.")
        leader, followers, *transfers = paid
        own = [followers] if self._market.alone else list(followers)
        if len(own) != self._market.n_followers or len(transfers) != self.transfers:
            raise InputError(f"exact_payoff must return payoffs of the same players as {self._name}.")
        return Fraction(leader), [Fraction(payoff) for payoff in own], Fraction(*transfers)

    def _plainly(self, types: np.ndarray, actions: np.ndarray, decision: np.ndarray) -> tuple[float, np.ndarray, float]:
        """What one call of `payoff` in plain Python pays."""
        paid = self._shaped(self.plainly(self._market.paid, types, actions, decision), np)
        money = 0.0 if paid.transfers is None else float(paid.transfers)
        for payee, payoff in zip(self._players(), [paid.leader, *paid.followers], strict=True):
            if not np.isfinite(payoff):
                raise self._infinite(payee, float(payoff), types, actions, decision)
        return float(paid.leader), np.asarray(paid.followers), money

    def _infinite(
        self, payee: str, payoff: float, types: np.ndarray, actions: np.ndarray, decision: np.ndarray
    ) -> InputError:
        where = f"{self._market.profile_words(types, actions)}, decision {self._market.decides.words(decision)}"
        return InputError(f"{self._name} pays {payee} {payoff}, not a finite number, at {where}.")

    def _shaped(self, paid: object, arrays: ModuleType) -> Rewards:
        """What the function has returned, as arrays of JAX or NumPy.

        Raises:
            InputError: these are no payoffs.
        """
        if not isinstance(paid, tuple) or len(paid) not in (2, 3):
            raise InputError(
                f"{self._name} must return the leader's payoff and the followers', and maybe the transfers; got "
                f"{'nothing' if paid is None else f'{len(paid)} values' if isinstance(paid, tuple) else 'one value'}."
            )
        n = self._market.n_followers
        shapes = [((),), ((), (1,)) if self._market.alone else ((n,),), ((),)]
        parts = []
        for part, who, allowed in zip(paid, _WHO, shapes, strict=False):
            array = arrays.asarray(part)
            if array.dtype.kind not in "biuf" or array.shape not in allowed:
                raise InputError(
                    f"{self._name} returns {who} as {array.dtype} of shape {array.shape}; "
                    f"{'one real number' if () in allowed else f'real numbers of shape ({n},)'} must be returned."
                )
            parts.append(array.astype(float).reshape((n,) if who == _WHO[1] else ()))
        return Rewards(parts[0], parts[1], parts[2] if len(parts) > 2 else None)

    def _returns(self) -> bool:
        """Whether the function returns transfers.

        Raises:
            InputError: it fails, or returns something else than payoffs.
        """
        market = self._market
        first = market.decides.played(market.decides.spread(2)[0])
        nobody = np.zeros(market.n_followers, np.int32)
        with told(type(market), f"{self._name} fails"), np.errstate(all="ignore"):
            if market.plain:
                paid = self.plainly(market.paid, nobody, nobody, np.asarray(first))
                return self._shaped(paid, np).transfers is not None
            shapes = jax.eval_shape(self.__call__, jnp.asarray(nobody), jnp.asarray(nobody), jnp.asarray(first), True)
            self._refuse_frozen_numbers(jnp.asarray(nobody), jnp.asarray(first))
        return shapes.transfers is not None

    def _refuse_frozen_numbers(self, nobody: Array, first: Array) -> None:
        """Refuse a function that JAX follows to another program each time: random numbers of NumPy or Python in it.

        Raises:
            InputError: it is one.
        """
        programs = [jax.make_jaxpr(self.__call__)(nobody, nobody, first, True) for _ in range(2)]
        texts = {re.sub(r"0x[0-9a-f]+", "", str(program)) for program in programs}
        constants = [[np.asarray(c) for c in program.consts] for program in programs]
        same = all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(*constants, strict=False))
        if len(texts) > 1 or not same:
            raise InputError(f"{self._name} {FROZEN}")

    # What it comes to.

    def looked_at(self) -> Looked:
        """The payoffs met over all possible profiles, at decisions that stand for all.

        Raises:
            InputError: the function fails, or a payoff is not finite.
        """
        market = self._market
        types, actions = self.possible_profiles()
        few = max(16, _NUMBERS // len(types)) if market.draws_types else _DECISIONS
        points = min(_DECISIONS, few) if self.calls is None else max(2, _CALLS // len(types))
        decisions = np.asarray(market.decides.played(market.decides.spread(points)))
        with told(type(market), f"{self._name} fails"):
            leader, followers = self.at(types, actions, decisions)
            self._refuse_changes(types, actions, decisions)
        self._refuse_infinite(types, actions, decisions, leader, followers)
        wide = market.decides.continuous
        everybody = [leader, *np.moveaxis(followers, -1, 0)]
        widths = [
            spread(float(paid.min()), float(paid.max()), who)
            for who, paid in zip(self._players(), everybody, strict=True)
        ]
        ranges, stakes = [_range(paid, wide) for paid in everybody], self._stakes(types, followers)
        units = Units(tuple(centre(paid) for paid in everybody), (widths[0], *stakes))
        return Looked(ranges[0], tuple(ranges[1:]), stakes, units)

    def _players(self) -> list[str]:
        """Who is paid, in words."""
        n = self._market.n_followers
        return ["the leader", *(["the follower"] if self._market.alone else [f"follower {i}" for i in range(n)])]

    def possible_profiles(self) -> tuple[Int[np.ndarray, "K n"], Int[np.ndarray, "K n"]]:
        """Every type profile that occurs with every action profile that it allows."""
        support, _ = self._market.types.profiles
        every = np.indices(self._market.n_actions).reshape(self._market.n_followers, -1).T.astype(np.int32)
        types, actions = np.repeat(support, len(every), axis=0), np.tile(every, (len(support), 1))
        may = np.ones(len(types), bool)
        for i, mask in enumerate(self._market.masks):
            may &= mask[types[:, i], actions[:, i]]
        return types[may], actions[may]

    def at(
        self, types: np.ndarray, actions: np.ndarray, decisions: np.ndarray
    ) -> tuple[Float[np.ndarray, "K D"], Float[np.ndarray, "K D n"]]:
        """The payoffs of the leader and of the followers at all profiles and decisions, float64."""
        if self.calls is not None and self._market.decides.continuous:
            rows = [[self.calls(who, what, d) for d in decisions] for who, what in zip(types, actions, strict=True)]
            leader, followers = np.array([[p[0] for p in row] for row in rows]), [[p[1] for p in row] for row in rows]
            if self._units is not None:
                leader, followers, _ = self._units.counted(leader, np.array(followers))
            return leader, np.array(followers)
        with jax.enable_x64(True):
            paid = self._compiled(types, actions, jnp.asarray(decisions), True)
            return np.asarray(paid.leader), np.asarray(paid.followers)

    @functools.cached_property
    def _compiled(self) -> Callable[..., Rewards]:
        """The payments at all profiles and decisions, compiled once."""
        return jax.jit(jax.vmap(jax.vmap(self.__call__, (None, None, 0, None)), (0, 0, None, None)))

    def _refuse_changes(self, types: np.ndarray, actions: np.ndarray, decisions: np.ndarray) -> None:
        """Refuse a function in plain Python that pays differently when it is called again.

        Raises:
            InputError: it does.
        """
        if self.calls is None:
            return
        first, again = (self.calls(types[0], actions[0], np.asarray(decisions[0])) for _ in range(2))
        if not np.array_equal(np.append(*first[:2]), np.append(*again[:2]), equal_nan=True):
            raise InputError(f"{self._name} {FROZEN}")

    def _refuse_infinite(
        self,
        types: np.ndarray,
        actions: np.ndarray,
        decisions: np.ndarray,
        leader: Float[np.ndarray, "K D"],
        followers: Float[np.ndarray, "K D n"],
    ) -> None:
        for payee, paid in zip(self._players(), [leader, *np.moveaxis(followers, -1, 0)], strict=True):
            for k, d in np.argwhere(~np.isfinite(paid))[:1]:
                raise self._infinite(payee, float(paid[k, d]), types[k], actions[k], decisions[d])

    def _stakes(self, types: np.ndarray, followers: Float[np.ndarray, "K D n"]) -> tuple[float, ...]:
        per_follower = np.moveaxis(followers, -1, 0)
        if self._market.sees:  # a rule answers every action with a decision of its own
            spans = [np.ptp(own) for own in per_follower]
        else:
            starts = np.flatnonzero(np.append(True, np.any(types[1:] != types[:-1], axis=1)))
            spans = [
                centre((np.maximum.reduceat(own, starts) - np.minimum.reduceat(own, starts)).max(axis=0))
                for own in per_follower
            ]
        return tuple(float(span) or 1.0 for span in spans)


FROZEN = (
    "pays differently when it is called again with the same arguments: random numbers of NumPy or Python are frozen "
    "into a rule's value; draw a type for what is random, or write a Game with has_chance = True that uses its key."
)


def _range(payoffs: np.ndarray, wide: bool) -> tuple[float, float]:
    """The least and the greatest, and somewhat beyond where there is more between what was looked at."""
    low, high = float(payoffs.min()), float(payoffs.max())
    beyond = _BETWEEN * (high - low) if wide else 0.0
    return low - beyond, high + beyond
