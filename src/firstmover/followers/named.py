"""Several models of the followers in one line of text, such as `best-response,logit:rationality=3,exp3`."""

from firstmover import catalogue
from firstmover.errors import InputError
from firstmover.exact_numbers import number, whole
from firstmover.followers.base import Follower
from firstmover.wording import defaults_of

SETS: dict[str, str] = {
    "rational": "best-response,best-response:ties=weak",
    "learners": "multiplicative-weights,regret-matching,fictitious-play",
    "noisy": "logit:rationality=3,logit,partly-rational",
    "slow": "multiplicative-weights:epsilon=0.1,exp3",
}
_OWN: dict[str, type[Follower]] = {}  # classes that a person has named, by FILE.py:CLASS


def admit(cls: type[Follower]) -> None:
    """Have a user's own class found by its name; whoever calls this has been told to execute its file."""
    _OWN[cls.name] = cls


def parts_of(text: str) -> list[tuple[str, list[str]]]:
    """The models that a text names, each with its parameters as they stand there; sets of models are written out.

    Example:
        >>> parts_of("slow, own.py:Own:rounds=5")
        [('multiplicative-weights', ['epsilon=0.1']), ('exp3', []), ('own.py:Own', ['rounds=5'])]
    """
    parts: list[tuple[str, list[str]]] = []
    for part in filter(None, map(str.strip, text.split(","))):
        if part in SETS:
            parts += parts_of(SETS[part])
            continue
        name, *pairs = part.split(":")
        if name.endswith(".py") and pairs and "=" not in pairs[0]:
            name, *pairs = f"{name}:{pairs[0]}", *pairs[1:]
        parts.append((name, pairs))
    return parts


def own_classes(text: str) -> list[type[Follower]]:
    """The admitted classes of a user's own among the models that a text names."""
    return [_OWN[name] for name, _ in parts_of(text) if name in _OWN]


def named_followers(text: str) -> tuple[Follower, ...]:
    """The models that a text names: names between commas, each followed by its parameters, `:KEY=VALUE`.

    The name of a set (`SETS`) stands for its models, `FILE.py:CLASS` for a class that was admitted.

    Raises:
        InputError: there is no such model or parameter, a value is not valid, a model needs training, or none is named.

    Example:
        >>> [model.name for model in named_followers("best-response:ties=weak,exp3")]
        ['best-response', 'exp3']
        >>> len(named_followers("rational,noisy"))
        5
    """
    models = [_model(name, pairs) for name, pairs in parts_of(text)]
    if not models:
        raise InputError(
            "behaviours must name at least one model, such as best-response,logit:rationality=3,exp3, or a set: "
            f"{', '.join(SETS)}."
        )
    return tuple(models)


def _model(name: str, pairs: list[str]) -> Follower:
    if name.partition(":")[0].endswith(".py"):
        if name not in _OWN:
            raise InputError(f"{name} is a class of your own, which is not executed; name its file with --code.")
        cls: type = _OWN[name]
        defaults = defaults_of(cls)
    else:
        item = catalogue.item("followers", name)
        defaults = {key: parameter.default for key, parameter in item.parameters.items()}
        cls = item.load()
    given: dict[str, bool | int | float | str] = {}
    for pair in pairs:
        key, _, value = pair.partition("=")
        if key not in defaults:
            raise InputError(f"{name} has no parameter {key!r}; valid: {', '.join(defaults)}.")
        given[key] = _read(value, defaults[key], f"{key} of {name}")
    model: Follower = cls(**given)
    if model.needs_training:
        raise InputError(f"{name} followers must be trained first, and cannot be one of several behaviours.")
    return model


def _read(text: str, default: object, what: str) -> bool | int | float | str:
    """A value of the kind that the default has."""
    match default:
        case bool():
            if text not in ("true", "false"):
                raise InputError(f"{what} must be true or false; got {text!r}.")
            return text == "true"
        case int():
            return whole(text, what)
        case float():
            return number(text, what)
        case _:
            return text
