"""Imports point one way, and `import firstmover` loads nothing heavy."""

import ast
import builtins
import dis
import importlib
import inspect
import sys
from pathlib import Path

import pytest

import firstmover

ROOT = Path(firstmover.__file__).parent
# From the bottom up; a module may import from its own layer and those before it.
LAYERS = [
    {
        "errors",
        "source",
        "catalogue",
        "files",
        "json_types",
        "array_files",
        "deadline",
        "wording",
        "heads",
        "spaces",
        "core.modules",
        "core.noise",
        "core.selection",
        "core.types",
        "core.adam",
        "core.batching",
        "core.traced",
        "core.trees",
        "core.sessions",
        "core.ucb_sessions",
        "core.value_tables",
        "exact_numbers",
        "user_code",
        "verify",
        "rules",
    },
    {"equilibria"},
    {"games"},
    {"solvers"},
    {"core.mlp", "core.convolutions", "core.recurrent", "core.policies", "core.commitment"},
    {"core.plays", "core.crowd_play", "core.rollout", "core.declarations"},
    {"evaluators"},
    {"followers"},
    {"core.pomdp", "core.step_level", "core.behaviours"},
    {"leaders", "jobs.memory", "jobs.programs", "jobs.skeletons"},
    {
        "rules.rule",
        "rules.rule_files",
        "jobs.runs",
        "jobs.stored_programs",
        "jobs.loop",
        "jobs.training",
        "interop",
        "jobs.build",
        "report",
    },
    {"online"},
    {"certificates"},
    {"testing"},
    {"jobs", "evaluation"},
    {"reproduce", "sweeps"},
    {"templates"},
    {"cli"},
    {"__init__", "__main__"},
]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}


def _modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def _place(name: str) -> str:
    """The entry of the layers that speaks for a module, named without the package: its own, or that of its room."""
    parts = name.split(".")
    return next((p for p in (".".join(parts[:n]) for n in range(len(parts), 0, -1)) if p in LEVEL), parts[0])


def _room(path: Path) -> str:
    return _place(".".join(path.relative_to(ROOT).with_suffix("").parts))


def _imports(path: Path) -> set[str]:
    """Rooms of the package that a module imports, anywhere in it."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        rooms |= {_place(name.removeprefix("firstmover.")) for name in names if name.startswith("firstmover.")}
    return rooms


def test_every_room_has_a_layer() -> None:
    assert {_room(path) for path in _modules() if path.parent != ROOT / "core" or path.stem != "__init__"} == set(LEVEL)


# What `firstmover new` copies is a user's file, and imports the public face.
OURS = [p for p in _modules() if p != ROOT / "__init__.py" and (_room(p) != "templates" or p.name == "__init__.py")]


@pytest.mark.parametrize("path", OURS, ids=lambda p: str(p.name))
def test_imports_point_one_way(path: Path) -> None:
    for room in _imports(path):
        assert LEVEL[room] <= LEVEL[_room(path)], f"{path.relative_to(ROOT)} imports {room}"


def test_certificates_and_what_they_rest_on_never_meet_a_learner() -> None:
    todo, seen = {"certificates"}, set()
    while todo:
        room = todo.pop()
        seen.add(room)
        paths = [p for p in _modules() if _room(p) == room]
        todo |= set().union(*map(_imports, paths)) - seen
    assert not seen & {
        "followers",
        "core.pomdp",
        "core.step_level",
        "leaders",
        "jobs.training",
        "jobs",
    }


# What a game declares of its form is asked where parts are chosen for it (`evaluators`), by whatever checks that it
# holds, and by the games themselves.
ASK_A_GAME = {"evaluators", "core.declarations", "testing", "games", "solvers"}
PLAYS = {"Actions", "JointPlay", "Strategies", "TimedStrategies"}


@pytest.mark.parametrize("path", OURS, ids=lambda p: str(p.name))
def test_parts_answer_and_are_not_asked_what_they_are(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
            kinds = {name.id for name in ast.walk(node.args[1]) if isinstance(name, ast.Name)}
            assert not kinds & PLAYS, f"line {node.lineno} asks for the class of a play"
        if _room(path) not in ASK_A_GAME:
            declared = isinstance(node, ast.Attribute) and node.attr == "has_chance"
            if isinstance(node, ast.Compare):
                declared |= any(isinstance(n, ast.Attribute) and n.attr == "followers_act" for n in ast.walk(node))
            assert not declared, f"line {node.lineno} asks what kind a game is"


def test_the_checker_stands_alone() -> None:
    """The standard library and its own files, none of which bears the name of a module that Python looks for."""
    paths = [p for p in _modules() if _room(p) == "verify"]
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 1 if node.level else str(node.module).split(".")[0] in sys.stdlib_module_names
            elif isinstance(node, ast.Import):
                assert {alias.name.split(".")[0] for alias in node.names} <= set(sys.stdlib_module_names)
    assert not {path.stem for path in paths} & set(sys.stdlib_module_names)


def test_equilibria_work_on_arrays_alone() -> None:
    rooms = set().union(*(_imports(p) for p in _modules() if _room(p) == "equilibria"))
    assert rooms <= {"equilibria", "errors", "exact_numbers", "json_types", "source"}


def test_the_public_face_is_complete() -> None:
    for name in firstmover.__all__:
        assert getattr(firstmover, name) is not None
    assert callable(firstmover.design)
    with pytest.raises(AttributeError, match="nonsense"):
        firstmover.nonsense  # noqa: B018


def test_no_two_test_files_share_a_name() -> None:
    names = [path.name for path in Path(__file__).parent.rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))  # pytest would refuse to collect them


def test_every_global_name_is_there() -> None:
    """Linters are told to overlook undefined names, since shapes in annotations look like them."""
    missing = {}
    for path in OURS:
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] == "templates" or parts[-1] == "__main__":
            continue  # what users start from, and what runs when it is imported
        module = importlib.import_module(".".join(["firstmover", *parts]).removesuffix(".__init__"))
        unread = [compile(path.read_text(), str(path), "exec")]
        while unread:
            code = unread.pop()
            unread += [const for const in code.co_consts if inspect.iscode(const)]
            used = {step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"}
            lost = sorted(n for n in used if not hasattr(module, n) and not hasattr(builtins, n))
            missing |= {f"{path.name}: {code.co_name}": lost} if lost else {}
    assert missing == {}
