"""Layers that learn from data before training: `adapt(data)`."""

import itertools

from ..base import Layer
from .arrays import is_one_array


class AdaptableLayer(Layer):
    """A layer with a state that `adapt` computes.

    Subclasses write `reset_state`, `update_state(batch)` and `finalize_state`, which may also be
    called one by one, where the data comes from elsewhere.
    """

    # Whether the state was given, so that there is nothing to adapt.
    fixed = False

    def adapt(self, data, steps: int | None = None) -> None:
        """Learns the layer's state from data.

        Args:
            data: one array (or nested list), or an iterable of batches (a dataset, a generator,
                a list of arrays). Of a batch that is a tuple, `(x, y)`, the first item counts.
            steps: how many batches are read, for data without an end; all when None.

        Raises:
            ValueError: when there are no batches, or `steps` is given with one array.
        """
        self.reset_state()
        for batch in self.batches(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def batches(self, data, steps: int | None):
        """The batches in what `adapt` was given."""
        if is_one_array(data):
            if steps is not None:
                raise ValueError(
                    f"{type(self).__name__}.adapt reads one array whole: steps= is for iterables "
                    f"of batches. Received: steps={steps}"
                )
            yield self.whole(data)
            return
        if not hasattr(data, "__iter__"):
            raise TypeError(
                f"{type(self).__name__}.adapt takes an array or an iterable of batches. "
                f"Received: data of type {type(data).__name__}"
            )
        empty = True
        for batch in itertools.islice(data, steps):
            empty = False
            yield batch[0] if isinstance(batch, tuple) else batch
        if empty:
            raise ValueError(
                f"{type(self).__name__}.adapt needs at least one batch. Received: an empty "
                f"{type(data).__name__}, steps={steps}. A generator can be read only once."
            )

    def whole(self, data):
        """One array as a single batch."""
        return data

    def reset_state(self) -> None:
        """Forgets what earlier calls of `update_state` gathered."""
        raise NotImplementedError

    def update_state(self, data) -> None:
        """Takes one batch into account."""
        raise NotImplementedError

    def finalize_state(self) -> None:
        """Turns what was gathered into the state that calls use."""
        raise NotImplementedError
