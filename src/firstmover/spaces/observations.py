"""Where an observation stands among all that there are."""

from jaxtyping import Array, Int


def observation_index(obs: Int[Array, "d"], sizes: tuple[int, ...]) -> Int[Array, ""]:
    """Row of an observation among all that have `sizes` values per component (the last varies fastest)."""
    index = obs[0]
    for k, size in enumerate(sizes[1:], start=1):
        index = index * size + obs[k]
    return index
