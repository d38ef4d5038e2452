"""The Stackelberg POMDP and what it is made of: types, noise, commitments, policies, plays, one way to step a game."""
