"""A fresh start between models."""

import gc

from ..engine.naming import reset_names


def clear_session(free_memory: bool = True) -> None:
    """Starts the automatic names again (`dense`, `dense_1`, ...) and collects dropped models.

    Args:
        free_memory: whether Python's garbage collector runs, so that the arrays of models that
            nobody holds any more are freed now.

    >>> import hornbill as hb
    >>> hb.utils.clear_session()
    >>> hb.layers.Dense(1).name, hb.layers.Dense(1).name
    ('dense', 'dense_1')
    """
    reset_names()
    if free_memory:
        gc.collect()
