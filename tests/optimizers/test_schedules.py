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


# What torch.optim.lr_scheduler.OneCycleLR 2.13 gives for the same arguments.
ONE_CYCLES = [
    ({"total_steps": 10},
     [0.004, 0.052, 0.1, 0.09504846, 0.08117457, 0.0611262, 0.0388742, 0.01882583, 0.004951937,
      4e-07]),
    ({"total_steps": 11, "warmup_fraction": 0.25, "anneal": "linear", "div_factor": 10,
      "final_div_factor": 100},
     [0.01, 0.06142857, 0.09697273, 0.08486364, 0.07275455, 0.06064545, 0.04853636, 0.03642727,
      0.02431818, 0.01220909, 0.0001]),
    ({"total_steps": 12, "three_phase": True},
     [0.004, 0.03497897, 0.08792852, 0.09450189, 0.04621424, 0.005394793, 0.003815169,
      0.003122462, 0.002108467, 0.001063477, 0.000286657, 4e-07]),
    ({"total_steps": 12, "three_phase": True, "warmup_fraction": 0.4, "anneal": "linear"},
     [0.004, 0.02926316, 0.05452632, 0.07978947, 0.09494737, 0.06968421, 0.04442105, 0.01915789,
      0.003529459, 0.002353106, 0.001176753, 4e-07]),
    ({"total_steps": 5, "warmup_fraction": 0.1},
     [0.09698464, 0.0750001, 0.04131783, 0.01169813, 4e-07]),
]  # fmt: skip


@pytest.mark.parametrize(("kwargs", "expected"), ONE_CYCLES)
def test_one_cycle_is_pytorch_s(kwargs, expected):
    schedule = hb.optimizers.schedules.OneCycle(0.1, **kwargs)
    given = jax.vmap(schedule)(np.arange(len(expected) + 3))
    np.testing.assert_allclose(given[:-3], expected, rtol=2e-5, atol=1e-8)
    # It stays where it ended, where PyTorch's raises.
    np.testing.assert_array_equal(given[-3:], given[-4])
    again = hb.optimizers.schedules.deserialize(hb.optimizers.schedules.serialize(schedule))
    assert again.get_config() == schedule.get_config()
    optimizer = hb.optimizers.SGD(again)
    np.testing.assert_allclose(optimizer.learning_rate, expected[0], rtol=2e-5)


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
        ("OneCycle", (0.1, 1), "total_steps is at least 2.*Received: total_steps=1"),
        ("OneCycle", (0.1, 9, 1.0), "below 1.* Received: warmup_fraction=1.0"),
        ("OneCycle", (0.1, 9, 0.6, 25.0, 1e4, "cos", True), "with three_phase at most 0.5"),
        ("OneCycle", (0.1, 9, 0.3, 0.0), "Received: div_factor=0.0"),
        ("OneCycle", (0.1, 9, 0.3, 25.0, 1e4, "sine"), "Received: anneal='sine'"),
        ("PiecewiseConstantDecay", ([2, 1], [1.0, 2.0, 3.0]), "boundaries rise"),
    ],
)
def test_wrong_arguments(name, args, message):
    with pytest.raises(ValueError, match=message):
        getattr(hb.optimizers.schedules, name)(*args)
