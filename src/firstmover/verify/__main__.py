"""Runs the check: `python verify CERTIFICATE` for this folder, wherever it stands, or `python -m firstmover.verify`."""

import sys

if not __package__:
    # Run as a folder: it is made a package under a name of its own. The folder that it stands in is never searched for
    # modules, since a neighbour there (`types`) may bear the name of one of Python's own.
    import importlib.util
    from pathlib import Path

    folder = Path(__file__).resolve().parent
    __package__ = "firstmover_verify"
    spec = importlib.util.spec_from_file_location(
        __package__, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None and spec.loader is not None
    sys.modules[__package__] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[__package__])

from .command import main

sys.exit(main())
