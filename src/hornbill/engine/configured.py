"""Configured: base of small objects that are nothing but their settings."""

from . import serialize


class Configured:
    """Base of initializers, regularizers, constraints and losses.

    The constructor's arguments are kept as they were given, so that a class writes neither
    `get_config` nor `from_config`. Two objects of one class with equal configs behave alike.
    """

    def __new__(cls, *args, **kwargs):
        self = object.__new__(cls)
        self._arguments = (args, kwargs)
        return self

    def get_config(self) -> dict:
        """The constructor's arguments as plain JSON."""
        overridden = type(self).get_config is not Configured.get_config
        return serialize.captured_arguments(self, strict=not overridden)

    @classmethod
    def from_config(cls, config: dict):
        """The object that `get_config` described."""
        return cls(**serialize.deserialize_arguments(config))

    def __repr__(self):
        try:
            settings = ", ".join(f"{k}={v!r}" for k, v in self.get_config().items())
        except TypeError:
            settings = "..."
        return f"{type(self).__name__}({settings})"
