"""A training that is started again and again, and kills itself: see test_killed.py.

    python resume_run.py FOLDER [KIND NUMBER]

KIND is `moment` (NUMBER milliseconds after the first step), `step`, or a stage of a checkpoint's
writing (`begun`, `half`, `written`, `renamed`): there the NUMBER-th time. Without it the training
runs to its end, and writes its weights and history into FOLDER.
"""

import json
import os
import signal
import sys
import threading

import numpy as np

import hornbill as hb
from hornbill import layers
from hornbill.engine import atomic
from hornbill.training import loop, store
from hornbill.training.callbacks.callback import at_chunk_ends
from hornbill.training.runner import state_of

EPOCHS, N = 16, 60


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


class Die(hb.callbacks.Callback):
    """Kills this process at a moment, or when something has happened a number of times."""

    def __init__(self, kind, number):
        super().__init__()
        self.kind, self.number, self.timer = kind, number, None

    def get_state(self):
        return {}

    def happened(self, kind):
        if kind == self.kind:
            self.number -= 1
            if self.number < 0:
                kill()

    @at_chunk_ends
    def on_train_batch_end(self, batch, logs=None):
        self.happened("step")
        if self.kind == "moment" and self.timer is None:
            self.timer = threading.Timer(self.number / 1000, kill)
            self.timer.start()


def watch_writing(die):
    """Tells `die` of the stages of each checkpoint's writing."""
    write, replace = store.write, os.replace

    def slow_write(path, state):
        die.happened("begun")
        write(path, state)
        whole = open(path, "rb").read()  # noqa: SIM115
        with open(path, "wb") as file:  # as if only half had been written yet
            file.write(whole[: len(whole) // 2])
        die.happened("half")
        with open(path, "wb") as file:
            file.write(whole)
        die.happened("written")

    def slow_replace(source, target):
        replace(source, target)
        die.happened("renamed")

    store.write = slow_write
    atomic.os.replace = slow_replace


def train(folder, *callbacks):
    """The training; `(model, history)`."""
    hb.utils.set_random_seed(5)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N, 4)).astype("float32")
    y = (x @ rng.normal(size=(4, 1))).astype("float32")
    model = hb.Sequential([layers.Dense(6, "relu"), layers.Dropout(0.2), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    history = model.fit(
        x,
        y,
        batch_size=7,
        epochs=EPOCHS,
        verbose=0,
        validation_data=(x[:20], y[:20]),
        callbacks=[
            hb.callbacks.ReduceLROnPlateau("loss", patience=1, min_delta=0.1),
            hb.callbacks.CSVLogger(os.path.join(folder, "log.csv")),
            *callbacks,
        ],
        checkpoint=hb.Checkpoint(os.path.join(folder, "checkpoints"), every_steps=1, keep=2),
    )
    return model, history


def result(folder, model, history):
    """Writes down all that must not depend on interruptions."""
    values = {str(i): v.numpy() for i, v in enumerate(state_of(model, "train")[0])}
    np.savez(os.path.join(folder, "end.npz"), **values)
    with open(os.path.join(folder, "end.json"), "w") as file:
        json.dump({"history": history.history, "epoch": history.epoch}, file)


if __name__ == "__main__":
    loop.CHUNK_SECONDS = 0.0  # saved, and killed, at each step
    target, *plan = sys.argv[1:]
    if plan:
        callback = Die(plan[0], int(plan[1]))
        watch_writing(callback)
        train(target, callback)
    else:
        result(target, *train(target))
