"""Batches of images that an `ImageDataGenerator` varies: the base, and those of arrays."""

import os
import threading
import warnings

import numpy as np

from ...engine.config import floatx, standardize_data_format
from ...training.data.pydataset import PyDataset
from ...utils.images import array_to_img

SUBSETS = ("training", "validation", None)


class Iterator(PyDataset):
    """The base of iterators over images: batches by number (`it[i]`), and without end (`next(it)`).

    `fit`, `evaluate` and `predict` take the batches by number, `len(it)` each epoch; a plain `for`
    takes them without end. A subclass defines `_get_batches_of_transformed_samples(indices)`,
    which makes the batch of these samples. The orders come from NumPy's global generator, which
    each batch seeds with `seed` plus the number of batches before it.

    Args:
        n: the number of samples.
        batch_size: samples per batch; the last of an epoch may hold fewer.
        shuffle: whether each epoch has an order of its own.
        seed: an int; None leaves NumPy's generator as it is.
        kwargs: `workers`, `use_multiprocessing` and `max_queue_size` of a `Sequence`.

    Attributes:
        batch_index: the number of the batch that `next` gives.
        total_batches_seen: how many batches were made.

    >>> import hornbill.tensorflow as tf
    >>> class Numbers(tf.keras.preprocessing.image.Iterator):
    ...     def _get_batches_of_transformed_samples(self, indices):
    ...         return indices * 10
    >>> numbers = Numbers(3, 2, shuffle=False, seed=None)
    >>> numbers[1].tolist(), next(numbers).tolist()
    ([20], [0, 10])
    """

    white_list_formats = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: int | None, **kwargs):
        super().__init__(**kwargs)
        self.n = n
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.batch_index = 0
        self.total_batches_seen = 0
        self.index_array = None
        self.lock = threading.Lock()

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __getitem__(self, idx: int):
        if not 0 <= idx < len(self):
            raise ValueError(
                f"{type(self).__name__} has {len(self)} batches. Received: batch number {idx}"
            )
        with self.lock:
            self._begin_batch(anew=self.index_array is None)
        return self._get_batches_of_transformed_samples(self._indices(idx))

    def __iter__(self):
        return self

    def __next__(self):
        return self._get_batches_of_transformed_samples(next(self.index_generator))

    def next(self):
        """The next batch, as `next(iterator)` gives it: Keras 2's name."""
        return next(self)

    @property
    def index_generator(self):
        """The samples of batch after batch, without end, for subclasses with a `next` of theirs."""
        while True:
            with self.lock:
                self._begin_batch(anew=self.batch_index == 0)
                number = self.batch_index
                self.batch_index = (number + 1) % max(len(self), 1)
            yield self._indices(number)

    def _begin_batch(self, anew: bool) -> None:
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)
        self.total_batches_seen += 1
        if anew:
            self._set_index_array()

    def _set_index_array(self) -> None:
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def _indices(self, number: int) -> np.ndarray:
        return self.index_array[number * self.batch_size : (number + 1) * self.batch_size]

    def _get_batches_of_transformed_samples(self, index_array):
        raise NotImplementedError(
            f"{type(self).__name__} makes no batches. Write `def "
            "_get_batches_of_transformed_samples(self, index_array): ...` that returns them."
        )

    def reset(self) -> None:
        """`next` begins an epoch anew."""
        self.batch_index = 0

    def on_epoch_end(self) -> None:
        self._set_index_array()

    def __getstate__(self):  # as worker processes get it: a lock belongs to one process
        return {name: value for name, value in vars(self).items() if name != "lock"}

    def __setstate__(self, state):
        vars(self).update(state, lock=threading.Lock())


class VariedIterator(Iterator):
    """What the iterators over arrays and over files share: the varying of a sample, the saving.

    Args:
        n, batch_size, shuffle, seed: an `Iterator`'s.
        image_data_generator: varies and standardizes the images; None leaves them.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.
        dtype: of the batches; `floatx()` when None.
        save_to_dir: a folder that the images given out are written to; None for none.
        save_prefix, save_format: how their files' names begin and end.
    """

    _NAMES = 10_000_000  # Keras draws a number below it for each file's name

    def __init__(
        self,
        n,
        batch_size,
        shuffle,
        seed,
        *,
        image_data_generator,
        data_format,
        dtype,
        save_to_dir,
        save_prefix,
        save_format,
    ):
        super().__init__(n, batch_size, shuffle, seed)
        self.image_data_generator = image_data_generator
        self.data_format = standardize_data_format(data_format)
        self.dtype = dtype or floatx()
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format

    def _varied(self, image: np.ndarray) -> np.ndarray:
        vary = self.image_data_generator
        if vary is None:
            return image
        return vary.standardize(vary.apply_transform(image, vary.get_random_transform(image.shape)))

    def _batch(self, index_array, read, shape) -> np.ndarray:
        """The images that `read` gives, varied, as one array; written to files if wanted."""
        batch = np.zeros((len(index_array), *shape), self.dtype)
        for i, index in enumerate(index_array):
            batch[i] = self._varied(read(index))
        if self.save_to_dir:
            for image, index in zip(batch, index_array, strict=True):
                number = np.random.randint(self._NAMES)
                name = f"{self.save_prefix}_{index}_{number}.{self.save_format}"
                picture = array_to_img(image, self.data_format, scale=True)
                picture.save(os.path.join(self.save_to_dir, name))
        return batch


def check_subset(who: str, subset) -> None:
    """Refuses unknown subsets."""
    if subset not in SUBSETS:
        raise ValueError(
            f"{who}'s subset is 'training', 'validation' or None. Received: subset={subset!r}"
        )


def part(subset: str | None, validation_split: float, size: int) -> slice:
    """A subset's samples: the first ones are those for validation."""
    held_out = int(validation_split * size)
    return {
        None: slice(None),
        "validation": slice(held_out),
        "training": slice(held_out, None),
    }[subset]


class NumpyArrayIterator(VariedIterator):
    """Batches of an array's images, varied: what `ImageDataGenerator.flow` returns.

    Args:
        x: images of shape `(n, height, width, channels)`; or `[images, further]`, where `further`
            is an array or a list of arrays that are given out as they are.
        y: the targets, None for none.
        image_data_generator: the `ImageDataGenerator`.
        sample_weight: a weight for each image, None for none.
        ignore_class_split: whether the parts of `subset` may hold different classes.
        batch_size, shuffle, seed, data_format, save_to_dir, save_prefix, save_format, subset,
            dtype: see `ImageDataGenerator.flow`.

    A batch is `x`, `(x, y)` or `(x, y, sample_weight)`.

    >>> import hornbill.tensorflow as tf, numpy as np
    >>> image = tf.keras.preprocessing.image
    >>> half = image.ImageDataGenerator(rescale=0.5)
    >>> batches = image.NumpyArrayIterator(np.ones((5, 4, 4, 3)), np.arange(5), half, batch_size=2)
    >>> x, y = batches[2]
    >>> x.shape, float(x.max()), y.tolist()
    ((1, 4, 4, 3), 0.5, [4])
    """

    _NAMES = 10_000

    def __init__(
        self,
        x,
        y,
        image_data_generator,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight=None,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir=None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        ignore_class_split: bool = False,
        dtype=None,
    ):
        further = []
        if isinstance(x, (list, tuple)):
            x, further = x
            further = further if isinstance(further, list) else [further]
        x, further = np.asarray(x, dtype or floatx()), [np.asarray(one) for one in further]
        y = None if y is None else np.asarray(y)
        weight = None if sample_weight is None else np.asarray(sample_weight)
        self._check(x, further, y, weight, standardize_data_format(data_format))
        check_subset("NumpyArrayIterator", subset)
        if subset is not None:
            kept = self._part(subset, image_data_generator, y, len(x), ignore_class_split)
            x, further = x[kept], [one[kept] for one in further]
            y = None if y is None else y[kept]
            weight = None if weight is None else weight[kept]
        self.x, self.x_misc, self.y, self.sample_weight = x, further, y, weight
        super().__init__(
            len(x),
            batch_size,
            shuffle,
            seed,
            image_data_generator=image_data_generator,
            data_format=data_format,
            dtype=dtype,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
        )

    @staticmethod
    def _check(x, further, y, weight, data_format) -> None:
        for name, one in (("y", y), ("sample_weight", weight), *(("x[1]", one) for one in further)):
            if one is not None and len(one) != len(x):
                raise ValueError(
                    f"flow needs an entry of {name} for each image. "
                    f"Received: {len(x)} images, {name} of length {len(one)}"
                )
        check_images("flow", x, data_format)

    @staticmethod
    def _part(subset, image_data_generator, y, size, ignore_class_split) -> slice:
        split = image_data_generator._validation_split
        if y is not None and not ignore_class_split:
            held_out, rest = (
                np.unique(y[part(s, split, size)]) for s in ("validation", "training")
            )
            if not np.array_equal(held_out, rest):
                raise ValueError(
                    "flow's subsets hold different classes: the first images are those for "
                    "validation, so shuffle sorted data before; pass ignore_class_split=True for "
                    f"targets that are no classes. Received: {len(held_out)} classes for "
                    f"validation, {len(rest)} for training"
                )
        return part(subset, split, size)

    def _get_batches_of_transformed_samples(self, index_array):
        # A copy: what varies the image may write into it.
        x = self._batch(index_array, lambda i: self.x[i].astype(self.dtype), self.x.shape[1:])
        if self.x_misc:
            x = [x, *(one[index_array] for one in self.x_misc)]
        if self.y is None:
            return x
        batch = (x, self.y[index_array])
        weight = self.sample_weight
        return batch if weight is None else (*batch, weight[index_array])


def check_images(who: str, x: np.ndarray, data_format: str) -> None:
    """Refuses what is no array of images, and warns of an unusual number of channels."""
    if x.ndim != 4:
        raise ValueError(
            f"{who} takes images of shape (n, height, width, channels), which has four axes. "
            f"Received: shape {x.shape}"
        )
    channels = x.shape[3 if data_format == "channels_last" else 1]
    if channels not in (1, 3, 4):
        warnings.warn(
            f"{who} expects 1, 3 or 4 channels ({data_format}). Received: shape {x.shape}",
            stacklevel=4,
        )
