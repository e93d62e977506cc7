"""`tf.distribute`: strategies over the devices of this process, of which there is one here.

`scripts/mirrored.py` trains with one; `tests/distribution` runs it on four devices.
"""

import pytest

import hornbill as hb
import hornbill.tensorflow as tf


@pytest.mark.parametrize(
    "make",
    [
        lambda: tf.distribute.MirroredStrategy(),
        lambda: tf.distribute.MirroredStrategy(["/cpu:0"]),
        lambda: tf.distribute.OneDeviceStrategy("/device:CPU:0"),
        lambda: tf.distribute.OneDeviceStrategy("CPU"),
    ],
)
def test_one_device_is_the_device_there_is(make):
    strategy = make()
    assert strategy.num_replicas_in_sync == 1
    assert not tf.distribute.has_strategy()
    with strategy.scope() as found:
        assert found is strategy is tf.distribute.get_strategy()
        assert hb.distribution.distribution() is None
    assert tf.distribute.get_strategy().num_replicas_in_sync == 1


def test_run_and_reduce():
    strategy = tf.distribute.MirroredStrategy()
    per_device = strategy.run(
        lambda x, by: x * by, args=(tf.constant([1.0, 3.0]),), kwargs={"by": 2}
    )
    assert strategy.experimental_local_results(per_device)[0] is per_device
    assert strategy.reduce("SUM", per_device, axis=None).numpy().tolist() == [2, 6]
    assert float(strategy.reduce(tf.distribute.ReduceOp.SUM, per_device, axis=0)) == 8
    assert float(strategy.reduce(tf.distribute.ReduceOp.MEAN, per_device, axis=0)) == 4
    assert strategy.gather(per_device, axis=0) is per_device


def test_average_losses():
    losses = tf.constant([1.0, 2.0, 3.0])
    assert float(tf.nn.compute_average_loss(losses)) == 2
    assert float(tf.nn.compute_average_loss(losses, global_batch_size=6)) == 1
    assert float(tf.nn.compute_average_loss(losses, sample_weight=[0.0, 0.0, 2.0])) == 2
    assert float(tf.nn.scale_regularization_loss(losses)) == 6


def test_what_is_not_there():
    with pytest.raises(AttributeError, match=r"no 'TPUStrategy'. Devices are those of one process"):
        tf.distribute.TPUStrategy  # noqa: B018
    with pytest.raises(AttributeError, match=r"Did you mean tf.distribute.MirroredStrategy\?"):
        tf.distribute.MirrorStrategy  # noqa: B018
    with pytest.raises(ValueError, match="no devices of that kind"):
        tf.distribute.MirroredStrategy(["/tpu:0"])
