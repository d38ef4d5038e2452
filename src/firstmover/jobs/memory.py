"""Programs that fit: what a compiled program needs is asked of the compiler, and batches are split until it is little.

The split does not depend on what memory is free, so that a run that is resumed computes the same.
"""

import math
import os
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import jax
from jaxtyping import Array

from firstmover.core.pomdp import StackelbergPOMDP
from firstmover.core.trees import Tree
from firstmover.errors import InputError

Result = TypeVar("Result")
ENOUGH = 1e9  # bytes that a program may need beside what goes in and comes out, before batches are split
_TRIES = 6


def for_seed(
    problem: StackelbergPOMDP, seeds: int, parts: int, function: Callable[[StackelbergPOMDP, Tree], Result]
) -> Callable[[Tree, Array], Result]:
    """`function(problem, state)` as a function of the state and the position of a seed, with that seed's problem.

    Where all that is batched is made into so many parts, the seeds are split first; once they are worked off one by one
    so are the episodes of each.
    """
    split = replace(problem, parts=math.ceil(parts / seeds))
    return lambda state, position: function(split.of_seed(position), state)


def compiled_to_fit(program: Callable[[int], jax.stages.Lowered], what: str, devices: int = 1) -> jax.stages.Compiled:
    """A program that needs at most `ENOUGH` bytes in between, or as few as splitting gets it to.

    Args:
        program: lowers it with everything that is batched in so many parts.
        what: what the program does, in words.
        devices: how many it runs on at once, in the same memory.

    Raises:
        InputError: it needs more memory than this machine has.
    """
    parts, best = 1, program(1).compile()
    for _ in range(_TRIES):
        temporary = devices * bytes_needed(best)[1]
        if temporary <= ENOUGH:
            break
        # What is temporary falls about in proportion; what goes in and comes out does not fall.
        parts = math.ceil(parts * max(2.0, 1.2 * temporary / ENOUGH))
        smaller = program(parts).compile()
        if devices * bytes_needed(smaller)[1] > 0.9 * temporary:
            break
        best = smaller
    needed, there = devices * sum(bytes_needed(best)), _machine_bytes()
    if needed > there:
        raise InputError(
            f"{what} would take {needed / 1e9:.3g} GB of memory, more than the {there / 1e9:.3g} GB there are; use "
            "fewer seeds, restarts, prices or messages, sampled updates and rewards ('-f update=sampled -l "
            "reward_episodes=30'), or policy=network."
        )
    return best


def bytes_needed(program: jax.stages.Compiled) -> tuple[float, float]:
    """What goes in and comes out, and what is needed in between, on each device."""
    found = program.memory_analysis()
    if found is None:  # not every backend can tell
        return 0.0, 0.0
    fixed = found.argument_size_in_bytes + found.output_size_in_bytes - found.alias_size_in_bytes
    return float(fixed), float(found.temp_size_in_bytes)


def _machine_bytes() -> float:
    return float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf("SC_PHYS_PAGES")
