"""Twenty steps on two variables, step by step against Keras, for every optimizer and option."""

import jax
import keras
import numpy as np
import pytest
from optimizer_cases import NAMES, assert_same, keras_train, pair, state, train, variables

import hornbill as hb


def schedule(name, *args):
    return lambda library: {"learning_rate": getattr(library.optimizers.schedules, name)(*args)}


CASES = {
    "sgd": ("SGD", {}),
    "sgd momentum": ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    "sgd nesterov": ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    "sgd decay": ("SGD", {"learning_rate": 0.1, "weight_decay": 0.3}),
    "sgd clipnorm": ("SGD", {"learning_rate": 0.1, "clipnorm": 1.5}),
    "sgd clipvalue": ("SGD", {"learning_rate": 0.1, "clipvalue": 0.5}),
    "sgd global_clipnorm": ("SGD", {"learning_rate": 0.1, "global_clipnorm": 4.0}),
    "sgd scale": ("SGD", {"learning_rate": 0.1, "loss_scale_factor": 8.0}),
    "sgd schedule": ("SGD", schedule("ExponentialDecay", 0.5, 3, 0.5)),
    "sgd function": ("SGD", {"learning_rate": lambda: 0.25}),
    "rmsprop": ("RMSprop", {"learning_rate": 0.1}),
    "rmsprop all": ("RMSprop", {"learning_rate": 0.1, "momentum": 0.9, "centered": True}),
    "adam": ("Adam", {"learning_rate": 0.1}),
    "adam amsgrad": ("Adam", {"learning_rate": 0.1, "amsgrad": True, "weight_decay": 0.1}),
    "adam schedule": ("Adam", schedule("CosineDecay", 0.1, 12)),
    "adam ema": ("Adam", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.8}),
    "adam ema overwrite": (
        "Adam",
        {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
    ),
    "adam accumulation": (
        "Adam",
        {"learning_rate": 0.1, "gradient_accumulation_steps": 3, "clipnorm": 1.0},
    ),
    "adam accumulation decay ema": (
        "Adam",
        {
            "learning_rate": 0.1,
            "gradient_accumulation_steps": 4,
            "weight_decay": 0.2,
            "use_ema": True,
            "ema_momentum": 0.5,
            "ema_overwrite_frequency": 2,
        },
    ),
    "accumulation schedule": (
        "SGD",
        lambda k: {
            **schedule("InverseTimeDecay", 0.5, 2, 0.5)(k),
            "gradient_accumulation_steps": 2,
        },
    ),
    "adamw": ("AdamW", {"learning_rate": 0.1, "weight_decay": 0.3}),
    "adamax": ("Adamax", {"learning_rate": 0.1}),
    "nadam": ("Nadam", {"learning_rate": 0.1}),
    "nadam accumulation": ("Nadam", {"learning_rate": 0.1, "gradient_accumulation_steps": 3}),
    "adadelta": ("Adadelta", {"learning_rate": 1.0}),
    "adagrad": ("Adagrad", {"learning_rate": 0.1}),
    "adafactor": ("Adafactor", {"learning_rate": 0.5}),
    "adafactor options": (
        "Adafactor",
        {"learning_rate": 0.1, "clip_threshold": 0.5, "beta_2_decay": -0.5, "relative_step": False},
    ),
    "ftrl": ("Ftrl", {"learning_rate": 0.1}),
    "ftrl all": (
        "Ftrl",
        {
            "learning_rate": 0.1,
            "l1_regularization_strength": 0.5,
            "l2_regularization_strength": 0.2,
            "l2_shrinkage_regularization_strength": 0.1,
            "beta": 0.3,
            "learning_rate_power": -0.7,
        },
    ),
    "lion": ("Lion", {"learning_rate": 0.1}),
    "lamb": ("Lamb", {"learning_rate": 0.1, "weight_decay": 0.1}),
    "muon": ("Muon", {"learning_rate": 0.1}),
    "muon options": (
        "Muon",
        {
            "learning_rate": 0.1,
            "nesterov": False,
            "rms_rate": None,
            "adam_lr_ratio": 2.0,
            "weight_decay": None,
            "adam_weight_decay": 0.1,
        },
    ),
    "muon excluded": ("Muon", {"learning_rate": 0.1, "exclude_layers": ["ker"]}),
    "schedule free": ("ScheduleFreeAdamW", {"learning_rate": 0.1}),
    "schedule free warm": ("ScheduleFreeAdamW", {"learning_rate": 0.1, "warmup_steps": 7}),
}
# Keras names these by accident; ours say what they are. Files hold numbers only.
RENAMED = {"Adafactor", "Nadam"}


@pytest.mark.parametrize("case", CASES)
def test_weights_and_state_are_keras_s(case):
    name, kwargs = CASES[case]
    ours, theirs = pair(name, kwargs)
    weights = variables(hb)
    seen, expected = train(ours, weights), keras_train(theirs, variables(keras))
    # A sign is all or nothing: Lion's steps are exact or wrong.
    for step in (0, 1, 2, 3, 10, 19):
        assert_same(seen[step], expected[step], rtol=2e-5, atol=5e-6)
    assert_same(state(ours), state(theirs), rtol=1e-4, atol=1e-5)
    layout = [[(v.shape, v.dtype) for v in o.variables] for o in (ours, theirs)]
    assert layout[0] == layout[1]
    if name not in RENAMED:
        last = [[v.path.partition("/")[2] for v in o.variables] for o in (ours, theirs)]
        assert last[0] == last[1]
    assert len({v.path for v in ours.variables}) == len(ours.variables)
    assert all(not v.value.weak_type for v in ours.variables)


def test_finalize_puts_the_average_in_place():
    ours, theirs = pair("SGD", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.6})
    a, b = variables(hb), variables(keras)
    train(ours, a)
    keras_train(theirs, b)
    ours.finalize_variable_values(a)
    theirs.finalize_variable_values(b)
    assert_same([v.numpy() for v in a], [np.asarray(v) for v in b])


@pytest.mark.parametrize("how", ["var_list", "var_names"])
@pytest.mark.parametrize("name", ["AdamW", "Muon"])
def test_exclude_from_weight_decay(name, how):
    seen = []
    for library, run in ((hb, train), (keras, keras_train)):
        weights = variables(library)
        optimizer = getattr(library.optimizers, name)(0.1, weight_decay=0.5)
        excluded = {"var_list": weights[1:], "var_names": ["bi.s"]}[how]
        optimizer.exclude_from_weight_decay(**{how: excluded})
        seen.append(run(optimizer, weights)[2])
    assert_same(*seen)


def test_constraints_follow_the_update():
    weights = [hb.Variable([[-1.0, 2.0]], constraint=lambda w: w.clip(0), name="w")]
    optimizer = hb.optimizers.SGD(1.0)
    optimizer.apply([np.array([[1.0, 0.5]], "float32")], weights)
    assert weights[0].numpy().tolist() == [[0.0, 1.5]]


@pytest.mark.parametrize("accumulate", [None, 2])
def test_overwrite_with_gradient(accumulate):
    kwargs = {
        "learning_rate": 0.1,
        "gradient_accumulation_steps": accumulate,
        "loss_scale_factor": 4.0,
        "use_ema": True,
    }
    ours, theirs = pair("Adam", kwargs)
    results = []
    for library, optimizer, run in ((hb, ours, train), (keras, theirs, keras_train)):
        weights = variables(library)
        weights[1].overwrite_with_gradient = True
        results.append(run(optimizer, weights, 4))
        results.append([state(optimizer)])
    for mine, keras_s in zip(results[:2], results[2:], strict=True):
        for a, b in zip(mine, keras_s, strict=True):
            assert_same(a, b)
    assert not any("bias_momentum" in v.path for v in ours.variables)


# The first case of each optimizer.
PLAIN = dict(reversed(CASES.values()))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", PLAIN)
def test_weights_in_16_bits_follow_those_in_32(name, dtype):
    """Keras's own in 16 bits stand still (Adam) or are no numbers (Nadam): 0.999 is 1 there."""
    start, slope = [[0.01, 0.02, -0.03]], np.array([[0.5, -1.0, 0.25]], "float32")
    ends = []
    for library, optimizer, kind in zip(
        (hb, keras), pair(name, PLAIN[name]), (dtype, "float32"), strict=True
    ):
        weights = [library.Variable(start, dtype=kind, name="w")]
        optimizer.build(weights)
        step = jax.jit(optimizer.stateless_apply)
        state, values = [v.value for v in optimizer.variables], [w.value for w in weights]
        kinds = [v.dtype for v in (*state, *values)]
        for _ in range(3):
            values, state = step(state, [slope], values)
        assert [v.dtype for v in (*state, *values)] == kinds
        ends.append(np.asarray(values[0], "float32"))
    assert (np.abs(ends[1] - start) > 1e-3).all()
    np.testing.assert_allclose(*ends, rtol=0.05, atol=1e-3)


def test_names_of_slots_are_made_from_the_weights_paths():
    with hb.name_scope("dense"):
        kernel = hb.Variable(np.ones((2, 2)), name=NAMES[0])
    optimizer = hb.optimizers.Adam(name="adam")
    optimizer.build([kernel])
    assert [v.path for v in optimizer.variables] == [
        "adam/iteration",
        "adam/learning_rate",
        "adam/dense_kernel_momentum",
        "adam/dense_kernel_velocity",
    ]
