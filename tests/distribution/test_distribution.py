"""The words for distributions: meshes, layouts, maps of layouts, and what is refused."""

import keras
import numpy as np
import pytest

import hornbill as hb

D, K = hb.distribution, keras.distribution


@pytest.fixture(autouse=True)
def nothing_stays():
    yield
    D.set_distribution(None)


def mesh(k=hb, names=("batch", "model")):
    return k.distribution.DeviceMesh((1, 1), list(names), devices=["cpu:0"])


def test_devices():
    assert D.list_devices() == K.list_devices()
    assert D.get_device_count() == len(D.list_devices("cpu"))
    with pytest.raises(ValueError, match=r"no devices of that kind.*device_type='tpu'"):
        D.list_devices("tpu")


def test_a_mesh():
    ours, theirs = mesh(), mesh(keras)
    assert ours.shape == theirs.shape
    assert list(ours.axis_names) == list(theirs.axis_names)
    np.testing.assert_array_equal(ours.devices, theirs.devices)
    assert ours.backend_mesh.shape == {"batch": 1, "model": 1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((1, 1), ["batch"]), r"a size and a name for each axis.*\['batch'\]"),
        (((1, 1), ["batch", "batch"]), "names differ"),
        (((2, 2), ["batch", "model"], ["cpu:0"]), "has 4 places, and there are 1 devices"),
        (((1,), ["batch"], ["cpu:9"]), r"no device 'cpu:9'. Known: \['cpu:0'"),
    ],
)
def test_meshes_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        D.DeviceMesh(*arguments)


def test_a_layout():
    layout = D.TensorLayout((None, "model"))
    with pytest.raises(ValueError, match="has no mesh yet"):
        _ = layout.backend_layout
    layout.device_mesh = mesh()
    assert tuple(layout.backend_layout.spec) == (None, "model")
    with pytest.raises(ValueError, match="has a mesh already"):
        layout.device_mesh = mesh()
    with pytest.raises(ValueError, match=r"\['batch', 'model'\], or None.*\('rows',\)"):
        D.TensorLayout(("rows",), mesh())


PATHS = "dense/kernel dense_1/kernel conv/kernel head/bias a/dense/kernel".split()


def test_a_layout_map_finds_what_that_of_keras_finds():
    made = []
    for k in (hb, keras):
        layouts = k.distribution.LayoutMap(mesh(k))
        layouts["dense.*kernel"] = (None, "model")
        layouts["^head.*"] = k.distribution.TensorLayout(("model",))
        layouts["conv/kernel"] = ("batch", None)
        made.append([layouts[p] and tuple(layouts[p].axes) for p in [*PATHS, "nothing"]])
        assert len(layouts) == 3
        assert list(layouts) == ["dense.*kernel", "^head.*", "conv/kernel"]
        del layouts["^head.*"]
        assert layouts["head/bias"] is None
    assert made[0] == made[1]


def test_a_layout_map_refuses():
    layouts = D.LayoutMap(mesh())
    layouts["dense.*"] = (None, "model")
    with pytest.raises(ValueError, match=r"has 'dense\.\*' already"):
        layouts["dense.*"] = ("model", None)
    with pytest.raises(ValueError, match=r"a TensorLayout, or a tuple of its axes.*'model'"):
        layouts["other"] = "model"
    layouts[".*kernel"] = (None, "model")
    with pytest.raises(ValueError, match=r"fit 'dense/kernel': \['dense\.\*', '\.\*kernel'\]"):
        layouts["dense/kernel"]


def test_what_holds():
    one = D.DataParallel(devices=["cpu:0"])
    assert D.distribution() is None
    with one.scope():
        assert D.distribution() is one
        with D.DataParallel(mesh()).scope() as two:
            assert D.distribution() is two
            assert two.batch_dim_name == "batch"
        assert D.distribution() is one
    assert D.distribution() is None
    D.set_distribution(one)
    assert D.distribution() is one
    with pytest.raises(TypeError, match=r"DataParallel, a ModelParallel or None.*'four'"):
        D.set_distribution("four")


def test_layouts_of_data_and_variables():
    for shape in ((8,), (8, 2), (8, 2, 3)):
        ours = D.DataParallel(devices=["cpu:0"]).get_data_layout(shape)
        theirs = K.DataParallel(devices=["cpu:0"]).get_data_layout(shape)
        assert tuple(ours.axes) == tuple(theirs.axes)
    layouts = D.LayoutMap(mesh())
    layouts["kernel"] = (None, "model")
    plan = D.ModelParallel(layout_map=layouts, batch_dim_name="batch")
    assert plan.get_variable_layout(hb.Variable(np.ones((2, 4)), name="kernel")).axes[1] == "model"
    assert plan.get_variable_layout(hb.Variable(np.ones(4), name="bias")).axes == (None,)
    assert plan.get_tensor_layout("dense/output") is None


def test_plans_that_cannot_be():
    with pytest.raises(ValueError, match=r"takes a LayoutMap.*None"):
        D.ModelParallel()
    with pytest.raises(ValueError, match=r"one of the mesh's axes.*'rows'"):
        D.ModelParallel(layout_map=D.LayoutMap(mesh()), batch_dim_name="rows")
    with pytest.raises(TypeError, match="device_mesh is a DeviceMesh"):
        D.DataParallel("cpu:0")
    with pytest.raises(ValueError, match="not both"):
        D.DataParallel(mesh(), devices=["cpu:0"])
    with pytest.raises(TypeError, match=r"TensorLayout or a jax.sharding.Sharding.*\('model',\)"):
        hb.Variable([1.0], layout=("model",))


def test_one_process():
    D.initialize()
    D.initialize(num_processes=1, process_id=0)
    with pytest.raises(ValueError, match=r"devices of one process.*num_processes=2"):
        D.initialize("10.0.0.1:1234,10.0.0.2:2345", num_processes=2, process_id=0)


def test_a_tensor():
    layout = D.TensorLayout(("batch", None), mesh())
    x = D.distribute_tensor(np.ones((4, 2), "float32"), layout)
    assert tuple(x.sharding.spec) == ("batch", None)
