"""An environment of PettingZoo's kind as a game: a port posts a fee by how full it was, two ships enter or stay away.

Run it with `firstmover design examples/harbour_environment.py:Harbour --followers q-learning -f rounds=40 --seeds 2
-l reward_episodes=4 -l updates=20 -l episodes=10 -l restarts=1`.
"""

from typing import ClassVar

import numpy as np
from gymnasium.spaces import Discrete
from pettingzoo import ParallelEnv

from firstmover.interop.environments import EnvironmentGame

SHIPS = ("ship_0", "ship_1")


class HarbourEnv(ParallelEnv):
    """Three days; the fee is none, 0.4 or 0.8, and company in the port costs 0.3."""

    metadata: ClassVar = {"name": "harbour"}
    possible_agents: ClassVar = ["port", *SHIPS]

    def observation_space(self, agent):
        return Discrete(3)  # how many were inside yesterday

    def action_space(self, agent):
        return Discrete(3 if agent == "port" else 2)

    def reset(self, seed=None, options=None):
        self.rng, self.day = np.random.default_rng(seed), 0
        self.agents = list(self.possible_agents)
        return dict.fromkeys(self.agents, 0), {agent: {} for agent in self.agents}

    def step(self, actions):
        fee, inside = 0.4 * actions["port"], actions["ship_0"] + actions["ship_1"]
        worth = 1.3 - 0.3 * inside + 0.1 * self.rng.uniform(-1, 1)
        rewards = {ship: (worth - fee) * actions[ship] for ship in SHIPS} | {"port": fee * inside}
        self.day += 1
        over, agents = self.day == 3, self.agents
        self.agents = [] if over else agents
        ended, infos = dict.fromkeys(agents, over), {agent: {} for agent in agents}
        return dict.fromkeys(agents, inside), rewards, ended, dict.fromkeys(agents, False), infos


class Harbour(EnvironmentGame):
    """A port posts a fee for two ships, in an environment of PettingZoo's kind."""

    leader, horizon = "port", 3
    leader_payoff_range = (0.0, 4.9)
    follower_payoff_ranges = ((-3.0, 3.5), (-3.0, 3.5))

    def make(self):
        return HarbourEnv()
