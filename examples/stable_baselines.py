"""Stable-Baselines3's PPO designs an allocation, sb3-contrib's MaskablePPO sequential prices; both are certified.

    pip install 'firstmover[interop]' stable-baselines3 sb3-contrib
    python examples/stable_baselines.py

Steps are what costs here, so followers are asked once in an episode: they best respond. It takes a minute.
"""

from sb3_contrib import MaskablePPO
from stable_baselines3 import PPO

from firstmover import certify
from firstmover.games import SequentialPrice, SimpleAllocation
from firstmover.interop.gymnasium import StackelbergEnv


def allocation(seed: int = 0) -> None:
    """Three items, two messages: 2/3 of the agents can be given the item that they want."""
    env = StackelbergEnv(SimpleAllocation(items=3, messages=2), "best-response", reward_episodes=3)
    model = PPO("MlpPolicy", env, gamma=1.0, n_steps=512, batch_size=128, ent_coef=0.01, seed=seed, device="cpu")
    model.learn(10_000)
    show(env, lambda seen, mask: model.predict(seen, deterministic=True)[0])


def prices(seed: int = 0) -> None:
    """Two agents who may each buy the one item, at a price on a grid; whoever was visited is masked."""
    env = StackelbergEnv(SequentialPrice(agents=2, items=1, messages=1, prices=5), "best-response", reward_episodes=3)
    model = MaskablePPO(
        "MlpPolicy", env, gamma=1.0, n_steps=512, batch_size=128, ent_coef=0.01, seed=seed, device="cpu"
    )
    model.learn(10_000)
    show(env, lambda seen, mask: model.predict(seen, action_masks=mask, deterministic=True)[0])


def show(env: StackelbergEnv, policy) -> None:
    """A policy as a rule, with what it is worth."""
    rule = env.rule(policy)
    print(rule.text)
    print(f"worth {certify(rule, followers=env.followers)['value']:.4f}")


if __name__ == "__main__":
    allocation()
    prices()
