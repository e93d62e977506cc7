"""TensorBoard itself, started on what the callback wrote and asked over HTTP."""

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import parse_qsl, urlencode

import numpy as np
import pytest

import hornbill as hb
from hornbill import layers

pytest.importorskip("tensorboard")
PATIENCE = 120  # seconds; it answers after about three


@pytest.fixture(scope="module")
def model():
    inside = hb.Input((4,), name="inside")
    head = hb.Model(inside, layers.Dense(1, name="deep")(inside), name="head")
    words = hb.Input((3,), name="words")
    x = layers.Flatten(name="flat")(layers.Embedding(5, 2, name="table")(words))
    x = layers.Dense(4, name="wide")(x) * 2 + 1  # numbers are no tensors of the graph
    model = hb.Model(words, head(x), name="my_model")
    model.compile("sgd", "mse")
    return model


@pytest.fixture(scope="module")
def history(model, folder):
    board = hb.callbacks.TensorBoard(
        folder, histogram_freq=1, write_images=True, embeddings_freq=1, update_freq=1
    )
    x, y = np.arange(24).reshape(8, 3) % 5, np.ones((8, 1))
    data = {"x": x, "y": y, "validation_data": (x, y)}
    return model.fit(**data, epochs=3, batch_size=4, verbose=0, callbacks=[board]).history


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("board")


@pytest.fixture(scope="module")
def ask(history, folder, model):
    """`ask("plugin/...", run=...)`: the server's answer."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder)]
    command += ["--port", "0", "--host", "127.0.0.1", "--load_fast", "false"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        pattern = re.compile(r"TensorBoard .* at (http://\S+)/")
        found = next(filter(None, map(pattern.search, iter(server.stdout.readline, ""))))

        def ask(what, **query):
            url = f"{found[1]}/data/{what}?{urlencode(query)}"
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                return answer.read()

        def entries(plugin, run, tag) -> int:
            try:
                return len(json.loads(ask(f"plugin/{plugin}/{plugin}", run=run, tag=tag)))
            except urllib.error.HTTPError as error:
                error.close()
                return 0

        # It reads the files in the background: wait for what the callback wrote last.
        last = ("histograms", "train", f"{model.weights[-1].path}/histogram")
        until = time.monotonic() + PATIENCE
        while min(entries(*last), entries("scalars", "validation", "epoch_loss")) < 3:
            assert time.monotonic() < until, "TensorBoard does not show the curves"
            time.sleep(0.2)
        yield ask
    finally:
        server.terminate()
        server.communicate(timeout=PATIENCE)


@pytest.mark.slow
@pytest.mark.parametrize(("run", "before"), [("train", ""), ("validation", "val_")])
def test_scalars(ask, history, run, before):
    points = json.loads(ask("plugin/scalars/scalars", run=run, tag="epoch_loss"))
    assert [step for _, step, _ in points] == [0, 1, 2]
    np.testing.assert_allclose([value for *_, value in points], history[f"{before}loss"], rtol=1e-6)


@pytest.mark.slow
def test_curves_of_batches(ask):
    points = json.loads(ask("plugin/scalars/scalars", run="train", tag="batch_loss"))
    assert [step for _, step, _ in points] == [1, 2, 3, 4, 5, 6]


@pytest.mark.slow
def test_histograms_and_images(ask, model):
    paths = [weight.path for weight in model.weights]
    tags = json.loads(ask("plugin/histograms/tags"))["train"]
    assert set(tags) == {f"{path}/histogram" for path in paths}
    written = json.loads(ask("plugin/histograms/histograms", run="train", tag=next(iter(tags))))
    assert len(written) == 3
    images = json.loads(ask("plugin/images/tags"))["train"]
    assert f"{paths[0]}/image" in images
    (image, *_) = json.loads(
        ask("plugin/images/images", run="train", tag=f"{paths[0]}/image", sample=0)
    )
    png = ask("plugin/images/individualImage", **dict(parse_qsl(image["query"])))
    width, height = (int.from_bytes(png[i : i + 4]) for i in (16, 20))
    assert (width, height) == (5, 2)


@pytest.mark.slow
def test_the_graph_bears_the_models_name(ask):
    graph = ask("plugin/graphs/graph", run="train", tag="keras", conceptual="true").decode()
    nodes = dict(
        re.findall(r'node \{\s+name: "([^"]+)"((?:\s+input: "[^"]+")*)', graph, re.MULTILINE)
    )
    sources = {name: re.findall(r'input: "([^"]+)"', inputs) for name, inputs in nodes.items()}
    assert sources["my_model/table"] == ["my_model/words"]
    assert sources["my_model/wide"] == ["my_model/flat"]
    assert sources["my_model/head/deep"] == ["my_model/head/inside"]
    last = next(name for name in sources if name.startswith("my_model/add"))
    assert sources["my_model/head/inside"] == [last]


@pytest.mark.slow
def test_embeddings(ask, model):
    (entry,) = json.loads(ask("plugin/projector/info", run="."))["embeddings"]
    assert (entry["tensorName"], entry["tensorShape"]) == ("table", [5, 2])
    table = np.frombuffer(ask("plugin/projector/tensor", run=".", name="table"), "float32")
    weights = model.get_layer("table").get_weights()[0]
    np.testing.assert_allclose(table.reshape(5, 2), weights, atol=1e-5)
