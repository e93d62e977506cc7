"""`tf.data.Dataset`: the library's Dataset with TensorFlow's methods; scripts get tensors of it.

Elements are NumPy arrays on the way; functions of a script get tensors. What TensorFlow takes as
hints for speed is taken too and changes nothing: `deterministic` (the order always stays),
`num_parallel_calls=AUTOTUNE` (one thread; a number is that many), `Options`.
"""

import builtins
import glob
import itertools
from collections.abc import Callable, Iterator

import jax
import numpy as np

from ..engine.config import floatx
from ..engine.flow import convert
from ..training.data import dataset as plain
from . import data_streams as streams
from .faces import adopted, called_by_script
from .tensor import Tensor, TensorSpec, to_numpy, unwrap, wrap

AUTOTUNE = -1
INFINITE_CARDINALITY, UNKNOWN_CARDINALITY = -1, -2


class Options:
    """Hints for speed, which are taken and change nothing."""


class Dataset(plain.Dataset):
    """A sequence of elements that is made anew each time it is read.

    >>> squares = Dataset.range(5).map(lambda x: x * x).batch(2)
    >>> [x.numpy().tolist() for x in squares]
    [[0, 1], [4, 9], [16]]
    """

    _infinite = False

    # ---- making --------------------------------------------------------------------------

    @classmethod
    def _of(cls, read: Callable, length: int | None) -> "Dataset":
        """A dataset of what `read()` gives."""
        return cls(lambda: iter(read()), length)

    @classmethod
    def from_tensor_slices(cls, tensors, name=None) -> "Dataset":
        """The rows of an array-like, or of a tuple or dict of them."""
        return cls.from_arrays(_element(tensors))

    @classmethod
    def from_tensors(cls, tensors, name=None) -> "Dataset":
        """A single element."""
        element = _element(tensors)
        return cls._of(lambda: [element], 1)

    @classmethod
    def range(cls, *args, output_type="int64", name=None) -> "Dataset":
        """Numbers as Python's `range` gives them."""
        numbers = builtins.range(*(int(unwrap(a)) for a in args))
        return cls._of(lambda: (np.array(n, str(output_type)) for n in numbers), len(numbers))

    @classmethod
    def from_generator(
        cls,
        generator: Callable,
        output_types=None,
        output_shapes=None,
        args=None,
        output_signature=None,
        name=None,
    ) -> "Dataset":
        """What `generator(*args)` yields, which is called for each reading.

        Args:
            output_signature: a `tf.TensorSpec`, or a structure of them, to which elements are
                cast and held; or the older `output_types` and `output_shapes`.
        """
        if output_signature is None and output_types is not None:
            shapes = output_shapes
            if shapes is None:
                shapes = jax.tree.map(lambda _: None, output_types)
            output_signature = jax.tree.map(lambda t, s: TensorSpec(s, t), output_types, shapes)
        elif output_signature is None and output_shapes is not None:
            raise ValueError(
                "Dataset.from_generator's output_shapes go with output_types. "
                f"Received: output_types=None, output_shapes={output_shapes}"
            )
        given = [] if args is None else [to_numpy(a) for a in args]

        def read():
            for item in generator(*given):
                if output_signature is None:
                    yield _element(item)
                else:
                    yield _cast(output_signature, item)

        new = cls._of(read, None)
        new._spec = output_signature
        return new

    @staticmethod
    def zip(*datasets, name=None) -> "Dataset":
        """Elements side by side; `datasets` may be a tuple or dict of datasets."""
        structure = datasets[0] if len(datasets) == 1 else datasets
        leaves, treedef = jax.tree.flatten(structure, is_leaf=_is_dataset)

        def read(start, reading):
            rows = (d._read(start, reading) for d in leaves)
            return (jax.tree.unflatten(treedef, row) for row in builtins.zip(*rows, strict=False))

        lengths = [d._length for d in leaves if not d._infinite]
        known = bool(lengths) and None not in lengths
        new = leaves[0]._then(read, min(lengths) if known else None)
        new._seeds = [s for d in leaves for s in d._seeds]
        new._infinite = all(d._infinite for d in leaves)
        return new

    @classmethod
    def list_files(cls, file_pattern, shuffle: bool = True, seed=None, name=None) -> "Dataset":
        """The paths of the files that fit a pattern, or one of several."""
        patterns = np.atleast_1d(to_numpy(file_pattern)).tolist()
        files = sorted(path for p in patterns for path in glob.glob(str(p)))
        if not files:
            raise ValueError(f"No files fit the pattern. Received: {file_pattern}")
        new = cls.from_tensor_slices(np.array(files))
        return new.shuffle(len(files), seed) if shuffle else new

    @staticmethod
    def sample_from_datasets(datasets, weights=None, seed=None, stop_on_empty_dataset=False):
        """Elements of a dataset drawn each time, with the weights as probabilities."""
        if weights is None:
            weights = np.ones(len(datasets))
        weights = np.asarray(to_numpy(weights), float)
        new = None

        def read(start, reading):
            rng = np.random.default_rng((0 if seed is None else int(seed), *reading))
            rows = [d._read(0, reading) for d in datasets]
            left = weights.copy()
            while left.sum() > 0:
                place = int(rng.choice(len(rows), p=left / left.sum()))
                try:
                    element = next(rows[place])
                except StopIteration:
                    if stop_on_empty_dataset:
                        return
                    left[place] = 0
                    continue
                yield element

        new = datasets[0]._then(lambda s, r: itertools.islice(read(s, r), s, None), None)
        new._seeds = [s for d in datasets for s in d._seeds]
        return new

    # ---- reading -------------------------------------------------------------------------

    def __iter__(self) -> Iterator:
        elements = super().__iter__()
        return map(wrap, elements) if called_by_script() else elements

    def as_numpy_iterator(self) -> Iterator:
        """The elements as NumPy arrays; strings as bytes."""
        return map(streams.plain_numpy, plain.Dataset.__iter__(self))

    @property
    def element_spec(self):
        """Shapes and dtypes of the elements, of which the first is made for it."""
        if getattr(self, "_spec", None) is not None:
            return self._spec
        first = next(iter(self._read(0, (0,))), None)
        if first is None:
            raise ValueError("An empty dataset has no element_spec.")

        def spec(x):
            shape = np.shape(x)
            if self._batched and shape and not self._full:
                shape = (None, *shape[1:])
            return TensorSpec(shape, "string" if x.dtype.kind in "OUS" else x.dtype.name)

        return jax.tree.map(spec, first)

    _full = False  # whether every batch has the same size

    def cardinality(self, name=None) -> Tensor:
        """How many elements there are: -1 when without end, -2 when only reading will tell."""
        unknown = INFINITE_CARDINALITY if self._infinite else UNKNOWN_CARDINALITY
        return Tensor(np.int32(unknown if self._length is None else self._length))

    def reduce(self, initial_state, reduce_func: Callable, name=None):
        """`state = reduce_func(state, element)` over all elements; the last state."""
        state, function = wrap(_element(initial_state)), convert(reduce_func)
        for element in plain.Dataset.__iter__(self):
            state = function(state, wrap(element))
        return state

    def get_single_element(self, name=None):
        """The only element."""
        first, *more = itertools.islice(plain.Dataset.__iter__(self), 2)
        if more:
            raise ValueError("get_single_element: the dataset has more than one element.")
        return wrap(first)

    # ---- element by element --------------------------------------------------------------

    def map(
        self,
        map_func: Callable,
        num_parallel_calls=None,
        deterministic=None,
        synchronous=None,
        name=None,
    ) -> "Dataset":
        """What a function gives for each element; a tuple goes in as several arguments.

        Draws of the function follow from the global seed and the element's place.
        """
        workers = 1 if num_parallel_calls in (None, AUTOTUNE) else int(num_parallel_calls)
        function = convert(map_func)

        def call(*args):
            return _element(function(*wrap(args)))

        return self._like(super().map(call, workers))

    def filter(self, predicate: Callable, name=None) -> "Dataset":
        """The elements for which the predicate holds."""
        function = convert(predicate)
        return self._stream(lambda rows: (e for e in rows if bool(_call(function, e))))

    def take_while(self, predicate: Callable, name=None) -> "Dataset":
        """The elements before the first for which the predicate does not hold."""
        function = convert(predicate)
        return self._stream(
            lambda rows: itertools.takewhile(lambda e: bool(_call(function, e)), rows)
        )

    def enumerate(self, start: int = 0, name=None) -> "Dataset":
        """`(number, element)`."""
        first = int(unwrap(start))

        def read(begin, reading):
            return map(
                lambda n, e: (np.int64(n), e),
                itertools.count(first + begin),
                self._read(begin, reading),
            )

        return self._like(self._then(read, self._length))

    def flat_map(self, map_func: Callable, name=None) -> "Dataset":
        """The elements of the datasets that a function makes of each element."""
        return self.interleave(map_func, cycle_length=1)

    def interleave(
        self,
        map_func: Callable,
        cycle_length=None,
        block_length=None,
        num_parallel_calls=None,
        deterministic=None,
        name=None,
    ) -> "Dataset":
        """`flat_map` that takes `block_length` elements of `cycle_length` datasets in turn.

        `num_parallel_calls` is a hint for speed and changes nothing.
        """
        cycle = 4 if cycle_length in (None, AUTOTUNE) else int(cycle_length)
        block = 1 if block_length is None else int(block_length)
        function = convert(map_func)

        def inner(row):
            return iter(_call(function, row)._read(0, (0,)))

        return self._stream(lambda rows: streams.in_turn(map(inner, rows), cycle, block))

    def unique(self, name=None) -> "Dataset":
        """Each element once."""

        return self._stream(streams.distinct)

    # ---- many elements -------------------------------------------------------------------

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls=None,
        deterministic=None,
        name=None,
    ) -> "Dataset":
        """Batches; with `drop_remainder` without a smaller last one. The rest are hints."""
        new = self._like(super().batch(int(unwrap(batch_size)), drop_remainder))
        new._full = drop_remainder
        return new

    def padded_batch(
        self, batch_size, padded_shapes=None, padding_values=None, drop_remainder=False, name=None
    ) -> "Dataset":
        """Batches of elements that differ in shape.

        Args:
            padded_shapes: the shape of each array, -1 or None for the longest of the batch; that
                for all sizes when None.
            padding_values: what stands behind; 0 (or an empty string) when None.
        """

        def collate(rows):
            return streams.padded(rows, padded_shapes, padding_values)

        size = int(unwrap(batch_size))
        return self._like(plain.Dataset.batch(self, size, drop_remainder, collate))

    def unbatch(self, name=None) -> "Dataset":
        """The elements of the batches."""
        return self._like(super().unbatch())

    def rebatch(self, batch_size: int, drop_remainder: bool = False, name=None) -> "Dataset":
        """Batches of another size."""
        return self.unbatch().batch(batch_size, drop_remainder)

    def window(self, size, shift=None, stride: int = 1, drop_remainder=False, name=None):
        """Datasets of `size` elements each, `shift` (`size` when None) apart."""
        size, shift = int(size), int(size if shift is None else shift)

        def windows(rows):
            return map(_columns, streams.windows(rows, size, shift, stride, drop_remainder))

        return self._stream(windows)

    # ---- order and number ----------------------------------------------------------------

    def shuffle(
        self, buffer_size, seed=None, reshuffle_each_iteration: bool | None = None, name=None
    ) -> "Dataset":
        """Random order, by a buffer of `buffer_size` elements, anew for each reading."""
        again = True if reshuffle_each_iteration is None else reshuffle_each_iteration
        seed = None if seed is None else int(unwrap(seed))
        return self._like(super().shuffle(int(unwrap(buffer_size)), seed, again))

    def repeat(self, count=None, name=None) -> "Dataset":
        """The elements `count` times over, without end when None or -1."""
        count = None if count is None or int(unwrap(count)) == -1 else int(unwrap(count))
        new = self._like(super().repeat(count))
        new._infinite = self._infinite or count is None
        return new

    def take(self, count, name=None) -> "Dataset":
        """The first `count` elements; all when -1."""
        if int(unwrap(count)) == -1:
            return self
        new = self._like(super().take(int(unwrap(count))))
        new._infinite = False
        new._length = int(unwrap(count)) if self._infinite else new._length
        return new

    def skip(self, count, name=None) -> "Dataset":
        """All but the first `count` elements."""
        return self._like(super().skip(int(unwrap(count))))

    def shard(self, num_shards: int, index: int, name=None) -> "Dataset":
        """Every `num_shards`th element, from the one at `index` on."""
        return self._stream(lambda rows: itertools.islice(rows, index, None, num_shards))

    def concatenate(self, dataset: "Dataset", name=None) -> "Dataset":
        """The elements of this dataset, then those of the other one."""

        def read(start, reading):
            both = itertools.chain(self._read(0, reading), dataset._read(0, reading))
            return itertools.islice(both, start, None)

        known = None not in (self._length, dataset._length)
        new = self._then(read, self._length + dataset._length if known else None)
        new._seeds = [*self._seeds, *dataset._seeds]
        new._infinite = self._infinite or dataset._infinite
        return new

    def prefetch(self, buffer_size, name=None) -> "Dataset":
        """The same elements, made ahead by a thread."""
        return self._like(super().prefetch(int(unwrap(buffer_size))))

    def cache(self, filename: str = "", name=None) -> "Dataset":
        """The elements of the first complete reading, kept in memory. A file is refused."""
        if filename:
            raise ValueError(
                "Dataset.cache keeps elements in memory: leave filename out. "
                f"Received: filename={filename!r}"
            )
        kept: list = []

        def read(start, reading):
            # The first reading, whichever one asks: so a training that resumes sees the same.
            if not kept:
                found = []
                for number, element in builtins.enumerate(self._read(0, (0,))):
                    found.append(element)
                    if number >= start:
                        yield element
                kept.append(found)
            else:
                yield from kept[0][start:]

        return self._like(self._then(read, self._length))

    def apply(self, transformation_func: Callable, name=None) -> "Dataset":
        """`transformation_func(self)`."""
        return transformation_func(self)

    def options(self) -> Options:
        """The hints that the dataset has: none."""
        return Options()

    def with_options(self, options: Options, name=None) -> "Dataset":
        """The dataset itself: `Options` are hints for speed."""
        return self

    # ---- inside --------------------------------------------------------------------------

    def _then(self, read, length) -> "Dataset":
        new = super()._then(read, length)
        new.__class__ = Dataset
        return new

    def _like(self, new) -> "Dataset":
        new._infinite = self._infinite
        new._full = self._full and new._batched
        return new

    def _stream(self, change: Callable) -> "Dataset":
        """A dataset of what `change` gives for an iterator of the elements."""
        new = self._then(
            lambda start, reading: itertools.islice(change(self._read(0, reading)), start, None),
            None,
        )
        return self._like(new)


adopted[plain.Dataset] = Dataset


def _element(structure):
    """What a script gives as an element: NumPy arrays at the leaves; a list is one array."""
    if type(structure) is tuple:
        return tuple(map(_element, structure))
    if isinstance(structure, dict):
        return {k: _element(v) for k, v in structure.items()}
    if isinstance(structure, plain.Dataset):
        return structure
    array = to_numpy(structure)
    if array.dtype == np.float64 and not hasattr(structure, "dtype"):
        array = array.astype(floatx())
    return array


def _cast(signature, item):
    return jax.tree.map(lambda spec, x: spec.cast(x), signature, item)


def _call(function, element):
    given = wrap(element)
    return function(*given) if isinstance(element, tuple) else function(given)


def _columns(rows: list):
    """A dataset of the rows, or one for each place of a tuple or dict."""
    _leaves, treedef = jax.tree.flatten(rows[0])
    if treedef == jax.tree.structure(0):
        return Dataset._of(lambda: rows, len(rows))
    columns = builtins.zip(*map(jax.tree.leaves, rows), strict=True)
    return jax.tree.unflatten(treedef, [Dataset._of(lambda c=c: c, len(rows)) for c in columns])


def _is_dataset(x) -> bool:
    return isinstance(x, plain.Dataset)
