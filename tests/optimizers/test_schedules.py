import jax
import keras
import numpy as np
import pytest

import hornbill as hb

CASES = [
    ("ExponentialDecay", (0.1, 5, 0.7), {}),
    ("ExponentialDecay", (0.1, 5, 0.7), {"staircase": True}),
    ("InverseTimeDecay", (0.1, 5, 0.7), {}),
    ("InverseTimeDecay", (0.1, 5, 0.7), {"staircase": True}),
    ("PolynomialDecay", (0.1, 7), {"end_learning_rate": 0.01, "power": 2.0}),
    ("PolynomialDecay", (0.1, 7), {"cycle": True}),
    ("PiecewiseConstantDecay", ([3, 10], [0.1, 0.05, 0.01]), {}),
    ("PiecewiseConstantDecay", ([4], [0.1, 0.05]), {}),
    ("CosineDecay", (0.1, 10), {"alpha": 0.1}),
    ("CosineDecay", (0.1, 10), {"warmup_target": 0.5, "warmup_steps": 6}),
    ("CosineDecay", (0.1, 10), {"warmup_target": 0.5}),
    ("CosineDecayRestarts", (0.1, 4), {}),
    ("CosineDecayRestarts", (0.1, 4), {"t_mul": 1.0, "m_mul": 0.7, "alpha": 0.1}),
    ("CosineDecayRestarts", (0.1, 3), {"t_mul": 1.5, "m_mul": 0.9}),
]
# In range and far beyond.
STEPS = np.arange(0, 27)


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES)
def test_schedule(name, args, kwargs):
    ours = getattr(hb.optimizers.schedules, name)(*args, **kwargs)
    theirs = getattr(keras.optimizers.schedules, name)(*args, **kwargs)
    mine = jax.vmap(ours)(STEPS)
    expected = np.asarray(jax.vmap(theirs)(STEPS))
    if name == "CosineDecayRestarts":
        # A wave's start is a rounded logarithm: at its very step, both may fall on either side.
        near = np.isclose(mine, expected, rtol=1e-4, atol=1e-7)
        assert near.sum() >= len(near) - 1
    else:
        np.testing.assert_allclose(mine, expected, rtol=2e-5, atol=1e-8)
    assert mine.dtype == "float32"
    assert not mine.weak_type
    np.testing.assert_allclose(jax.jit(ours)(7), mine[7], rtol=1e-5, atol=1e-8)

    config = hb.optimizers.schedules.serialize(ours)
    assert config == keras.optimizers.schedules.serialize(theirs)
    again = hb.optimizers.schedules.deserialize(config)
    assert type(again) is type(ours)
    assert again.get_config() == ours.get_config()
    assert keras.optimizers.schedules.deserialize(config).get_config() == config["config"]


def test_a_schedule_of_the_user_s_own():
    class Halving(hb.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.5**step

    optimizer = hb.optimizers.SGD(Halving())
    w = [hb.Variable([0.0], name="w")]
    for _ in range(3):
        optimizer.apply([np.ones(1, "float32")], w)
    assert w[0].numpy().tolist() == [-1.75]
    assert float(optimizer.learning_rate) == 0.125
    with pytest.raises(NotImplementedError, match=r"Halving has no get_config\(\)"):
        optimizer.get_config()
    with pytest.raises(NotImplementedError, match="LearningRateSchedule has no __call__"):
        hb.optimizers.schedules.LearningRateSchedule()(0)


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("ExponentialDecay", (0.1, 0, 0.5), "decay_steps .* Received: decay_steps=0"),
        ("InverseTimeDecay", (0.1, -1, 0.5), "decay_steps .* Received: decay_steps=-1"),
        ("PolynomialDecay", (0.1, 0), "Received: decay_steps=0"),
        ("CosineDecay", (0.1, 0), "Received: decay_steps=0"),
        ("CosineDecayRestarts", (0.1, 0), "Received: first_decay_steps=0"),
        ("PiecewiseConstantDecay", ([1], [0.1]), r"Received: boundaries=\[1\], values=\[0.1\]"),
        ("PiecewiseConstantDecay", ([2, 1], [1.0, 2.0, 3.0]), "boundaries rise"),
    ],
)
def test_wrong_arguments(name, args, message):
    with pytest.raises(ValueError, match=message):
        getattr(hb.optimizers.schedules, name)(*args)
