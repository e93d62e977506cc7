"""Datasets for the tests of PyDataset: worker processes import this file, so it is light."""

import os
import threading
import time

import numpy as np

from hornbill.training.data.pydataset import PyDataset


class Numbers(PyDataset):
    """Six batches; it remembers who made them and when its hooks ran."""

    def __init__(self, batches=6, fails_at=None, **kwargs):
        super().__init__(**kwargs)
        self.batches, self.fails_at = batches, fails_at
        self.events, self.offset = [], 0

    def __len__(self):
        return self.batches

    def __getitem__(self, index):
        if index == self.fails_at:
            raise KeyError(f"no file for batch {index}")
        # Later batches are ready first, so that order is not a matter of luck.
        time.sleep(0.002 * (self.batches - index))
        who = os.getpid() if self.use_multiprocessing else threading.get_ident()
        x = np.full((2, 1), index + self.offset, "float32")
        return x, np.full((2, 1), who % 10**6, "float32")

    def on_epoch_begin(self):
        self.events.append("begin")

    def on_epoch_end(self):
        self.events.append("end")
        self.offset += 100


class Endless(PyDataset):
    @property
    def num_batches(self):
        return None

    def __getitem__(self, index):
        return np.full((2, 1), index, "float32")


class Dying(Numbers):
    """Its worker processes end at once."""

    def __getitem__(self, index):
        os._exit(1)


class NoConstructor(PyDataset):
    """Does not call PyDataset's constructor."""

    def __init__(self):
        self.x = np.arange(4.0)[:, None]

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return self.x[2 * index : 2 * index + 2]
