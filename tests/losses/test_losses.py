"""Losses give Keras's numbers: functions, classes, reductions, weights, masks."""

import inspect
import json

import jax
import keras
import numpy as np
import pytest

import hornbill
from hornbill import losses
from hornbill.engine import serialize
from hornbill.engine.beside import get_mask, set_mask
from hornbill.engine.symbolic import SymbolicTensor

RNG = np.random.default_rng(0)
# One shape for (nearly) all, so that little is compiled.
NUMBERS = RNG.normal(size=(4, 3)).astype("float32")
OTHERS = RNG.normal(size=(4, 3)).astype("float32")
POSITIVE = np.abs(OTHERS) + 0.1
COUNTS = RNG.integers(0, 5, size=(4, 3)).astype("float32")
BINARY = (NUMBERS > 0).astype("float32")
INSIDE = (1 / (1 + np.exp(-OTHERS))).astype("float32")
ONE_HOT = np.eye(3, dtype="float32")[[0, 2, 1, 2]]
INDICES = np.array([0, 2, 1, 2])
SOFTMAX = (np.exp(OTHERS) / np.exp(OTHERS).sum(-1, keepdims=True)).astype("float32")
UNIT = (OTHERS / np.linalg.norm(OTHERS, axis=-1, keepdims=True)).astype("float32")
LABELS = np.array([[1, 2, 0], [2, 2, 0], [1, 0, 0], [2, 1, 0]])
SEQUENCE = RNG.normal(size=(4, 6, 3)).astype("float32")

# Function, class, targets, predictions, settings.
CASES = [
    ("mean_squared_error", "MeanSquaredError", NUMBERS, OTHERS, {}),
    ("mean_absolute_error", "MeanAbsoluteError", NUMBERS, OTHERS, {}),
    ("mean_absolute_percentage_error", "MeanAbsolutePercentageError", NUMBERS, OTHERS, {}),
    ("mean_squared_logarithmic_error", "MeanSquaredLogarithmicError", NUMBERS, OTHERS, {}),
    ("cosine_similarity", "CosineSimilarity", NUMBERS, OTHERS, {}),
    ("cosine_similarity", "CosineSimilarity", NUMBERS, OTHERS, {"axis": 0}),
    ("huber", "Huber", NUMBERS, OTHERS, {}),
    ("huber", "Huber", NUMBERS, OTHERS, {"delta": 0.3}),
    ("log_cosh", "LogCosh", NUMBERS, OTHERS, {}),
    ("hinge", "Hinge", BINARY, OTHERS, {}),
    ("hinge", "Hinge", 2 * BINARY - 1, OTHERS, {}),
    ("squared_hinge", "SquaredHinge", BINARY, OTHERS, {}),
    ("categorical_hinge", "CategoricalHinge", ONE_HOT, OTHERS, {}),
    ("kl_divergence", "KLDivergence", ONE_HOT, SOFTMAX, {}),
    ("poisson", "Poisson", COUNTS, POSITIVE, {}),
    ("binary_crossentropy", "BinaryCrossentropy", BINARY, INSIDE, {}),
    ("binary_crossentropy", "BinaryCrossentropy", BINARY, OTHERS, {"from_logits": True}),
    ("binary_crossentropy", "BinaryCrossentropy", BINARY, INSIDE, {"label_smoothing": 0.2}),
    ("binary_crossentropy", "BinaryCrossentropy", BINARY, INSIDE, {"axis": 0}),
    ("binary_focal_crossentropy", "BinaryFocalCrossentropy", BINARY, INSIDE, {}),
    (
        "binary_focal_crossentropy",
        "BinaryFocalCrossentropy",
        BINARY,
        OTHERS,
        {
            "from_logits": True,
            "apply_class_balancing": True,
            "alpha": 0.3,
            "gamma": 1.5,
            "label_smoothing": 0.1,
        },
    ),
    ("categorical_crossentropy", "CategoricalCrossentropy", ONE_HOT, SOFTMAX, {}),
    ("categorical_crossentropy", "CategoricalCrossentropy", ONE_HOT, POSITIVE, {}),
    (
        "categorical_crossentropy",
        "CategoricalCrossentropy",
        ONE_HOT,
        OTHERS,
        {"from_logits": True, "label_smoothing": 0.2},
    ),
    ("categorical_focal_crossentropy", "CategoricalFocalCrossentropy", ONE_HOT, SOFTMAX, {}),
    (
        "categorical_focal_crossentropy",
        "CategoricalFocalCrossentropy",
        ONE_HOT,
        OTHERS,
        {"from_logits": True, "alpha": 0.5, "gamma": 1.0, "label_smoothing": 0.1},
    ),
    ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy", INDICES, SOFTMAX, {}),
    (
        "sparse_categorical_crossentropy",
        "SparseCategoricalCrossentropy",
        INDICES[:, None],
        OTHERS,
        {"from_logits": True},
    ),
    (
        "sparse_categorical_crossentropy",
        "SparseCategoricalCrossentropy",
        INDICES,
        SOFTMAX,
        {"ignore_class": 2},
    ),
    (
        "sparse_categorical_crossentropy",
        "SparseCategoricalCrossentropy",
        np.array([0, -1, 1, -1]),
        OTHERS,
        {"ignore_class": -1, "from_logits": True},
    ),
    (
        "categorical_generalized_cross_entropy",
        "CategoricalGeneralizedCrossEntropy",
        INDICES,
        SOFTMAX,
        {"q": 0.7},
    ),
    ("dice", "Dice", BINARY, INSIDE, {}),
    ("dice", "Dice", BINARY, INSIDE, {"axis": (1,)}),
    ("tversky", "Tversky", BINARY, INSIDE, {"alpha": 0.2, "beta": 0.7}),
    ("tversky", "Tversky", BINARY, INSIDE, {"axis": 1}),
    ("circle", "Circle", np.array([0, 1, 0, 1]), UNIT, {}),
    (
        "circle",
        "Circle",
        np.array([0, 1, 0, 1]),
        UNIT,
        {"gamma": 20.0, "margin": 0.2, "remove_diagonal": False},
    ),
    ("ctc", "CTC", LABELS, SEQUENCE, {}),
]
IDS = [f"{name}-{'-'.join(settings)}" for name, _, _, _, settings in CASES]
cases = pytest.mark.parametrize(("name", "cls", "y_true", "y_pred", "settings"), CASES, ids=IDS)
WEIGHT = np.array([1.0, 0.5, 0.0, 2.0], dtype="float32")


def close(found, expected, rtol=2e-5):
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=rtol, atol=1e-6)


@cases
def test_function(name, cls, y_true, y_pred, settings):
    expected = getattr(keras.losses, name)(y_true, y_pred, **settings)
    found = getattr(losses, name)(y_true, y_pred, **settings)
    assert found.dtype == "float32"
    close(found, expected)


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")  # Keras's, of 1 / epsilon
@cases
def test_function_of_another_shape_and_dtype(name, cls, y_true, y_pred, settings):
    y_true, y_pred = np.concatenate([y_true] * 2), np.concatenate([y_pred] * 2).astype("float16")

    def with_slope(library):
        function = getattr(library.losses, name)

        def run(y_pred):
            slope = jax.grad(lambda y: function(y_true, y, **settings).astype("float32").sum())
            return function(y_true, y_pred, **settings), slope(y_pred)

        return run

    ours, theirs = jax.jit(lambda y: [with_slope(k)(y) for k in (hornbill, keras)])(y_pred)
    for found, expected in zip(ours, theirs, strict=True):
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        close(found, expected, 5e-3)


@cases
def test_class(name, cls, y_true, y_pred, settings):
    ours, theirs = getattr(losses, cls)(**settings), getattr(keras.losses, cls)(**settings)
    assert ours.name == theirs.name
    found = ours(y_true, y_pred)
    assert found.shape == tuple(theirs(y_true, y_pred).shape)
    close(found, theirs(y_true, y_pred))


@cases
def test_config_round_trip(name, cls, y_true, y_pred, settings):
    one = getattr(losses, cls)(**settings, reduction="none")
    described = json.loads(json.dumps(losses.serialize(one)))
    assert described["module"] == "keras.losses"
    again = losses.deserialize(described)
    assert type(again) is type(one)
    assert again.get_config() == one.get_config()
    np.testing.assert_array_equal(again(y_true, y_pred), one(y_true, y_pred))
    theirs = getattr(keras.losses, cls)(**settings)
    assert theirs.get_config().keys() <= one.get_config().keys()
    # Keras does not open tuples that it has written itself, nor its newest loss.
    if not isinstance(settings.get("axis"), tuple) and "Generalized" not in cls:
        close(one(y_true, y_pred), keras.losses.deserialize(described)(y_true, y_pred))


@cases
def test_gradients_are_finite_and_keras_s(name, cls, y_true, y_pred, settings):
    def gradient(loss):
        return jax.jit(jax.grad(lambda y: loss(y_true, y)))(y_pred)

    found = gradient(getattr(losses, cls)(**settings))
    expected = gradient(getattr(keras.losses, cls)(**settings))
    assert np.isfinite(found).all()
    close(found, expected, 1e-4)


REDUCTIONS = ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None]
MASK = np.array([True, True, False, True])


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_reductions_weights_and_masks(reduction, weighted, masked):
    ours = losses.MeanSquaredError(reduction=reduction)
    theirs = keras.losses.MeanSquaredError(reduction=reduction)
    mine, other = jax.numpy.array(OTHERS), keras.ops.array(OTHERS.copy())
    if masked:
        set_mask(mine, jax.numpy.array(MASK))
        keras.src.backend.set_keras_mask(other, keras.ops.array(MASK))
    weight = WEIGHT if weighted else None
    close(ours(NUMBERS, mine, weight), theirs(NUMBERS, other, weight))


def test_closed_forms_of_the_reductions():
    values = ((NUMBERS - OTHERS) ** 2).mean(-1)

    def reduced(how):
        return losses.MeanSquaredError(reduction=how)(NUMBERS, OTHERS, WEIGHT)

    close(reduced("sum"), (values * WEIGHT).sum())
    close(reduced("sum_over_batch_size"), (values * WEIGHT).sum() / 4)
    close(reduced("mean_with_sample_weight"), (values * WEIGHT).sum() / WEIGHT.sum())


def test_a_weight_per_sample_counts_for_all_its_steps():
    steps, other = SEQUENCE[:, :4], SEQUENCE[:, 1:5]
    found = losses.MeanSquaredError()(steps, other, WEIGHT)
    close(found, (((steps - other) ** 2).mean(-1) * WEIGHT[:, None]).mean())
    per_step = RNG.uniform(size=(4, 4)).astype("float32")
    expected = keras.losses.MeanSquaredError()(steps, other, per_step)
    close(losses.MeanSquaredError()(steps, other, per_step), expected)
    with pytest.raises(ValueError, match=r"has\s+shape \(4, 4\).*sample_weight.shape=\(3,\)"):
        losses.MeanSquaredError()(steps, other, WEIGHT[:3])


def test_zero_weights_and_empty_batches():
    assert (
        float(
            losses.MeanSquaredError(reduction="mean_with_sample_weight")(
                NUMBERS, OTHERS, np.zeros(4)
            )
        )
        == 0
    )
    masked = jax.numpy.array(OTHERS)
    set_mask(masked, jax.numpy.zeros(4, bool))
    assert float(losses.MeanSquaredError()(NUMBERS, masked)) == 0


@pytest.mark.parametrize("shapes", [((4,), (4, 1)), ((4, 1), (4,)), ((4, 3, 1), (4, 3))])
def test_a_last_axis_of_size_1(shapes):
    y_true, y_pred = (np.resize(x, s) for x, s in zip((BINARY, INSIDE), shapes, strict=True))
    for name in ("MeanSquaredError", "BinaryCrossentropy", "Hinge"):
        found = getattr(losses, name)()(y_true, y_pred)
        close(found, getattr(keras.losses, name)()(y_true, y_pred))


def test_ignore_class_leaves_a_mask_and_harmless_gradients():
    found = losses.sparse_categorical_crossentropy(INDICES, SOFTMAX, ignore_class=2)
    assert get_mask(found).tolist() == [True, False, True, False]
    loss = losses.SparseCategoricalCrossentropy(ignore_class=2)
    grad = jax.jit(jax.grad(lambda y: loss(INDICES, y)))(SOFTMAX)
    assert np.isfinite(grad).all()
    assert grad.any(-1).tolist() == [True, False, True, False]


def test_classes_on_another_axis():
    for settings in ({"axis": 1}, {"axis": 1, "from_logits": True}):
        moved, plain = np.moveaxis(SEQUENCE, 1, 2), {**settings, "axis": -1}
        labels = np.arange(12).reshape(4, 3) % 6
        found = losses.sparse_categorical_crossentropy(labels, np.exp(SEQUENCE), **settings)
        close(found, losses.sparse_categorical_crossentropy(labels, np.exp(moved), **plain))


def test_circle_without_positive_pairs():
    found = losses.circle(np.array([0, 1, 2, 3]), UNIT)
    assert found.tolist() == [0, 0, 0, 0]
    grad = jax.jit(jax.grad(lambda y: losses.circle(np.array([0, 1, 2, 2]), y).sum()))(UNIT)
    assert np.isfinite(grad).all()


def test_circle_with_references():
    settings = {"ref_labels": np.array([1, 0, 1, 0]), "ref_embeddings": UNIT[::-1].copy()}
    expected = keras.losses.circle(np.array([0, 1, 0, 1]), UNIT, **settings)
    close(losses.circle(np.array([0, 1, 0, 1]), UNIT, **settings), expected)


def test_dtypes():
    half = losses.MeanSquaredError(dtype="float16")
    assert half(NUMBERS, OTHERS).dtype == "float16"
    assert half.get_config()["dtype"] == "float16"
    assert losses.deserialize(losses.serialize(half)).dtype == "float16"
    assert losses.MeanSquaredError(dtype="mixed_bfloat16").dtype == "bfloat16"
    assert losses.mean_squared_error(NUMBERS.astype("float16"), OTHERS).dtype == "float32"


def test_symbolic_and_traced():
    symbolic = SymbolicTensor((None, 3), "float32")
    assert losses.huber(symbolic, symbolic).shape == (None,)
    assert losses.CategoricalCrossentropy()(symbolic, symbolic).shape == ()
    traced = jax.jit(losses.CategoricalCrossentropy())(ONE_HOT, SOFTMAX)
    close(traced, losses.CategoricalCrossentropy()(ONE_HOT, SOFTMAX))


def test_lists_and_structures():
    assert float(losses.MeanSquaredError()([[0.0, 1.0]], [[0.0, 3.0]])) == 2

    def both(y_true, y_pred):
        return (y_true["a"] - y_pred["a"]) ** 2 + abs(y_true["b"] - y_pred["b"])

    y = {"a": NUMBERS, "b": OTHERS}
    z = {"a": OTHERS, "b": NUMBERS}
    found = losses.LossFunctionWrapper(both, name="both")(y, z)
    close(found, ((NUMBERS - OTHERS) ** 2 + abs(NUMBERS - OTHERS)).mean())


ALIASES = {
    "mse": "mean_squared_error",
    "MSE": "mean_squared_error",
    "mae": "mean_absolute_error",
    "MAE": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "MAPE": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "MSLE": "mean_squared_logarithmic_error",
    "bce": "binary_crossentropy",
    "BCE": "binary_crossentropy",
    "kld": "kl_divergence",
    "KLD": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
    "huber_loss": "huber",
    **{name: name for name, *_ in CASES},
}


@pytest.mark.parametrize(("name", "function"), ALIASES.items())
def test_get_function(name, function):
    assert losses.get(name) is getattr(losses, function)
    assert losses.deserialize(losses.serialize(losses.get(name))) is losses.get(name)


def test_get_of_other_things():
    assert isinstance(losses.get("Huber"), losses.Huber)
    assert isinstance(losses.get(losses.Huber), losses.Huber)
    assert losses.get(None) is None
    assert losses.get(max) is max
    config = {"class_name": "CategoricalCrossentropy", "config": {"from_logits": True}}
    assert losses.get(config).from_logits is True
    with pytest.raises(ValueError, match=r"Unknown loss 'mean_square_error'.*mean_squared_error"):
        losses.get("mean_square_error")


def test_wrapper_round_trip():
    one = losses.LossFunctionWrapper(losses.huber, name="mine", delta=0.5)
    again = losses.LossFunctionWrapper.from_config(json.loads(json.dumps(one.get_config())))
    assert again.fn is losses.huber
    assert again.get_config() == one.get_config()
    close(again(NUMBERS, OTHERS), losses.Huber(delta=0.5)(NUMBERS, OTHERS))


def test_custom_losses():
    @serialize.register_keras_serializable("tests")
    class Scaled(losses.Loss):
        def __init__(self, scale, **kwargs):
            super().__init__(**kwargs)
            self.scale = scale

        def call(self, y_true, y_pred):
            return self.scale * abs(y_true - y_pred).mean(-1)

    one = Scaled(2.0, reduction="sum")
    assert one.name == "scaled"
    close(one(NUMBERS, OTHERS), 2 * abs(NUMBERS - OTHERS).mean(-1).sum())
    again = losses.deserialize(losses.serialize(one))
    assert again.get_config() == {"name": "scaled", "reduction": "sum", "scale": 2.0}
    with pytest.raises(NotImplementedError, match="def call"):
        losses.Loss()(NUMBERS, OTHERS)


@pytest.mark.parametrize("cls", sorted({cls for _, cls, *_ in CASES}))
def test_signatures_and_help(cls):
    mine, theirs = getattr(losses, cls), getattr(keras.losses, cls)
    assert str(inspect.signature(mine)) == str(inspect.signature(theirs))
    assert "reduction" in mine.__doc__
    assert mine.__module__.startswith("hornbill.losses.")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: losses.mean_squared_error(NUMBERS, OTHERS[:, :2]),
            r"mean_squared_error.*y_true.shape=\(4, 3\), y_pred.shape=\(4, 2\)",
        ),
        (
            lambda: losses.MeanAbsoluteError()(NUMBERS[:, 0], OTHERS),
            r"mean_absolute_error.*y_true.shape=\(4,\), y_pred.shape=\(4, 3\)",
        ),
        (
            lambda: losses.binary_crossentropy(BINARY[:, :1], INSIDE),
            r"binary_crossentropy.*y_true.shape=\(4, 1\)",
        ),
        (
            lambda: losses.categorical_crossentropy(INDICES, SOFTMAX),
            r"use sparse_categorical_crossentropy.*y_true.shape=\(4,\)",
        ),
        (
            lambda: losses.CategoricalCrossentropy()(INDICES[:, None], SOFTMAX),
            r"use sparse_categorical_crossentropy.*y_true.shape=\(4, 1\)",
        ),
        (
            lambda: losses.CategoricalCrossentropy()(ONE_HOT[:, :2], SOFTMAX),
            r"as many units.*y_true.shape=\(4, 2\)",
        ),
        (
            lambda: losses.sparse_categorical_crossentropy(ONE_HOT, SOFTMAX),
            r"use categorical_crossentropy.*y_true.shape=\(4, 3\)",
        ),
        (
            lambda: losses.SparseCategoricalCrossentropy()(INDICES[:3], SOFTMAX),
            r"one label for each.*y_true.shape=\(3,\)",
        ),
        (lambda: losses.ctc(INDICES, SEQUENCE), r"ctc.*y_true.shape=\(4,\)"),
        (lambda: losses.circle(INDICES[:3], UNIT), r"circle.*y_true.shape=\(3,\)"),
        (lambda: losses.categorical_crossentropy(ONE_HOT, SOFTMAX, axis=True), r"axis=True"),
        (lambda: losses.MeanSquaredError(reduction="avg"), r"reduction is one.*reduction='avg'"),
        (lambda: losses.Huber(delta=0), r"Huber's delta is a positive.*delta=0"),
        (lambda: losses.BinaryCrossentropy(from_logits="no"), r"from_logits='no'"),
        (lambda: losses.CategoricalCrossentropy(label_smoothing=2), r"label_smoothing=2"),
        (lambda: losses.CategoricalGeneralizedCrossEntropy(q=1.0), r"q is.*Received: q=1.0"),
        (lambda: losses.Dice(axis="x"), r"Dice's axis is.*axis='x'"),
    ],
)
def test_messages(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_unknown_arguments():
    with pytest.raises(TypeError, match=r"Huber: .*'epsilon'. It takes: delta, reduction"):
        losses.Huber(epsilon=1)
    with pytest.raises(TypeError, match="fn=3"):
        losses.LossFunctionWrapper(3)


def test_one_class_is_warned_of():
    with pytest.warns(SyntaxWarning, match="binary_crossentropy"):
        losses.categorical_crossentropy(BINARY[:, :1], INSIDE[:, :1])
