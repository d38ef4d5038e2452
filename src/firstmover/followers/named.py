"""Several models of the followers in one line of text, such as `best-response,logit:rationality=3,exp3`."""

from typing import Any

from firstmover import catalogue
from firstmover.errors import InputError
from firstmover.exact_numbers import number, whole
from firstmover.followers.base import Follower


def named_followers(text: str) -> tuple[Follower, ...]:
    """The models that a text names: names between commas, each followed by its parameters, `:KEY=VALUE`.

    Raises:
        InputError: there is no such model or parameter, a value is not valid, a model needs training, or none is named.

    Example:
        >>> [model.name for model in named_followers("best-response:ties=weak,exp3")]
        ['best-response', 'exp3']
    """
    models = [_model(part.strip()) for part in text.split(",") if part.strip()]
    if not models:
        raise InputError("behaviours must name at least one model, such as best-response,logit:rationality=3,exp3.")
    return tuple(models)


def _model(text: str) -> Follower:
    name, *pairs = text.split(":")
    item = catalogue.item("followers", name)
    given: dict[str, Any] = {}
    for pair in pairs:
        key, _, value = pair.partition("=")
        if key not in item.parameters:
            raise InputError(f"{name} has no parameter {key!r}; valid: {', '.join(item.parameters)}.")
        given[key] = _read(value, item.parameters[key].default, f"{key} of {name}")
    model: Follower = item.load()(**given)
    if model.needs_training:
        raise InputError(f"{name} followers must be trained first, and cannot be one of several behaviours.")
    return model


def _read(text: str, default: Any, what: str) -> Any:
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
