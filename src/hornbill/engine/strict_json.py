"""JSON from somebody else: read with limits, and with nothing left to chance."""

import json

MAX_CHARACTERS = 256 * 2**20
MAX_DEPTH = 256
MAX_MEMBERS = 20_000_000


def parse(text: str | bytes, what: str = "The JSON text") -> dict:
    """A JSON object as a dict.

    Args:
        text: the JSON.
        what: what messages call it.

    Raises:
        ValueError: if it is too large, too deep, no JSON, no object, or names a member twice.
    """
    if not isinstance(text, (str, bytes)):
        raise TypeError(f"{what} is a string. Received: {text!r}")
    if len(text) > MAX_CHARACTERS:
        raise ValueError(
            f"{what} has at most {MAX_CHARACTERS} characters. Received: {len(text)} characters"
        )
    try:
        value = json.loads(text, object_pairs_hook=_members)
    except RecursionError:
        raise ValueError(f"{what} is nested too deep: at most {MAX_DEPTH} levels.") from None
    except ValueError as error:
        raise ValueError(f"{what} is no valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"{what} holds an object {{...}}. Received: a {type(value).__name__}")
    _check_size(value, what)
    return value


def _members(pairs: list) -> dict:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set = set()
        twice = sorted({k for k, _ in pairs if k in seen or seen.add(k)})
        raise ValueError(f"an object names a member twice: {twice}")
    return found


def _check_size(value, what: str) -> None:
    level, members = [value], 0
    for _ in range(MAX_DEPTH):
        level = [
            child
            for thing in level
            for child in (thing.values() if isinstance(thing, dict) else thing)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
        members += len(level)
        if members > MAX_MEMBERS:
            raise ValueError(f"{what} has more than {MAX_MEMBERS} objects and lists.")
    raise ValueError(f"{what} is nested too deep: at most {MAX_DEPTH} levels.")
