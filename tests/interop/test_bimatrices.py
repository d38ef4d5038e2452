"""Tables with a pair of payoffs in every cell: read as a game, and refused where one player's table is asked for."""

import numpy as np
import pytest

from firstmover.errors import InputError
from firstmover.interop.game_files import read_game_file
from firstmover.interop.tables import read_matrix

LEADER, FOLLOWER = [[3, 0], [1, 2]], [[2, 1], [1, 0]]


@pytest.mark.parametrize(
    "text, names",
    [
        ('"3,2","0,1"\n"1,1","2,0"\n', (("A", "B"), ("A", "B"))),
        (',L,R\nup,"3,2","0,1"\ndown,"1,1","2,0"\n', (("up", "down"), ("L", "R"))),
        ("L;R\n(3, 2);(0, 1)\n[1|1];(2, 0)\n", (("A", "B"), ("L", "R"))),
        ("up\t3 2\t0 1\ndown\t1 1\t2 0\n", (("up", "down"), ("A", "B"))),
        ("pairs;L;R\nup;3,2;0,1\ndown;1,1;2,0\n", (("up", "down"), ("L", "R"))),
    ],
)
def test_pairs_are_a_game(tmp_path, text, names):
    file = tmp_path / "pairs.csv"
    file.write_text(text)
    game = read_game_file(file)
    np.testing.assert_array_equal(game.leader_payoffs, LEADER)
    np.testing.assert_array_equal(game.follower_payoffs, [FOLLOWER])
    assert game.action_names == names


def test_a_pair_is_no_number(tmp_path):
    """Where one player's table is asked for, "3,2" may be 3.2; "(3, 2)" is none."""
    file = tmp_path / "pairs.csv"
    file.write_text('"3,2","0,1"\n"1,1","2,0"\n')
    with pytest.raises(InputError, match=r"two ways: '3,2' may be one number .* or the payoffs of both"):
        read_matrix(file)
    file.write_text("(3, 2);(0, 1)\n(1, 1);(2, 0)\n")
    with pytest.raises(InputError, match=r"two payoffs in a cell.* give the file itself"):
        read_matrix(file)
    file.write_text("3,2;0,1\n1,1;2,0\n")
    assert read_matrix(file).floats.tolist() == [[3.2, 0.1], [1.1, 2.0]]


def test_fractions_in_pairs_stay_fractions(tmp_path):
    file = tmp_path / "pairs.csv"
    file.write_text("L;R\n1/3 | 2;0 | -1/7\n")
    leader, followers = read_game_file(file).tables
    assert str(leader.fractions[0, 0]) == "1/3" and str(followers.fractions[0, 0, 1]) == "-1/7"
