import keras
import numpy as np
import pytest

import hornbill as hb
from hornbill.distillation import (
    DistillationLoss,
    Distiller,
    FeatureDistillation,
    LogitsDistillation,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(16, 4)).astype("float32")
Y = RNG.integers(0, 3, 16)
TEACHER = RNG.normal(size=(5, 3)).astype("float32")
STUDENT = RNG.normal(size=(5, 3)).astype("float32")
WEIGHTS = {
    n: [RNG.normal(size=s).astype("float32") / 2 for s in ((4, n), (n,), (n, 3), (3,))]
    for n in (6, 5)
}


def network(lib, units):
    layers = [lib.layers.Input((4,)), lib.layers.Dense(units, activation="tanh", name="hidden")]
    model = lib.Sequential([*layers, lib.layers.Dense(3, name="out")])
    model.set_weights(WEIGHTS[units])
    return model


def losses(lib):
    # An object: Keras compares raw logits when the divergence is given by its name.
    divergence = lib.losses.KLDivergence()
    return [
        lib.distillation.LogitsDistillation(2.0, divergence),
        lib.distillation.FeatureDistillation("mae", "out", "out"),
    ]


def distiller(lib, **settings):
    settings = {"distillation_loss_weights": [0.5, 2.0], "student_loss_weight": 0.3, **settings}
    made = lib.distillation.Distiller(network(lib, 6), network(lib, 5), losses(lib), **settings)
    loss = lib.losses.SparseCategoricalCrossentropy(from_logits=True)
    made.compile(lib.optimizers.SGD(0.1), loss=loss, metrics=["accuracy"])
    return made


@pytest.mark.parametrize("weight", [0.3, 0.0, 1.0])
def test_training_equals_keras(weight):
    ours, theirs = (distiller(lib, student_loss_weight=weight) for lib in (hb, keras))
    settings = {"epochs": 2, "batch_size": 8, "shuffle": False, "verbose": 0}
    got, want = ours.fit(X, Y, **settings).history, theirs.fit(X, Y, **settings).history
    assert got.keys() == want.keys()
    for name, values in want.items():
        np.testing.assert_allclose(got[name], values, rtol=1e-4, err_msg=name)
    for a, b in zip(ours.student.get_weights(), theirs.student.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    for a, b in zip(ours.teacher.get_weights(), WEIGHTS[6], strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(ours.predict(X, verbose=0), ours.student(X), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("loss", ["mse", "categorical_crossentropy"])
def test_losses_equal_keras(loss):
    for name, settings in (
        ("LogitsDistillation", {"temperature": 2.0}),
        ("FeatureDistillation", {}),
    ):
        ours = getattr(hb.distillation, name)(loss=loss, **settings)
        theirs = getattr(keras.distillation, name)(loss=loss, **settings)
        want = theirs.compute_loss(TEACHER, STUDENT)
        np.testing.assert_allclose(ours.compute_loss(TEACHER, STUDENT), want, rtol=1e-5)


@pytest.mark.parametrize("loss", ["kl_divergence", "KLDivergence", hb.losses.KLDivergence()])
def test_divergence_of_softened_logits(loss):
    def softmax(x):
        e = np.exp(x.astype("float64"))
        return e / e.sum(-1, keepdims=True)

    p, q = softmax(TEACHER / 3), softmax(STUDENT / 3)
    want = 9 * (p * np.log(p / q)).sum(-1).mean()
    got = LogitsDistillation(3.0, loss).compute_loss(TEACHER, STUDENT)
    np.testing.assert_allclose(got, want, rtol=1e-4)


def test_some_of_several_outputs():
    loss = FeatureDistillation(["mse", None])
    teacher, student = [TEACHER, TEACHER], [STUDENT, TEACHER + 9]
    loss.validate_outputs(teacher, student)
    want = np.mean((TEACHER - STUDENT) ** 2)
    np.testing.assert_allclose(loss.compute_loss(teacher, student), want, rtol=1e-5)
    with pytest.raises(ValueError, match="structure of the outputs"):
        loss.validate_outputs(TEACHER, STUDENT)
    with pytest.raises(ValueError, match="same structure"):
        loss.validate_outputs(TEACHER, [STUDENT])


def test_config_round_trip():
    made = Distiller.from_config(distiller(hb).get_config())
    assert made.student_loss_weight == 0.3
    assert made.distillation_loss_weights == [0.5, 2.0]
    logits, feature = made.distillation_losses
    assert (logits.temperature, type(logits.loss).__name__) == (2.0, "KLDivergence")
    assert (feature.loss.__name__, feature.student_layer_name) == ("mean_absolute_error", "out")
    assert made.student.layers[0].units == 5


def test_sample_weights_reach_the_students_loss():
    def loss_of(weights):
        return distiller(hb, student_loss_weight=1.0).evaluate(
            X, Y, sample_weight=weights, verbose=0, return_dict=True
        )["student_loss"]

    assert loss_of(np.full(16, 2.0)) == pytest.approx(2 * loss_of(None), rel=1e-5)


def test_own_losses():
    class Wide(DistillationLoss):
        def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
            return teacher_outputs - student_outputs

    made = Distiller(network(hb, 6), network(hb, 5), Wide())
    made.compile(loss="mse")
    with pytest.raises(ValueError, match=r"returns a scalar.*Received: shape \(16, 3\)"):
        made.compute_loss(X, None, made(X))
    with pytest.raises(NotImplementedError, match="def compute_loss"):
        DistillationLoss().compute_loss(X, X)


class Subclassed(hb.Model):
    def call(self, x):
        return x


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda t, s: Distiller("t", s, losses(hb)), "teacher is a Model. Received: teacher='t'"),
        (lambda t, s: Distiller(t, s, None), "distillation_losses=None"),
        (lambda t, s: Distiller(t, s, losses(hb), [1.0]), "for 2 losses"),
        (lambda t, s: Distiller(t, s, losses(hb), student_loss_weight=2), "from 0 to 1"),
        (lambda t, s: Distiller(t, t.layers[0], losses(hb)), "student is a Model"),
        (
            lambda t, s: Distiller(
                t, hb.Sequential([hb.Input((5,)), hb.layers.Dense(3)]), losses(hb)
            ),
            "inputs of the same shapes",
        ),
        (
            lambda t, s: Distiller(t, s, FeatureDistillation("mse", "nothing", "hidden")),
            "In the teacher: .*no layer 'nothing'",
        ),
        (
            lambda t, s: Distiller(t, Subclassed(), FeatureDistillation("mse", None, "hidden")),
            "student is subclassed",
        ),
        (lambda t, s: Distiller(t, s, losses(hb)).compile("sgd"), "needs loss="),
        (lambda t, s: LogitsDistillation(0.0), "temperature=0.0"),
        (lambda t, s: LogitsDistillation("hot"), "temperature='hot'"),
        (lambda t, s: FeatureDistillation([None]), "at least one loss"),
    ],
)
def test_wrong_uses(make, match):
    with pytest.raises(ValueError, match=match):
        make(network(hb, 6), network(hb, 5))
