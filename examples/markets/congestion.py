"""Congestion pricing: a city sets a toll on a bridge; what becomes of the traffic is simulated in plain Python."""

from firstmover import Discrete, Market

TOLLS = [f"{step / 2:g}" for step in range(21)]  # 0 to 10


class Congestion(Market):
    """Three commuters drive over the bridge or round the bay; the city wants little time lost."""

    plain = True
    status_quo = "0"

    def __init__(self, green: float = 2.0, round_the_bay: float = 4.5):
        self.green, self.round_the_bay = green, round_the_bay
        super().__init__(
            types=[Discrete(["patient", "hurried"], "commuter")] * 3,
            prior=[[0.5, 0.5]] * 3,
            acts=[Discrete(["bridge", "bay"], "drives over the")] * 3,
            decides=Discrete(TOLLS, "toll"),
        )

    def payoff(self, hurried, drives, toll):
        waiting, minutes = sum(1 for way in drives if way == 0), []
        while waiting > len(minutes):  # one car passes in a phase of green; who it is, is chance
            minutes.append((minutes[-1] if minutes else 0.0) + self.green)
        on_the_bridge = sum(minutes) / len(minutes) if minutes else 0.0
        fee, pays, fees = float(TOLLS[toll]), [], 0.0
        for in_a_hurry, way in zip(hurried, drives, strict=True):
            lost = on_the_bridge if way == 0 else self.round_the_bay
            pays.append(-(2.0 if in_a_hurry else 1.0) * lost - (fee if way == 0 else 0.0))
            fees += fee if way == 0 else 0.0
        return sum(pays) + fees, pays, fees
