"""Which exact method answers for which game, and which rule is to beat there: registered by the game's type.

`registry` has the questions, one file per family has the answers. Nothing is imported here, so that the command line
can declare the options of solvers without loading them.
"""
