"""What takes too long is given up; what does not is as if it had been called."""

import threading
import time

import pytest

from firstmover.deadline import within


def _forever() -> None:
    while True:
        time.sleep(0.01)


def test_what_is_in_time_returns_or_raises() -> None:
    assert within(60.0, lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        within(60.0, lambda: 1 // 0)


def test_what_takes_longer_is_stopped() -> None:
    before, began = threading.active_count(), time.perf_counter()
    with pytest.raises(TimeoutError, match=r"0\.3 s"):
        within(0.3, _forever)
    assert time.perf_counter() - began < 20
    deadline = time.perf_counter() + 20
    while threading.active_count() > before and time.perf_counter() < deadline:
        time.sleep(0.05)
    assert threading.active_count() == before


def test_whoever_waits_may_stop() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        within(60.0, _forever, stop)
