"""A table is read the same in whatever dialect it was saved, and what can be read in two ways is refused."""

import csv
import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstmover.errors import InputError
from firstmover.interop.tables import read_matrix
from firstmover.jobs import build

NUMBERS = st.one_of(
    st.integers(-2000, 2000).map(Fraction),
    st.fractions(-5, 5, max_denominator=9),
    st.decimals(-99, 99, places=2).map(Fraction),
)
LABELS = st.text(st.characters(codec="utf-8", categories=["L", "Zs", "P"]), min_size=1, max_size=6).map(
    lambda text: f"a{text}".strip()
)


def _decimal(number: Fraction) -> str | None:
    """A number with two decimals, where it is one."""
    return f"{float(number):.2f}" if (number * 100).denominator == 1 else None


def _cell(number: Fraction, comma: bool, percent: bool) -> str:
    decimal = _decimal(number)
    if decimal is None:
        return str(number)
    if percent and number.denominator == 1:
        decimal = f"{number * 100}%"
    return decimal.replace(".", ",") if comma else decimal


def _text(rows: list[list[str]], separator: str, quoted: bool, end: str) -> str:
    out = io.StringIO()
    csv.writer(
        out, delimiter=separator, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL, lineterminator=end
    ).writerows(rows)
    return out.getvalue()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_table_is_read_the_same_in_every_dialect(tmp_path_factory: Any, data: Any) -> None:
    draw = data.draw
    height, width = draw(st.integers(1, 4)), draw(st.integers(2, 4))
    numbers = [[draw(NUMBERS) for _ in range(width)] for _ in range(height)]
    separator = draw(st.sampled_from(",;\t"))
    comma, percent = draw(st.booleans()), draw(st.booleans())
    columns = draw(st.none() | st.lists(LABELS, min_size=width, max_size=width))
    rows = draw(st.none() | st.lists(LABELS, min_size=height, max_size=height))
    cells = [[_cell(number, comma, percent) for number in row] for row in numbers]
    if rows is not None:
        cells = [[label, *row] for label, row in zip(rows, cells, strict=True)]
    if columns is not None:
        corner = [] if rows is None else [draw(st.sampled_from(["", "leader"]))]
        cells = [[*corner, *columns], *cells]
    text = _text(cells, separator, draw(st.booleans()), draw(st.sampled_from(["\n", "\r\n"])))
    lines = text.splitlines()
    lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(["", "# a comment", "  # 1, 2; 3"])))
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    path.write_bytes("\n".join(lines).encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))))
    try:
        table = read_matrix(path)
    except InputError as why:  # "1,25" between commas may be two payoffs, and "1,05" none
        own = [cell for row in cells[columns is not None :] for cell in row[rows is not None :]]
        assert "two ways" in str(why) and comma and separator == ","
        assert all("," in cell and "%" not in cell and ",0" not in cell for cell in own)
        return
    assert table.fractions.tolist() == numbers
    named = [None if names is None else tuple(names) for names in (rows, columns)]
    assert table.labels == (tuple(named) if any(named) else ())


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("1 000;2\n".replace(" ", "\u00a0"), [[1000, 2]]),
        ("1\u202f000,5;2,5\n", [["2001/2", "5/2"]]),
        ("1'000.5;2.5\n", [["2001/2", "5/2"]]),
        ("1.234.567;2,5\n", [[1234567, "5/2"]]),
        ('"1,234.5",2\n', [["2469/2", 2]]),
        ("sep=;\n1,5;2\n", [["3/2", 2]]),
        ("\u22121;12,5 %\n", [[-1, "1/8"]]),
        ("1,2,\n3,4,\n", [[1, 2], [3, 4]]),
        ("1;2\n;\n3;4\n", [[1, 2], [3, 4]]),
        ('left,right\n"1","2"\n', [[1, 2]]),
        (",10,20\n5,1,2\n", [[1, 2]]),
        ("Top;1,5\nBottom;2,5\n", [["3/2"], ["5/2"]]),
        ("Top, left;1;2\nTop, right;3;4\n", [[1, 2], [3, 4]]),
        ("1e3\t2\n", [[1000, 2]]),
    ],
)
def test_what_people_write(tmp_path: Path, text: str, rows: list[list[Any]]) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    assert read_matrix(path).fractions.tolist() == [[Fraction(x) for x in row] for row in rows]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("1,500;2,250\n", r"1,500 in column 1, row 1 of .* in two ways, as 1500 or as 1\.500; write 1500, or 1,5000\."),
        ('"1,500",2\n', "in two ways, as 1500 or as 1.500"),
        ("1.500;2.250\n", r"in two ways, as 1\.500 or as 1500"),
        ("payoff\n1,5\n2,5\n", "row 2 may be named '1', or hold 1,5 with a decimal comma"),
        ("1,5;2,5;3\n1.5;2;3\n", r"have a point in 1\.5 and a comma in 1,5"),
        ("a;b,c\nd;e,f\n", "two ways, with semicolons .* or with commas"),
        ("Top,1,2\n#1,3,4\n", "line 2 may be a comment, or a row that begins with '#1'"),
        ("#,Left,Right\n1,3,4\n", "line 1 may be a comment"),
        ("1,2,3\nx,4\n", "row 2 of .* must have 3 cells; got 2; with decimal commas"),
        ("1;2;3\n4\n", "differ in length"),
        ("1,2\n3,x\n", "row 2 of .* must be a finite number; got 'x'"),
        ("1,2o\n3,4\n", "row 1 of .* must be a finite number; got '2o'"),
        ("Top,1,2\n3,4,5\n", "row 1 of .* must be a finite number; got 'Top'"),
        ("left,right\n1,\n", "row 2 of .* has an empty cell"),
        ("left,right\n", "a header only"),
        ("# nothing\n", "empty but for comments"),
        ('"1,2\n3,4\n', "is not a row of a table"),
        ("1,1/0\n", "finite number"),
        ("1,1e999\n", "from 1e-306 to 1e306"),
        ("1,nan\n", "finite number"),
        ("Top\nBottom\n", "is not|names only|a number is needed|finite"),
    ],
)
def test_what_is_no_table_or_two_is_refused_in_a_sentence(tmp_path: Path, text: str, match: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=match):
        read_matrix(path)


@pytest.mark.parametrize("start", [b"PK\x03\x04\x14\x00", b"\xd0\xcf\x11\xe0\xa1\xb1"])
def test_a_workbook_is_to_be_saved_as_csv(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(start + bytes(100))
    with pytest.raises(InputError, match=r"is a workbook, .* save the sheet as 'CSV UTF-8'"):
        read_matrix(path)


def test_the_names_in_tables_come_back_in_words(tmp_path: Path) -> None:
    (tmp_path / "A.csv").write_text("price;buy;leave\nlow;1;0\nhigh;3;0\n")
    (tmp_path / "B.csv").write_text("2;0\n-1,5;0\n")
    given = {"leader_payoffs": str(tmp_path / "A.csv"), "follower_payoffs": str(tmp_path / "B.csv")}
    game = build.build("game", "normal-form", given)
    assert game.action_names == (("low", "high"), ("buy", "leave"))
    assert game.sentence({"when": {}, "do": {"action": 1}}) == "always play high"
    again = build.build("game", "normal-form", game.parameters())
    assert again.parameters() == game.parameters()
    (tmp_path / "B.csv").write_text("price;buy;leave\nhigh;-1,5;0\nlow;2;0\n")
    with pytest.raises(InputError, match="same actions in the same order; got low, high and high, low"):
        build.build("game", "normal-form", given)


def test_names_are_given_on_the_command_line_too(tmp_path: Path) -> None:
    (tmp_path / "A.csv").write_text("1,3\n0,2\n")
    given = {"leader_payoffs": str(tmp_path / "A.csv"), "follower_payoffs": str(tmp_path / "A.csv")}
    named = given | {"action_names": "Top, Bottom; Left,Right", "player_names": "Ann,Bob"}
    game = build.build("game", "normal-form", named)
    assert game.action_names == (("Top", "Bottom"), ("Left", "Right"))
    assert game.player_names == ("Ann", "Bob")
    with pytest.raises(InputError, match="must be a list of 2 names"):
        build.build("game", "normal-form", given | {"player_names": "Ann"})


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 60),
    st.integers(0, 5),
    st.text(alphabet='"\n;,\t#=1/.%a \ufeff\x00', max_size=4),
    st.sampled_from(["utf-8", "utf-16"]),
)
def test_no_damage_makes_it_crash(tmp_path_factory: Any, at: int, cut: int, insert: str, encoding: str) -> None:
    text = '# prices\n,buy,leave\nlow,1,1/2\nhigh,"3",0.25\n'
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    path.write_bytes((text[:at] + insert + text[at + cut :]).encode(encoding)[: None if at % 7 else -1])
    try:
        table = read_matrix(path)
    except InputError:
        return
    assert table.floats.ndim == 2
