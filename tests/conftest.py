"""Shapes and types of every annotated function of the package are checked while the tests run."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

from jaxtyping import install_import_hook

install_import_hook("firstmover", "beartype.beartype")
