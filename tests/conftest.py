"""Shapes and types of annotated functions of the package are checked while the tests run: of all but the checker's."""

import atexit
import gc
import importlib.util
import os
import pkgutil
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import pytest

if "PYTEST_XDIST_WORKER" not in os.environ:
    # One compilation cache for all workers of this run and for the commands they start; none from before.
    cache = tempfile.mkdtemp(prefix="firstmover-tests-")
    atexit.register(shutil.rmtree, cache, ignore_errors=True)
    os.environ["JAX_COMPILATION_CACHE_DIR"] = cache
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.2"
    os.environ["JAX_PERSISTENT_CACHE_ENABLE_XLA_CACHES"] = "none"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# The tests compile much and run little.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")

from jaxtyping import install_import_hook

# The checker of certificates names no shapes, calls itself by the million, and stands alone: mypy holds its types.
(root,) = importlib.util.find_spec("firstmover").submodule_search_locations
parts = [part.name for part in pkgutil.iter_modules([root], "firstmover.")]
install_import_hook([part for part in parts if part != "firstmover.verify"], "beartype.beartype")
# Tracing makes objects by the million and little garbage, and to look for it takes a sixteenth of the time.
gc.set_threshold(100_000, 50, 50)


def known_to_xla(flag: str) -> bool:
    """Whether the XLA that is installed takes a flag: it ends the process at one that it does not know."""
    tried = [sys.executable, "-c", "import jax; jax.devices()"]
    return not subprocess.run(tried, env=os.environ | {"XLA_FLAGS": flag}, capture_output=True).returncode


def pytest_configure(config: pytest.Config) -> None:
    """The quick tests compile with the older way to fuse loops, which takes half the time: the slow ones as users do.

    Newer versions of XLA have only the other.
    """
    older = "--xla_cpu_use_fusion_emitters=false"
    if config.option.markexpr == "not slow" and "XLA_FLAGS" not in os.environ and known_to_xla(older):
        os.environ["XLA_FLAGS"] = older  # workers and commands inherit it


@pytest.fixture(autouse=True)
def nothing_is_kept_of_what_was_patched(request: pytest.FixtureRequest) -> Iterator[None]:
    """Compiled programs are kept for equal designs (`jobs.programs`): where code is patched they would not be equal."""
    if "monkeypatch" not in request.fixturenames:
        yield
        return
    from firstmover.jobs import programs

    programs._KEPT.clear()
    yield
    programs._KEPT.clear()
