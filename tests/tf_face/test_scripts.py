"""Scripts written for TensorFlow run unchanged, in a process that cannot import it.

Each asserts that it learned, and passes with TensorFlow 2.21 (and tf_keras) as well: run
`python tests/tf_face/scripts/NAME.py` where those are installed. All are seeded.
"""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from keras.src.legacy.preprocessing.text import Tokenizer as KerasTokenizer

HERE = Path(__file__).parent
SOURCE = HERE.parent.parent / "src"


def run(script, *arguments, folder):
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "JAX_PLATFORMS": "cpu"}
    environment.pop("KERAS_BACKEND", None)  # the tests' own, for the real Keras
    command = [sys.executable, "-m", "hornbill", "run", str(script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder)


@pytest.mark.slow
@pytest.mark.parametrize("script", sorted((HERE / "scripts").glob("*.py")), ids=lambda p: p.stem)
def test_script(script, tmp_path):
    done = run(script, folder=tmp_path)
    assert done.returncode == 0, done.stderr


def test_names_and_arguments(tmp_path):
    script = tmp_path / "names.py"
    script.write_text(
        "import sys\n"
        "import keras, tf_keras\n"
        "import tensorflow.keras.backend as K\n"
        "from tensorflow.keras.models import Sequential\n"
        "from tensorflow.keras.layers import Dense\n"
        "from keras.utils import to_categorical\n"
        "assert keras.layers.Dense is Dense is tf_keras.layers.Dense\n"
        "assert __name__ == '__main__' and sys.argv[1:] == ['--epochs', '3']\n"
        "assert keras.__name__ == 'keras' and 'site-packages' not in str(keras.__spec__)\n"
        "try:\n"
        "    import tensorflow.nothing_here\n"
        "except ModuleNotFoundError as error:\n"
        "    print(error)\n"
    )
    done = run(script, "--epochs", "3", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "nothing_here" in done.stdout


def test_keras_on_jax_takes_part_in_the_scripts_own_jax(tmp_path):
    script = tmp_path / "on_jax.py"
    script.write_text(
        "import os\n"
        "os.environ['KERAS_BACKEND'] = 'jax'\n"
        "import jax, keras, numpy as np\n"
        "from keras import layers, ops\n"
        "assert keras.__version__ >= '3' and keras.backend.backend() == 'jax'\n"
        "model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])\n"
        "def loss(weights, x):\n"
        "    y, _ = model.stateless_call(weights, [], x)\n"
        "    return ops.mean(ops.square(y))\n"
        "weights = [v.value for v in model.trainable_variables]\n"
        "value, slopes = jax.jit(jax.value_and_grad(loss))(weights, np.ones((2, 3), 'float32'))\n"
        "assert isinstance(value, jax.Array) and slopes[0].shape == (3, 1)\n"
    )
    done = run(script, folder=tmp_path)
    assert done.returncode == 0, done.stderr


def test_an_error_starts_in_the_script(tmp_path):
    script = tmp_path / "wrong.py"
    script.write_text("import keras\nkeras.layers.Dense(-1)\n")
    done = run(script, folder=tmp_path)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0].startswith("Traceback")
    assert f'"{script}", line 2' in lines[1]
    script.write_text("import (\n")
    assert "runpy" not in run(script, folder=tmp_path).stderr


def test_everything_of_a_module(tmp_path):
    """`import *` takes the public names, and none of the modules that they are written in; inner
    places of old, and pickles that name them, are served."""
    kept = KerasTokenizer()
    kept.fit_on_texts(["a b a"])
    (tmp_path / "tokenizer.pickle").write_bytes(pickle.dumps(kept))
    script = tmp_path / "starred.py"
    script.write_text(
        "base = attention = dense = np = ops = adam = 1\n"
        "from tensorflow.keras.layers import *\n"
        "from tensorflow.keras.models import *\n"
        "from tensorflow.keras.optimizers import *\n"
        "from tensorflow.keras.preprocessing.image import *\n"
        "from tensorflow.keras.preprocessing.text import *\n"
        "from tensorflow.keras.layers.experimental.preprocessing import *\n"
        "assert base == attention == dense == np == ops == adam == 1\n"
        "assert len({Dense, Sequential, Adam, ImageDataGenerator, Tokenizer, Rescaling}) == 6\n"
        "assert 'to_script' not in dir() and 'missing' not in dir()\n"
        "from tensorflow.keras.backend import *\n"
        "assert np == 1 and int_shape(zeros((2, 3))) == (2, 3)\n"
        "import keras_preprocessing.text\n"
        "from keras_preprocessing.image import ImageDataGenerator as Same\n"
        "assert Same is ImageDataGenerator and keras_preprocessing.text.Tokenizer is Tokenizer\n"
        "from tensorflow.python.keras.layers import Dense as same\n"
        "assert same is Dense\n"
        "import pickle\n"
        "kept = pickle.load(open('tokenizer.pickle', 'rb'))\n"
        "assert kept.texts_to_sequences(['b a']) == [[2, 1]] and type(kept) is Tokenizer\n"
        "from keras import *\n"
        "assert layers.Dense is Dense and ops != 1 and Model is models.Model\n"
    )
    done = run(script, folder=tmp_path)
    assert done.returncode == 0, done.stderr


def test_no_such_script(tmp_path):
    done = run("absent.py", folder=tmp_path)
    assert done.returncode != 0
    assert "There is no such script" in done.stderr
