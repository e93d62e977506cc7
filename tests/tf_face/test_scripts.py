"""Scripts written for TensorFlow run unchanged, in a process that cannot import it.

Each asserts that it learned, and passes with TensorFlow 2.21 (and tf_keras) as well: run
`python tests/tf_face/scripts/NAME.py` where those are installed. All are seeded.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SOURCE = HERE.parent.parent / "src"


def run(script, *arguments, folder):
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "JAX_PLATFORMS": "cpu"}
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


def test_no_such_script(tmp_path):
    done = run("absent.py", folder=tmp_path)
    assert done.returncode != 0
    assert "There is no such script" in done.stderr
