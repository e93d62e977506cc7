"""Checkpoints, summaries, exported models, and `tf.keras.backend`."""

import numpy as np
import pytest

import hornbill.tensorflow as tf

X = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
K = tf.keras.backend


def trained():
    tf.random.set_seed(1)
    model = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(1)])
    optimizer = tf.keras.optimizers.Adam(0.1)
    optimizer.build(model.trainable_variables)
    return model, optimizer


def test_checkpoints(tmp_path):
    model, optimizer = trained()
    step = tf.Variable(0)
    checkpoint = tf.train.Checkpoint(model, optimizer=optimizer, step=step)
    manager = tf.train.CheckpointManager(checkpoint, tmp_path, max_to_keep=2)
    assert manager.restore_or_initialize() is None
    wanted = []
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(X) ** 2)
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        step.assign_add(1)
        wanted.append(model(X).numpy())
        manager.save()
    assert [p[-6:] for p in manager.checkpoints] == ["ckpt-2", "ckpt-3"]
    assert tf.train.latest_checkpoint(tmp_path) == manager.latest_checkpoint

    model, optimizer = trained()
    other = tf.train.Checkpoint(model, optimizer=optimizer, step=step)
    other.restore(manager.checkpoints[0]).assert_consumed()
    np.testing.assert_array_equal(model(X).numpy(), wanted[1])
    assert (int(step), int(optimizer.iterations), int(other.save_counter)) == (2, 2, 2)

    before = model(X).numpy()
    with pytest.raises(ValueError, match="does not fit"):
        tf.train.Checkpoint(model, step=step).restore(manager.latest_checkpoint)
    np.testing.assert_array_equal(model(X).numpy(), before)
    with pytest.raises(TypeError, match="objects with variables"):
        tf.train.Checkpoint(x=3).save(tmp_path / "other")
    with pytest.raises(ValueError, match="no options"):
        other.write(tmp_path / "other", options=1)


def test_summaries(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    assert not tf.summary.scalar("loss", 1.0, step=0)  # nobody listens
    writer = tf.summary.create_file_writer(tmp_path)
    with writer.as_default(step=7):
        assert tf.summary.scalar("loss", tf.constant(0.5))
        tf.summary.scalar("loss", 0.25, step=8)
        tf.summary.histogram("weights", X, step=8)
        tf.summary.image("picture", np.zeros((1, 2, 2, 3), "uint8"), step=8)
    with writer.as_default(), pytest.raises(ValueError, match="needs a step"):
        tf.summary.scalar("loss", 1.0)
    writer.close()
    (file,) = tmp_path.iterdir()
    values = [(e.step, v) for e in EventFileLoader(str(file)).Load() for v in e.summary.value]
    assert [(s, v.tag) for s, v in values] == [
        (7, "loss"),
        (8, "loss"),
        (8, "weights"),
        (8, "picture"),
    ]
    assert values[1][1].tensor.float_val == [0.25]


def test_exported(tmp_path):
    pytest.importorskip("flatbuffers")
    model, _ = trained()
    tf.saved_model.save(model, tmp_path / "model")
    again = tf.saved_model.load(tmp_path / "model")
    np.testing.assert_allclose(again(X).numpy(), model(X).numpy(), rtol=1e-6)
    with pytest.raises(ValueError, match="no signatures"):
        tf.saved_model.save(model, tmp_path / "other", signatures={})


CHANCES = np.exp(np.sin(np.arange(40))).reshape(2, 5, 4)
CHANCES = (CHANCES / CHANCES.sum(-1, keepdims=True)).astype("float32")

BACKEND = {
    "sum": (K.sum(X, axis=1), [3, 7]),
    "mean": (K.mean(X, axis=-1, keepdims=True), [[1.5], [3.5]]),
    "max": (K.max(X), 4),
    "std": (K.std(X), np.std(X)),
    "square": (K.square(X), X**2),
    "dot": (K.dot(X, X), X @ X),
    "clip": (K.clip(X, 2, 3), np.clip(X, 2, 3)),
    "flatten": (K.flatten(X), X.ravel()),
    "batch_flatten": (K.batch_flatten(X[None]), X.reshape(1, 4)),
    "permute": (K.permute_dimensions(X, (1, 0)), X.T),
    "concatenate": (K.concatenate([X, X]), np.concatenate([X, X], -1)),
    "expand_dims": (K.expand_dims(X), X[..., None]),
    "repeat": (K.repeat_elements(X, 2, axis=0), np.repeat(X, 2, 0)),
    "switch": (K.switch(X > 2, X, -X), np.where(X > 2, X, -X)),
    "softmax": (K.softmax(X)[0, 0], 1 / (1 + np.e)),
    "crossentropy": (K.binary_crossentropy(np.ones(1), np.full(1, 0.5)), [np.log(2)]),
    "epsilon": (K.maximum(K.epsilon(), 0.0), 1e-7),
    "cast": (K.cast(X, "int32"), X),
    "transpose": (K.transpose(X), X.T),
    "repeat in time": (K.repeat(X, 3), np.repeat(X[:, None], 3, 1)),
    "arange": (K.arange(1, 4), [1, 2, 3]),
    "update": (K.update(K.variable([1.0]), [3.0]), [3]),
    "update_add": (K.update_add(K.variable([1.0]), [3.0]), [4]),
    "update_sub": (K.update_sub(K.variable([1.0]), [3.0]), [-2]),
    "cast_to_floatx": (K.cast_to_floatx(tf.constant([1, 2])), [1, 2]),
    "sparse crossentropy": (
        K.sparse_categorical_crossentropy(np.array([2, 0]), CHANCES[0, :2]),
        [1.0300077, 2.0202696],
    ),
    # What TensorFlow 2.21 gives.
    "ctc": (
        K.ctc_batch_cost(np.array([[0, 2], [1, 1]]), CHANCES, [[5], [4]], [[2], [1]]),
        [[3.5252438], [4.127657]],
    ),
}


@pytest.mark.parametrize("name", BACKEND)
def test_backend(name):
    found, expected = BACKEND[name]
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5)


def test_backend_outside_of_tensors():
    assert K.eval(K.constant([1.0])).tolist() == [1.0]
    assert K.count_params(K.variable(X)) == 4
    assert K.cast_to_floatx([1, 2]).dtype == "float32"
    with pytest.raises(AttributeError, match="no 'batch_dots'"):
        K.batch_dots  # noqa: B018


def test_backend_of_models():
    v = K.variable([1.0, 2.0], name="v")
    K.set_value(v, [3.0, 4.0])
    assert K.get_value(v).tolist() == K.batch_get_value([v])[0].tolist() == [3, 4]
    K.batch_set_value([(v, [0.0, 0.0])])
    assert (K.int_shape(v), K.ndim(v), K.dtype(v)) == ((2,), 1, "float32")
    assert K.learning_phase() == 0
    model, _ = trained()
    hidden = K.function([model.input], [model.layers[0].output])
    assert hidden([X])[0].shape == (2, 1)
    with pytest.raises(ValueError, match="no updates"):
        K.function([model.input], [model.output], updates=[1])
    K.clear_session()
    assert tf.keras.layers.Dense(1).name == "dense"
    squared = K.square(K.sum(tf.keras.Input((2,)), axis=1))
    assert squared.shape == (None,)
