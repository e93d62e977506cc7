"""ExportArchive: several functions in one export, and what it refuses."""

import numpy as np
import pytest

import hornbill as hb

from .cases import close

pytest.importorskip("flatbuffers")

SPEC = hb.InputSpec(shape=(None, 4), dtype="float32")
X = np.ones((3, 4), "float32")


def model(units=2):
    return hb.Sequential([hb.Input((4,)), hb.layers.Dense(units), hb.layers.Dropout(0.5)])


def test_functions_of_tracked_layers(tmp_path, capsys):
    one, scale = model(), hb.Variable(np.float32(3.0), name="scale")
    archive = hb.export.ExportArchive()
    archive.track({"parts": [one, scale]})
    function = archive.add_endpoint("scaled", lambda x: one(x) * scale, [SPEC])
    archive.track_and_add_endpoint("serve", one)
    assert callable(function)
    archive.write_out(tmp_path / "m", format="stablehlo")
    assert "serve: takes ['float32[b, 4]']" in capsys.readouterr().out
    files = sorted(p.name for p in (tmp_path / "m").iterdir())
    assert files == ["scaled.stablehlo", "serve.stablehlo"]
    expected = one.predict(X, verbose=0)
    close(hb.export.load(tmp_path / "m" / "serve.stablehlo")(X), expected)
    close(hb.export.load(tmp_path / "m" / "scaled.stablehlo")(X[:1]), expected[:1] * 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda a: a.track("x"), TypeError, "tracks models, layers and variables.*'x'"),
        (lambda a: a.track(hb.layers.Dense(2)), ValueError, "has no weights to export yet"),
        (lambda a: a.add_endpoint("no name", abs), ValueError, "name is an identifier"),
        (lambda a: a.add_endpoint("serve", abs, [SPEC]), ValueError, "holds 'serve' already"),
        (lambda a: a.add_endpoint("other", 3), TypeError, "An endpoint is a function"),
        (lambda a: a.add_endpoint("other", abs), ValueError, "needs an input_signature"),
        (lambda a: a.track_and_add_endpoint("other", abs, [SPEC]), TypeError, "model or layer"),
        (lambda a: a.add_variable_collection("x y", []), ValueError, "name is an identifier"),
        (lambda a: a.add_variable_collection("serve", []), ValueError, "holds 'serve' already"),
        (lambda a: a.add_variable_collection("w", 3), TypeError, "variables is a list"),
        (lambda a: a.write_out("m", format="x"), ValueError, "exports to the formats"),
        (lambda a: a.write_out("m", format="onnx", options=3), ValueError, "are for format='tf_"),
    ],
)
def test_errors(call, error, message):
    archive = hb.export.ExportArchive()
    archive.add_endpoint("serve", model())
    with pytest.raises(error, match=message):
        call(archive)
    assert list(archive._programs) == ["serve"]


def test_an_empty_archive(tmp_path):
    with pytest.raises(ValueError, match="holds no function yet"):
        hb.export.ExportArchive().write_out(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []
