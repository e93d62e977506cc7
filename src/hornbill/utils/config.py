"""Config: named values with attribute access, which can be frozen."""

import difflib
import json
from collections.abc import Iterator
from typing import Any


class Config:
    """A dict of settings whose entries are attributes as well, and which can be frozen.

    Args:
        kwargs: the first entries.

    >>> import hornbill as hb
    >>> config = hb.utils.Config(rate=0.1)
    >>> config.seed = 3
    >>> config["rate"], config.as_dict()
    (0.1, {'rate': 0.1, 'seed': 3})
    >>> config.freeze()
    >>> config.rate = 0.2
    Traceback (most recent call last):
    ...
    ValueError: This Config is frozen: call unfreeze() before changing it. Received: rate
    """

    def __init__(self, **kwargs):
        # Past our own __setattr__, which makes entries.
        object.__setattr__(self, "_config", dict(kwargs))
        object.__setattr__(self, "_frozen", False)

    @property
    def frozen(self) -> bool:
        """Whether changes are refused."""
        return self._frozen

    def freeze(self) -> None:
        """Refuses all changes from now on."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self) -> None:
        """Allows changes again."""
        object.__setattr__(self, "_frozen", False)

    def _change(self, *names) -> dict:
        """The entries, for a change of those named."""
        if self._frozen:
            raise ValueError(
                "This Config is frozen: call unfreeze() before changing it. "
                f"Received: {', '.join(map(str, names))}"
            )
        return self._config

    def as_dict(self) -> dict:
        """A copy of the entries."""
        return dict(self._config)

    def to_json(self) -> str:
        """The entries as JSON text."""
        return json.dumps(self._config)

    def keys(self):
        return self._config.keys()

    def values(self):
        return self._config.values()

    def items(self):
        return self._config.items()

    def get(self, keyname: str, value: Any = None) -> Any:
        """The entry of that name, `value` where there is none."""
        return self._config.get(keyname, value)

    def pop(self, *args) -> Any:
        """Removes an entry and returns it: `pop(name)` or `pop(name, default)`."""
        return self._change(*args[:1]).pop(*args)

    def update(self, *args, **kwargs) -> None:
        """Sets many entries, as `dict.update` does."""
        new = dict(*args, **kwargs)
        self._change(*new).update(new)

    def __setattr__(self, name: str, value: Any):
        if hasattr(type(self), name):
            raise AttributeError(
                f"'{name}' is part of Config itself. Write config['{name}'] = ... for an entry of "
                f"that name. Received: {name}={value!r}"
            )
        self._change(name)[name] = value

    def __getattr__(self, name: str) -> Any:
        # Only asked for what is no attribute; copy and pickle ask before there are entries.
        entries = self.__dict__.get("_config", {})
        if name in entries:
            return entries[name]
        near = difflib.get_close_matches(name, entries, n=1, cutoff=0.7)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise AttributeError(f"Config has no entry '{name}'.{hint}")

    def __getitem__(self, key: str) -> Any:
        return self._config[key]

    def __setitem__(self, key: str, value: Any):
        self._change(key)[key] = value

    def __delitem__(self, key: str):
        del self._change(key)[key]

    def __contains__(self, key) -> bool:
        return key in self._config

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._config))

    def __len__(self) -> int:
        return len(self._config)

    def __repr__(self):
        return f"<Config {self._config}>"
