"""Exact solvers on plain NumPy arrays: optimal commitments and the equilibria that a rule induces."""
