"""Each kind of data trains as arrays do, bit for bit; many shapes; logs that wait."""

import functools
import warnings
from collections import UserDict

import h5py
import numpy as np
import pytest
import scipy.sparse
from process_data import Slices

import hornbill as hb
from hornbill.training.data import make_data
from hornbill.utils import Dataset

RNG = np.random.default_rng(0)
N, BATCH = 22, 4  # a partial last batch of 2
X = RNG.normal(size=(N, 3)).astype("float32")
Y = (X[:, :1] - X[:, 1:2]).astype("float32")


@functools.cache
def compiled():
    """A model and its first state: made once, since each model compiles its steps anew."""
    model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(2, "tanh"), hb.layers.Dense(1)])
    model.compile(hb.optimizers.SGD(0.1, momentum=0.9), "mse", metrics=["mae"])
    model.optimizer.build(model.trainable_variables)
    variables = model.variables + model.optimizer.variables
    return model, [(v, np.array(v)) for v in variables]


def linear():
    model, state = compiled()
    for variable, value in state:
        variable.assign(value)
    hb.utils.set_random_seed(1)
    return model


def history(model, x, y=None, **kwargs):
    settings = {"epochs": 2, "verbose": 0, "shuffle": False} | kwargs
    found = model.fit(x, y, **settings).history
    return found, [w.tolist() for w in model.get_weights()]


@pytest.fixture(scope="module")
def of_arrays():
    """What the arrays give batch by batch: a looped program may round in another order."""
    hb.config.set_max_device_data(0)
    try:
        return history(linear(), X, Y, batch_size=BATCH)
    finally:
        hb.config.set_max_device_data(None)


def batches(x=X, y=Y):
    for start in range(0, N, BATCH):
        yield x[start : start + BATCH], y[start : start + BATCH]


class Iterable:
    def __iter__(self):
        return batches()


def reused():
    """A generator that fills the same two arrays again and again."""
    x, y = np.empty((BATCH, 3), "float32"), np.empty((BATCH, 1), "float32")
    while True:
        for a, b in batches():
            x[: len(a)], y[: len(a)] = a, b
            yield x[: len(a)], y[: len(a)]


def endless():
    while True:
        yield from batches()


def torch_loader():
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.tensor(X, requires_grad=True), torch.tensor(Y))
    return torch.utils.data.DataLoader(data, batch_size=BATCH)


def torch_dicts():
    torch = pytest.importorskip("torch")

    class Named(torch.utils.data.Dataset):
        def __len__(self):
            return N

        def __getitem__(self, i):
            return X[i], Y[i].tolist()

    def collate(rows):
        return torch.tensor(np.stack([r[0] for r in rows])), [r[1] for r in rows]

    return torch.utils.data.DataLoader(Named(), batch_size=BATCH, collate_fn=collate)


def tf_dataset():
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(BATCH)


def tf_sparse():
    tf = pytest.importorskip("tensorflow")
    x = tf.sparse.from_dense(X)
    return tf.data.Dataset.from_tensor_slices((x, tf.constant(Y))).batch(BATCH)


def grain(kind):
    grain = pytest.importorskip("grain")
    rows = grain.MapDataset.source([(X[i], Y[i]) for i in range(N)])
    if kind == "loader":
        return grain.DataLoader(
            data_source=[(X[i], Y[i]) for i in range(N)],
            sampler=grain.samplers.SequentialSampler(N, grain.sharding.NoSharding()),
            operations=[grain.transforms.Batch(BATCH)],
        )
    return rows.batch(BATCH) if kind == "map" else rows.to_iter_dataset().batch(BATCH)


ITERABLES = {
    "generator": (endless, {"steps_per_epoch": 6}),
    "generator that reuses its memory": (reused, {"steps_per_epoch": 6}),
    "iterator": (lambda: iter([*batches(), *batches()]), {"steps_per_epoch": 6}),
    "iterable": (Iterable, {}),
    "PyDataset": (lambda: Slices(X, Y, BATCH), {}),
    "PyDataset with threads": (lambda: Slices(X, Y, BATCH, workers=2), {}),
    "Dataset": (lambda: Dataset.from_arrays((X, Y)).batch(BATCH), {}),
    "DataLoader": (torch_loader, {}),
    "DataLoader with lists": (torch_dicts, {}),
    "tf.data": (tf_dataset, {}),
    "tf.data of sparse tensors": (tf_sparse, {}),
    "grain.MapDataset": (lambda: grain("map"), {}),
    "grain.IterDataset": (lambda: grain("iter"), {}),
    "grain.DataLoader": (lambda: grain("loader"), {}),
    "generator of lists": (
        lambda: ((x.tolist(), y.tolist()) for _ in "ab" for x, y in batches()),
        {"steps_per_epoch": 6},
    ),
    "generator of sparse rows": (
        lambda: ((scipy.sparse.csr_matrix(x), y) for _ in "ab" for x, y in batches()),
        {"steps_per_epoch": 6},
    ),
}


@pytest.mark.parametrize("name", ITERABLES)
def test_iterables_train_as_arrays_do(name, of_arrays):
    make, settings = ITERABLES[name]
    assert history(linear(), make(), **settings) == of_arrays


@pytest.mark.slow
def test_worker_processes_train_as_arrays_do(of_arrays):
    data = Slices(X, Y, BATCH, workers=2, use_multiprocessing=True)
    assert history(linear(), data) == of_arrays


def frame(columns):
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame({str(i): columns[:, i] for i in range(columns.shape[1])})


def torch_tensor(array):
    return pytest.importorskip("torch").tensor(array)


def tf_tensor(array):
    return pytest.importorskip("tensorflow").constant(array)


def memmap(array, folder):
    path = folder / "rows.bin"
    array.tofile(path)
    return np.memmap(path, array.dtype, "r", shape=array.shape)


def h5_dataset(array, folder):
    file = h5py.File(folder / "rows.h5", "w")
    return file.create_dataset("x", data=array)


ARRAYS = {
    "float64": lambda a, _: a.astype("float64"),
    "JAX": lambda a, _: hb.ops.array(a),
    "lists of numbers": lambda a, _: a.tolist(),
    "DataFrame": lambda a, _: frame(a),
    "torch": lambda a, _: torch_tensor(a),
    "torch of a gradient": lambda a, _: torch_tensor(a).requires_grad_(),
    "TensorFlow": lambda a, _: tf_tensor(a),
    "sparse": lambda a, _: scipy.sparse.coo_matrix(a),
    "memmap": memmap,
    "memmap of float64": lambda a, folder: memmap(a.astype("float64"), folder),
    "h5py": h5_dataset,
}


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_of_any_library_train_alike(name, shuffle, tmp_path, monkeypatch):
    monkeypatch.setitem(hb.engine.config._settings, "max_device_data", 0)
    x = ARRAYS[name](X, tmp_path)
    expected = history(linear(), X, Y, batch_size=BATCH, shuffle=shuffle)
    found = history(linear(), x, Y, batch_size=BATCH, shuffle=shuffle)
    assert found == expected
    hb.config.set_max_device_data(None)  # and where they may stay on the device
    resident, _ = history(linear(), x, Y, batch_size=BATCH, shuffle=shuffle)
    np.testing.assert_allclose(resident["loss"], expected[0]["loss"], rtol=1e-5)


@functools.cache
def two_inputs():
    a, b = hb.Input((3,), name="a"), hb.Input((1,), name="b")
    model = hb.Model([a, b], hb.layers.Dense(1)(hb.layers.concatenate([a, b])))
    model.compile(None, "mse")
    return model


STRUCTURES = {
    "list": [X, Y],
    "tuple": (X, Y),
    "dict": {"a": X, "b": Y},
    "mapping": UserDict(a=X, b=Y),
    "mixed": {"a": hb.ops.array(X), "b": Y.tolist()},
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_structures_of_arrays_and_batches_of_them(name):
    x = STRUCTURES[name]
    model = two_inputs()
    expected = model.predict({"a": X, "b": Y}, N, verbose=0).tolist()
    assert model.predict(x, N, verbose=0).tolist() == expected
    streamed = model.predict(((x,) for _ in range(1)), verbose=0)
    np.testing.assert_allclose(streamed, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", [memmap, h5_dataset])
def test_files_are_split_and_evaluated_unread(kind, tmp_path, monkeypatch):
    x = kind(X, tmp_path)
    rows, read = type(make_data(x).arrays), []
    whole = rows.read

    def watched(self, *rows):
        found = whole(self, *rows)
        read.append(len(found))
        return found

    monkeypatch.setattr(rows, "read", watched)
    model = linear()
    settings = {"batch_size": BATCH, "epochs": 1, "verbose": 0, "validation_split": 0.25}
    losses = model.fit(x, Y, **settings).history
    expected = linear().fit(X, Y, **settings).history
    np.testing.assert_allclose(losses["val_loss"], expected["val_loss"], rtol=1e-5)
    for call in (
        lambda x: model.evaluate(x, Y, BATCH, verbose=0),
        lambda x: model.predict(x, BATCH, verbose=0),
    ):
        np.testing.assert_allclose(call(x), call(X), rtol=1e-5, atol=1e-6)
    assert max(read) == BATCH


def test_class_weights_of_a_loader_and_of_a_file(tmp_path):
    labels = (Y > 0).astype("int32")
    settings = {"class_weight": {0: 1.0, 1: 3.0}, "batch_size": None}

    def model():
        hb.utils.set_random_seed(1)
        model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(1, "sigmoid")])
        model.compile("sgd", "binary_crossentropy")
        return model

    expected, _ = history(model(), X, labels, **settings | {"batch_size": BATCH})
    data = Dataset.from_arrays((X, labels)).batch(BATCH)
    np.testing.assert_allclose(
        history(model(), data, **settings)[0]["loss"], expected["loss"], rtol=1e-5
    )
    stored = h5_dataset(labels, tmp_path)
    found, _ = history(model(), X, stored, **settings | {"batch_size": BATCH})
    np.testing.assert_allclose(found["loss"], expected["loss"], rtol=1e-5)


def test_the_limit_says_what_stays_on_the_device(tmp_path):
    assert hb.config.max_device_data() is None
    data = make_data(X, Y)
    nbytes = X.nbytes + Y.nbytes
    try:
        for limit, resident in ((None, True), (nbytes, True), (nbytes - 1, False), (0, False)):
            hb.config.set_max_device_data(limit)
            assert (hb.config.max_device_data(), data.resident) == (limit, resident)
        assert make_data(hb.ops.array(X)).resident  # it is there already
        hb.config.set_max_device_data(None)
        assert not make_data(memmap(X, tmp_path)).resident
        for wrong in (-1, 1.5, "1GB"):
            with pytest.raises(ValueError, match="number of bytes or None"):
                hb.config.set_max_device_data(wrong)
    finally:
        hb.config.set_max_device_data(None)


def test_many_shapes_are_told_once():
    model = hb.Sequential(
        [hb.Input((None, 1)), hb.layers.GlobalAveragePooling1D(), hb.layers.Dense(1)]
    )
    model.compile("sgd", "mse")

    def lengths(count):
        return ((np.ones((2, n, 1)), np.ones((2, 1))) for n in range(1, count + 1))

    model.predict(lengths(8), verbose=0)  # a handful says nothing
    with pytest.warns(UserWarning, match=r"predict step.*9 shapes.*\(2, 9, 1\).*bucket_by_length"):
        model.predict(lengths(9), verbose=0)
    with warnings.catch_warnings(record=True) as later:
        warnings.simplefilter("always")
        model.predict(lengths(11), verbose=0)
        model.predict(lengths(3), verbose=0)
    assert not later


def test_buckets_compile_once_each():
    words = Dataset.from_arrays(np.arange(1, 13)).map(lambda n: (np.ones((n, 1)), np.ones(1)))
    data = words.shuffle(seed=2).bucket_by_length([4, 8, 12], batch_size=2)
    assert sorted(x.shape for x, _ in data) == [(2, n, 1) for n in (4, 4, 8, 8, 12, 12)]
    model = hb.Sequential(
        [hb.Input((None, 1)), hb.layers.GlobalAveragePooling1D(), hb.layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    model.fit(data, epochs=2, verbose=0)
    assert len(model._runners["train"].programs) == 3


def test_a_batch_size_is_found_for_a_file(tmp_path):
    assert linear().find_batch_size(memmap(X, tmp_path), Y, start=N) == N


WRONG = {
    "text": (lambda m: m.fit(np.array(["a"]), Y[:1]), "got strings"),
    "an object": (lambda m: m.fit(object(), Y), "neither an array nor an iterable.*object"),
    "ragged": (lambda m: m.fit([[1.0], [1.0, 2.0]], Y[:2]), "rows of different lengths"),
    "a dataset of rows": (lambda m: m.fit(Slices.__new__(Rowwise)), "Wrap it in a torch.*Rowwise"),
    "a number": (lambda m: m.fit(x for x in (1.0, 2.0)), "it yielded a single number"),
    "text in pandas": (lambda m: m.fit(_text_frame(), Y), "dtype object, which cannot be trained"),
}


class Rowwise:
    def __getitem__(self, i):
        return X[i], Y[i]


def _text_frame():
    return pytest.importorskip("pandas").DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})


@pytest.mark.parametrize("name", WRONG)
def test_wrong_data_has_one_clear_message(name):
    use, message = WRONG[name]
    with pytest.raises(ValueError, match=message):
        use(linear())


def test_pandas_columns_of_several_types_and_with_gaps():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [True, False], "b": [1, 2], "c": pandas.array([3, None])})
    expected = [[1, 1, 3], [0, 2, np.nan]]
    np.testing.assert_array_equal(make_data(table).arrays, np.array(expected, "float32"))
    columns = make_data(dict(table[["a", "b"]])).arrays[0]
    assert {k: v.shape for k, v in columns.items()} == {"a": (2, 1), "b": (2, 1)}


def test_torch_bfloat16_keeps_its_bits():
    torch = pytest.importorskip("torch")
    x = make_data(torch.tensor([1.5, -2.0], dtype=torch.bfloat16)).arrays
    assert (str(x.dtype), x.astype("float32").tolist()) == ("bfloat16", [1.5, -2.0])


def test_tensorflow_ragged_batches_are_refused():
    tf = pytest.importorskip("tensorflow")
    ragged = tf.data.Dataset.from_tensors(tf.ragged.constant([[1.0], [1.0, 2.0]]))
    with pytest.raises(ValueError, match="make all rows equally long"):
        linear().predict(ragged, verbose=0)


def test_a_dataset_without_end_has_no_length():
    grain = pytest.importorskip("grain")
    data = make_data(grain.MapDataset.range(4).repeat().batch(2))
    assert (data.length, data.steps) == (None, None)
    assert make_data(grain.MapDataset.range(4).batch(2)).steps == 2
