"""Finding the layers, variables, metrics and generators that an object owns.

There are no wrapped lists and no registration: what an object owns is what its attributes
hold, looked up in lists, tuples and dicts at the time of the question. Only the order is
remembered: first seen, first listed, as Keras lists them. Things that appeared between two
looks (appended to a list) come in the order in which they were made.
"""

import itertools

from .variable import Variable

_made = itertools.count()


class Trackable:
    """Base of all that owns or is owned: layers, metrics, optimizers, seed generators."""

    # Attributes that hold other things than children.
    _untracked = frozenset({"_arguments", "_order", "_nodes", "_losses", "_logged"})

    def __new__(cls, *args, **kwargs):
        self = object.__new__(cls)
        self.__dict__["_arguments"] = (args, kwargs)
        self.__dict__["_made"] = next(_made)
        return self

    def __setattr__(self, name, value):
        if name not in self._untracked and isinstance(
            value, (Trackable, Variable, list, tuple, dict)
        ):
            owned(self)
            object.__setattr__(self, name, value)
            _rank(self, walk(value))
        else:
            object.__setattr__(self, name, value)


# What `walk` finds anything in. Most attributes are none of these, and a model has thousands.
HOLDERS = (Trackable, Variable, list, tuple, set, dict)


def walk(value):
    """The trackables and variables in a value, without entering them."""
    if isinstance(value, (Trackable, Variable)):
        yield value
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from walk(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from walk(item)


def _rank(owner, things) -> dict:
    order = owner.__dict__.setdefault("_order", {})
    for thing in things:
        # The order holds the thing itself, so that its id cannot pass to another one.
        order.setdefault(id(thing), (len(order), thing))
    return order


def owned(owner) -> list:
    """What the owner's attributes hold, in the order in which it came."""
    found = {}
    for name, value in owner.__dict__.items():
        if isinstance(value, HOLDERS) and name not in owner._untracked:
            for thing in walk(value):
                found[id(thing)] = thing
    order = owner.__dict__.get("_order", {})
    new = [thing for key, thing in found.items() if key not in order]
    if new:
        order = _rank(owner, sorted(new, key=lambda t: getattr(t, "_made", -1)))
    if len(order) > len(found):
        gone = [key for key in order if key not in found]
        for key in gone:
            del order[key]
        order.update(
            {k: (i, t) for i, (k, (_, t)) in enumerate(sorted(order.items(), key=_by_rank))}
        )
    return sorted(found.values(), key=lambda thing: order[id(thing)][0])


def _by_rank(item):
    return item[1][0]


def unique(things) -> list:
    """The things without repetitions (by identity), in order."""
    return list({id(thing): thing for thing in things}.values())
