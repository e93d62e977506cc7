"""`tf.data`: datasets, also of the records and lines of files."""

import types

import numpy as np

from ..training.data import dataset as plain
from .data_sets import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset, Options
from .missing import missing
from .tensor import Tensor, to_numpy
from .text import Bytes, Text
from .tfrecord import read_records

__all__ = [
    "AUTOTUNE",
    "INFINITE_CARDINALITY",
    "UNKNOWN_CARDINALITY",
    "Dataset",
    "Options",
    "TFRecordDataset",
    "TextLineDataset",
    "experimental",
]


def _cardinality(dataset: Dataset) -> Tensor:
    return dataset.cardinality()


# Where these names stood before.
experimental = types.SimpleNamespace(
    AUTOTUNE=AUTOTUNE,
    INFINITE_CARDINALITY=INFINITE_CARDINALITY,
    UNKNOWN_CARDINALITY=UNKNOWN_CARDINALITY,
    cardinality=_cardinality,
    sample_from_datasets=Dataset.sample_from_datasets,
)


def _paths(filenames) -> list[str]:
    if isinstance(filenames, plain.Dataset):
        filenames = [str(Text.of(x)) for x in plain.Dataset.__iter__(filenames)]
    return Text.of(np.atleast_1d(to_numpy(filenames))).tolist()


class TFRecordDataset(Dataset):
    """The records of TFRecord files, as strings, one file after the other.

    Args:
        filenames: the paths: one, several, or a dataset of them.
        compression_type: `"GZIP"`, `"ZLIB"`, or None where the files are not compressed.
        buffer_size, num_parallel_reads: hints, which change nothing.

    Raises:
        tf.errors.DataLossError: while reading, where a file is damaged.
    """

    def __init__(
        self,
        filenames,
        compression_type=None,
        buffer_size=None,
        num_parallel_reads=None,
        name=None,
    ):
        files = _paths(filenames)

        def records():
            for file in files:
                for record in read_records(file, compression_type):
                    yield np.array(Bytes(record), object)

        super().__init__(records)


class TextLineDataset(Dataset):
    """The lines of text files, without their ends."""

    def __init__(self, filenames):
        files = _paths(filenames)

        def lines():
            for file in files:
                with open(file, encoding="utf-8") as text:
                    yield from (np.array(line.rstrip("\r\n")) for line in text)

        super().__init__(lines)


__getattr__ = missing("tf.data", globals())
