"""An option, then components that belong to it."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from firstmover.core.modules import static
from firstmover.heads.base import Branches, Head, Output, Statistics, by_option
from firstmover.heads.categorical import CategoricalHead


class BranchingHead(Head):
    """An option, then components that are drawn independently given the option.

    An output is the options' logits, then for every option its components' outputs; or `Branches`, where options share
    theirs. Each part counts as a decision of its own in the surrogate: a component's outputs move only where its option
    was drawn.
    """

    options: int = static()
    size: int = static()
    component: Head
    shape: tuple[int, ...] = static()  # of a component's draw

    @property
    def width(self) -> int:
        """Length of an output vector."""
        return self.options * (1 + self.size * self.component.width)

    @property
    def noise_size(self) -> int:
        """Uniform numbers consumed by a draw."""
        return 1 + self.size

    @property
    def _free(self) -> Bool[Array, "component"]:
        """The mask of a component: nothing is impossible."""
        return jnp.ones(self.component.width, bool)

    @property
    def _option(self) -> CategoricalHead:
        return CategoricalHead(self.options)

    def _split(self, output: Output) -> Branches:
        """The options' logits, and the components' outputs of every kind of option, [kinds, size * width of one]."""
        if isinstance(output, Branches):
            return output
        return Branches(output[: self.options], output[self.options :].reshape(self.options, -1))

    def _own(self, branches: Branches, option: Int[Array, ""]) -> Float[Array, "size component"]:
        """The outputs of an option's components."""
        parts, kind = branches.parts, branches.kind
        if kind is None:
            own = parts[option]
        else:
            # By comparison: gathers and scatters of single rows are slow in batches.
            of_kind = jnp.sum(jnp.where(jnp.arange(self.options) == option, kind, 0))
            own = jnp.sum(jnp.where((jnp.arange(len(parts)) == of_kind)[:, None], parts, 0), axis=0)
        return own.reshape(self.size, -1)

    def _vectors(self, raw: Array) -> Array:
        """The components of a raw action as the component's head has them, [size, *shape]."""
        return raw[1:].reshape(self.size, *self.shape)

    def draw(self, output: Output, mask: Bool[Array, "options"], u: Float[Array, "noise"]) -> Array:
        """The option by inversion, then its components."""
        branches = self._split(output)
        option = self._option.draw(branches.logits, mask, u[:1])
        parts = jax.vmap(lambda out, v: self.component.draw(out, self._free, v))(
            self._own(branches, option), u[1:, None]
        )
        return jnp.concatenate([option[None].astype(parts.dtype), parts.reshape(-1)])

    def mode(self, output: Output, mask: Bool[Array, "options"]) -> Array:
        """The likeliest option, and the mode of its components."""
        branches = self._split(output)
        option = self._option.mode(branches.logits, mask)
        parts = jax.vmap(lambda out: self.component.mode(out, self._free))(self._own(branches, option))
        return jnp.concatenate([option[None].astype(parts.dtype), parts.reshape(-1)])

    def action(self, raw: Array) -> Array:
        """What the game is given for a draw: real components clipped to their range."""
        parts = jax.vmap(self.component.action)(self._vectors(raw))
        return jnp.concatenate([raw[:1], parts.reshape(-1)])

    def around(self, action: Array) -> Float[Array, "width"]:
        """An output that prefers this option, and has these components whatever the option."""
        parts = jax.vmap(self.component.around)(self._vectors(action)).reshape(-1)
        return jnp.concatenate([self._option.around(action[0].astype(jnp.int32)), jnp.tile(parts, self.options)])

    def log_probabilities(self, output: Output, mask: Bool[Array, "options"], raw: Array) -> Float[Array, "parts"]:
        """Of the option, then of each of its components."""
        branches, option = self._split(output), raw[0].astype(jnp.int32)
        of_component = jax.vmap(lambda out, part: self.component.log_probabilities(out, self._free, part))
        parts = of_component(self._own(branches, option), self._vectors(raw)).ravel()
        return jnp.concatenate([self._option.log_probabilities(branches.logits, mask, option), parts])

    def statistics(self, raw: Array, advantages: Float[Array, "episodes"]) -> tuple[Statistics, Statistics]:
        """All that the surrogate needs of the draws at one observation: of the option, and of every component of it."""
        option = raw[:, 0].astype(jnp.int32)
        chosen = jax.nn.one_hot(option, self.options).T * advantages
        vectors = jax.vmap(self._vectors)(raw)
        of_option = jax.vmap(self.component.statistics, (1, None))
        return self._option.statistics(option, advantages), jax.vmap(lambda gains: of_option(vectors, gains))(chosen)

    def surrogate(
        self,
        output: Float[Array, "width"],
        old_output: Float[Array, "width"],
        mask: Bool[Array, "options"],
        statistics: tuple[Statistics, Statistics],
        clip: float,
    ) -> Float[Array, ""]:
        """PPO's clipped objective of one observation, part by part, summed over parts and episodes."""
        new, old = self._split(output), self._split(old_output)
        component = jax.vmap(
            jax.vmap(lambda out, old, found: self.component.surrogate(out, old, self._free, found, clip))
        )
        of_option, of_components = statistics
        total = self._option.surrogate(new.logits, old.logits, mask, of_option, clip)
        return total + component(self._components(new), self._components(old), of_components).sum()

    def entropy(self, output: Output, mask: Bool[Array, "options"]) -> Float[Array, ""]:
        """Entropy of the option and, given the option, of its components, in nats (differential for real ones)."""
        branches = self._split(output)
        of_component = jax.vmap(jax.vmap(lambda out: self.component.entropy(out, self._free)))
        parts = by_option(of_component(self._components(branches)).sum(-1), branches.kind)
        weights = jax.nn.softmax(jnp.where(mask, branches.logits, -jnp.inf))
        return self._option.entropy(branches.logits, mask) + jnp.sum(weights * parts)

    def _components(self, branches: Branches) -> Float[Array, "kinds size component"]:
        """The outputs of all components of every kind of option."""
        return branches.parts.reshape(len(branches.parts), self.size, -1)

    @property
    def rates(self) -> Float[Array, "width"]:
        """How fast each output should move, as a multiple of the learning rate."""
        options, rest = self.options, self.width - self.options
        return jnp.concatenate([jnp.ones(options), jnp.broadcast_to(self.component.rates[0], rest)])
