"""evaluate, predict, and the epochs that `fit` is made of: chunks of steps, callbacks, progress.

A chunk is a run of steps without Python in between. Its length follows from the time that the
last one took, so that it covers about 50 ms of work: the progress line stays alive, Ctrl-C is
answered, and Python costs nothing.
"""

import collections
import itertools
import time

import jax
import jax.numpy as jnp
import numpy as np

from ..engine import config
from .callbacks import CallbackList
from .data import make_data
from .runner import StepRunner, gather_eager

CHUNK_SECONDS = 0.05
AHEAD = 4  # steps sent to the device at a time: each holds its batch in memory until it is done

# What a callback sets to end each kind of run.
STOPS = {"train": "stop_training", "test": "stop_evaluating", "predict": "stop_predicting"}


class Pulse:
    """What `run_epoch` asks between two steps. This one lets it run; that of `fit` may stop it.

    Attributes:
        step: the steps of this epoch that were done before, when it is taken up again.
        logs: what they logged.
    """

    step = 0
    logs: dict = {}

    def room(self) -> int | None:
        """The most steps to run before `stops` is asked again, None for any number."""

    def stops(self, step: int, logs) -> bool:
        """Whether the epoch ends here: after `step` steps, of which the last one logged `logs`."""
        return False


QUIET = Pulse()


def evaluate(
    model,
    x=None,
    y=None,
    batch_size=None,
    verbose="auto",
    sample_weight=None,
    steps=None,
    callbacks=None,
    return_dict=False,
):
    """The body of `Model.evaluate`."""
    require_compiled(model, "evaluate")
    check_verbose(verbose)
    steps = check_steps(steps, "steps")
    data = make_data(
        x, y, sample_weight, batch_size=batch_size, steps=steps, model=model, what="evaluate"
    )
    total = limited(data.steps if steps is None else steps)
    callbacks = callback_list(model, callbacks, verbose, data, epochs=1, steps=total)
    logs = evaluate_data(model, data, steps, callbacks)
    return logs if return_dict else in_order(model, logs)


def evaluate_data(model, data, steps, callbacks, pulse=QUIET) -> dict:
    """Evaluates on data that is made already. Returns the logs as floats."""
    runner = runner_for(model, "test")
    steps = limited(data.steps if steps is None else steps)
    model.stop_evaluating = False
    callbacks.call("on_test_begin")
    model.reset_metrics()
    logs, seen = run_epoch(model, runner, model._new_reader(data, steps), callbacks, pulse)
    if seen == 0:
        raise ValueError("There was no data to evaluate on: the dataset gave no batch.")
    logs = python_epoch_logs(logs)
    callbacks.call("on_test_end", logs=logs)
    return logs


def predict(model, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
    """The body of `Model.predict`."""
    check_verbose(verbose)
    steps = check_steps(steps, "steps")
    data = make_data(x, batch_size=batch_size, steps=steps, model=model, what="predict")
    total = limited(data.steps if steps is None else steps)
    callbacks = callback_list(model, callbacks, verbose, data, epochs=1, steps=total)
    runner = runner_for(model, "predict")
    runner.begin()
    model.stop_predicting = False
    callbacks.call("on_predict_begin")
    reader = model._new_reader(data, total)
    known = data.size if reader.chunked and total == data.steps else None
    outputs = _joined(_predict_batches(runner, reader, callbacks), known)
    callbacks.call("on_predict_end")
    return outputs


def _predict_batches(runner, reader, callbacks):
    """Yields pieces of the outputs, each when it is done, and how many samples it is for."""
    seen = 0
    if own_function(runner.model, "predict"):
        for outputs in _own_steps(runner.model, "predict", reader, callbacks):
            yield outputs, None
        return
    if reader.chunked and not runner.eager and not callbacks.wants_batches("predict"):
        data, (matrix, rest) = reader.data, reader.rows()
        looped = len(matrix) and runner.loops(data.arrays, matrix)
        if looped:
            results = None
            for start, stop in chunks(runner, len(matrix), 1):
                results = runner.run_many(data.on_device(), matrix, start, stop, results)
                jax.block_until_ready(results)
                callbacks.call_batch("on_predict_batch_end", stop - 1)
            results = jax.device_get(results)
            yield jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:]), results), matrix.size
            seen = len(matrix)
        alone = [*(() if looped else matrix), *([rest] if len(rest) else [])]
        steps = map(data.batch, alone)
    else:
        steps = reader.single()
    under_way = collections.deque()
    together = not callbacks.wants_batches("predict")
    results = runner.run_each(_announced(steps, callbacks, "predict", seen), together)
    for step, (outputs, size) in enumerate(results, seen):
        under_way.append((outputs, size))
        if len(under_way) == AHEAD:
            yield under_way.popleft()
        callbacks.call_batch("on_predict_batch_end", step, {"outputs": outputs})
        if stopped(runner.model, "predict"):
            break
    yield from under_way


def _announced(batches, callbacks, mode: str, first: int):
    """The batches; the callbacks are told of each before it is run."""
    for step, batch in enumerate(batches, first):
        callbacks.call_batch(f"on_{mode}_batch_begin", step)
        yield batch


def _joined(pieces, size: int | None):
    """The pieces of outputs on the host, joined along the first axis.

    Args:
        pieces: pairs of outputs and of how many samples they are for.
        size: how many samples there are in all, where it is known: each piece is then written to
            its place at once, while the device works on the next ones.
    """
    parts, whole, done = [], None, 0
    for piece, count in pieces:
        piece = jax.device_get(piece)
        ordinary = size is not None and all(len(a) == count for a in jax.tree.leaves(piece))
        if ordinary and not parts:
            if whole is None:
                whole = jax.tree.map(lambda a: np.empty((size, *a.shape[1:]), a.dtype), piece)
            for to, a in zip(jax.tree.leaves(whole), jax.tree.leaves(piece), strict=True):
                to[done : done + count] = a
            done += count
        else:
            parts.append(piece)
    if done:
        parts.insert(0, jax.tree.map(lambda a: a[:done], whole))
    if not parts:
        raise ValueError("There was no data to predict on: the dataset gave no batch.")
    if done and len(parts) == 1:
        return parts[0]
    return jax.tree.map(lambda *arrays: np.concatenate(arrays), *parts)


def run_epoch(model, runner, reader, callbacks, pulse=QUIET) -> tuple[dict, int]:
    """Runs the steps of one epoch. Returns the last step's logs and how many steps ran."""
    mode = runner.mode
    runner.begin()
    logs, seen = pulse.logs, pulse.step
    if seen and pulse.stops(seen, logs):
        return logs, seen
    if own_function(runner.model, mode):
        for logs in _own_steps(model, mode, reader, callbacks, seen):
            seen += 1
            if pulse.stops(seen, logs):
                break
        return logs, seen
    if reader.chunked and not runner.eager and not callbacks.wants_batches(mode):
        return _run_chunks(model, runner, reader, callbacks, pulse)
    under_way = collections.deque(maxlen=AHEAD)
    together = not callbacks.wants_batches(mode)
    batches = _announced(reader.single(), callbacks, mode, seen)
    for logs, _ in runner.run_each(batches, together):
        under_way.append(logs)
        jax.block_until_ready(under_way[0])
        seen += 1
        callbacks.call_batch(f"on_{mode}_batch_end", seen - 1, logs)
        if pulse.stops(seen, logs) or stopped(model, mode):
            break
    return logs, seen


def stopped(model, mode: str) -> bool:
    """Whether a callback asked the running training, evaluation or prediction to end."""
    return getattr(model, STOPS[mode])


def own_function(model, mode: str) -> bool:
    """Whether the model's class overrides `make_train_function` or its like."""
    return not hasattr(getattr(type(model), f"make_{mode}_function"), "usual")


def _own_steps(model, mode: str, reader, callbacks, first: int = 0):
    """The results of an epoch's steps, run by a step function of a user's own."""
    function = getattr(model, f"make_{mode}_function")() or getattr(model, f"{mode}_function")
    iterator = (gather_eager(data, rows) for data, rows in reader.single())
    for step in itertools.count(first):
        callbacks.call_batch(f"on_{mode}_batch_begin", step)
        try:
            result = function(iterator)
        except StopIteration:
            return
        logs = {"outputs": result} if mode == "predict" else result
        callbacks.call_batch(f"on_{mode}_batch_end", step, logs)
        yield result
        if stopped(model, mode):
            return


def step_function(model, mode: str, force: bool = False):
    """What `make_train_function` and its like return."""
    if force:
        model._runners.pop(mode, None)
    runner = runner_for(model, mode)
    runner.begin()
    return lambda iterator: runner.run(jax.tree.map(jnp.asarray, next(iterator)))


def _run_chunks(model, runner, reader, callbacks, pulse):
    mode, data, (matrix, rest) = runner.mode, reader.data, reader.rows()
    looped = len(matrix) and runner.loops(data.arrays, matrix)
    logs, seen = pulse.logs, pulse.step
    singly = runner.run_each(map(data.batch, matrix[seen:]))
    for start, stop in chunks(runner, len(matrix), model.steps_per_execution, seen, pulse.room):
        callbacks.call_batch(f"on_{mode}_batch_begin", start)
        if looped:
            logs = runner.run_many(data.on_device(), matrix, start, stop)
        else:
            for _ in range(start, stop):
                logs, _ = next(singly)
        jax.block_until_ready(logs)
        seen = reader.taken = stop
        callbacks.call_batch(f"on_{mode}_batch_end", stop - 1, logs)
        if pulse.stops(seen, logs) or stopped(model, mode):
            return logs, seen
    if len(rest) and seen == len(matrix):
        callbacks.call_batch(f"on_{mode}_batch_begin", seen)
        logs = runner.run(*data.batch(rest))
        seen = reader.taken = seen + 1
        callbacks.call_batch(f"on_{mode}_batch_end", seen - 1, logs)
        pulse.stops(seen, logs)
    return logs, seen


def chunks(runner, steps: int, least: int, start: int = 0, room=lambda: None):
    """Cuts an epoch into `(start, stop)` chunks of about `CHUNK_SECONDS` each.

    The first chunk of all is short and not timed, since it may have compiled. No chunk is longer
    than what `room()` says before it.
    """
    while start < steps:
        wanted = least if runner.pace is None else int(CHUNK_SECONDS / max(runner.pace, 1e-7))
        length = max(least, wanted)
        stop = min(start + length, start + (room() or length), steps)
        began = time.perf_counter()
        yield start, stop
        seconds = time.perf_counter() - began
        # At most eight times longer than what this chunk showed to be true.
        runner.pace = (
            CHUNK_SECONDS / (8 * least)
            if runner.pace is None
            else max(seconds / (stop - start), runner.pace / 8)
        )
        start = stop


def runner_for(model, mode: str) -> StepRunner:
    """The model's runner of a mode, with the programs that earlier calls compiled."""
    runner = model._runners.get(mode)
    if runner is None or runner.asked_eager != (model.run_eagerly or not model.jit_compile):
        runner = model._runners[mode] = model._new_runner(mode)
    return runner


def on_batch(model, mode: str, x, y=None, sample_weight=None, class_weight=None):
    """One step on the batch given, for the `*_on_batch` methods; the logs are this batch's."""
    data = make_data(
        x,
        y,
        sample_weight,
        batch_size=1,
        class_weight=class_weight,
        model=model,
        what=f"{mode}_on_batch",
    )
    batch = data.on_device()
    model.reset_metrics()
    runner = runner_for(model, mode)
    runner.epoch = None
    runner.begin()
    return runner.run(batch)


def in_order(model, logs: dict):
    """The logs as a list in the order of the model's metrics; a lone value as a float."""
    names = model.metrics_names
    values = [logs[n] for n in names if n in logs]
    values += [logs[n] for n in sorted(logs) if n not in names]
    return values[0] if len(values) == 1 else values


def python_epoch_logs(logs) -> dict:
    """The logs of a step as floats, in one transfer."""
    from .callbacks.callback import python_logs

    if logs is not None and not isinstance(logs, dict):
        raise ValueError(
            "train_step and test_step return a dict of logs, such as {'loss': loss}. "
            f"Received: {type(logs).__name__}"
        )
    return python_logs(logs)


def require_compiled(model, what: str) -> None:
    """Raises where `compile` was not called."""
    if not model.compiled:
        raise ValueError(
            f"Model '{model.name}' is not compiled. Call model.compile(optimizer=..., loss=...) "
            f"before model.{what}(...)."
        )


def check_verbose(verbose) -> None:
    if verbose not in (0, 1, 2, "auto", True, False):
        raise ValueError(f"verbose is 0, 1, 2 or 'auto'. Received: verbose={verbose!r}")


def callback_list(model, callbacks, verbose, data, *, epochs, steps, history=False):
    if isinstance(callbacks, CallbackList):
        return callbacks
    return CallbackList(
        callbacks,
        add_history=history,
        add_progbar=bool(verbose),
        model=model,
        verbose=verbose,
        epochs=epochs,
        steps=steps,
        batch_size=data.batch_size,
    )


def check_count(value, name: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name} is an int of at least {least}. Received: {name}={value!r}")
    return int(value)


def check_steps(value, name: str):
    if value is None or value == -1:
        return None
    return check_count(value, name, least=1)


def limited(steps):
    limit = config.max_steps_per_epoch()
    if limit is None:
        return steps
    return limit if steps is None else min(steps, limit)
