"""The two-agent, one-item market of Agrawal, Sethuraman and Zhang, a sequential price mechanism.

Players, information and payoffs: as in `sequential-price`. Agent 0 is worth 1/2 or, with probability epsilon,
1 / (2 epsilon); agent 1 is worth 0 or 1. With welfare as the objective, a message is worth 0.15.

Source: Agrawal, Sethuraman and Zhang, "On optimal ordering in the optimal stopping problem" (EC 2020), as given in
Brero et al., "Stackelberg POMDP: a reinforcement learning approach for economic design", section 7.4.
"""

from fractions import Fraction
from typing import Literal

from firstmover.errors import InputError
from firstmover.exact_numbers import exact
from firstmover.games.sequential_price import SequentialPrice


class Agrawal(SequentialPrice):
    """The two-agent, one-item market of the paper's section 7.4, where a message is worth 0.15 of welfare.

    Example:
        >>> from firstmover import solve
        >>> from firstmover.games import Agrawal
        >>> round(solve(Agrawal()).value, 6)
        0.0
    """

    name = "agrawal"

    def __init__(
        self,
        messages: int = 2,
        epsilon: float = 0.2,
        prices: int | Literal["continuous"] = 11,
        buy_at_tie: bool = True,
        objective: float | Literal["welfare", "revenue"] = "welfare",
    ):
        """The market in which agent 0 is worth 1/2 or, with probability epsilon, 1/(2 epsilon); agent 1 is 0 or 1.

        Args:
            messages: as in `sequential-price`.
            prices: as in `sequential-price`.
            buy_at_tie: as in `sequential-price`.
            objective: as in `sequential-price`.
            epsilon: probability of agent 0's high value, in (0, 1).

        Raises:
            InputError: a number is out of range.
        """
        if not 0 < epsilon < 1:
            raise InputError(f"epsilon must lie in (0, 1); got {epsilon}.")
        rare = exact(epsilon, "epsilon")
        values = {
            "values": [[[Fraction(1, 2)], [1 / (2 * rare)]], [[0], [1]]],
            "probabilities": [[1 - rare, rare], [Fraction(1, 2)] * 2],
        }
        super().__init__(messages=messages, values=values, prices=prices, buy_at_tie=buy_at_tie, objective=objective)
