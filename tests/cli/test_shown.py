"""What a person is shown of a design: plain words, what was asked for, and the rest with --verbose."""

import contextlib
import io
import json

import pytest

from firstmover.cli import main
from firstmover.cli.certified import certificate
from firstmover.cli.progress import Watched


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The text of a design, the same with --verbose, its JSON, and what progress showed last."""
    last: list[float] = []
    run = str(tmp_path_factory.mktemp("shown") / "run")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Watched, "learnt", lambda self, done, total, value, measure: last.append(value))
        command = "design simple-allocation -g items=4 -f epsilon=5 --seeds 3 --updates 6 -l episodes=10 --out"
        texts = [_out([*command.split(), run])]
    texts += [_out(["resume", run, *flag]) for flag in (["--verbose"], ["--json"])]
    return texts[0], texts[1], json.loads(texts[2]), last[-1]


def _out(arguments: list[str]) -> str:

    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        assert main(arguments) == 0
    return text.getvalue()


def test_what_was_asked_for_is_shown_and_the_rest_is_left_to_verbose(shown) -> None:
    text, verbose, *_ = shown
    assert "\nfollowers  multiplicative-weights (epsilon=5)\n" in text
    assert "\nleader     commitment-gradient (updates=6, episodes=10)\n" in text
    assert "learning_rate" not in text
    for detail in ("learning_rate=0.1", "play=last", "the leader's payoffs range from 0 to 1", "env steps"):
        assert detail in verbose
        assert detail not in text

    def kept(page: str) -> list[str]:
        return [line for line in page.splitlines() if not line.startswith(("followers", "leader", "took"))]

    assert set(kept(text)) < set(kept(verbose))


def test_sets_of_equilibria_are_put_in_plain_words(shown) -> None:
    text, _, result, _ = shown
    bounds = result["certificate"]["leader_value_bounds"]
    assert bounds.keys() == {"anf_cce", "bcce"}
    words = {
        "anf_cce": "whatever followers who learn independently come to",
        "bcce": "even if their play depended on types that they cannot know",
    }
    for name, plain in words.items():
        assert f" {plain} ({name})\n" in text
    result["certificate"]["leader_value_bounds"] = {"bcce": [0.25, 0.5], "anf_cce": [0.5, 0.5]}
    lines = [line.strip() for line in certificate(result["certificate"])]
    assert lines[1:3] == [f"value 0.5 {words['anf_cce']} (anf_cce)", f"value 0.25 to 0.5 {words['bcce']} (bcce)"]


def test_progress_ends_with_the_figure_of_the_result(shown) -> None:
    *_, result, last = shown
    assert last == pytest.approx(result["mean_learned_value"], abs=1e-6)
