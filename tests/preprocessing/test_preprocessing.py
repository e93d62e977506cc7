"""hornbill.preprocessing is another door to hornbill.utils, as in Keras."""

import pytest

import hornbill as hb

NAMES = {
    "": [
        "image_dataset_from_directory",
        "text_dataset_from_directory",
        "timeseries_dataset_from_array",
    ],
    "image": ["array_to_img", "img_to_array", "load_img", "save_img"],
    "sequence": ["pad_sequences"],
}


@pytest.mark.parametrize("module", NAMES)
def test_same_functions(module):
    place = getattr(hb.preprocessing, module) if module else hb.preprocessing
    for name in NAMES[module]:
        assert getattr(place, name) is getattr(hb.utils, name)
