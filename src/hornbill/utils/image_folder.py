"""Folders of images as datasets."""

import numpy as np

from ..engine.config import standardize_data_format
from . import resampling
from .directory import check_format, directory_dataset
from .images import check_color_mode, img_to_array, pillow, read_image

FORMATS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")


def image_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode: str | None = "int",
    class_names=None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size=(256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
):
    """The images below a folder (BMP, GIF's first frame, JPEG, PNG) as a dataset. Needs Pillow.

    Args:
        directory: the folder; with `labels="inferred"` it holds a folder for each class.
        labels: `"inferred"`, None, or a list of ints, one for each file in the order of the paths.
        label_mode: `"int"`, `"categorical"` (one-hot rows), `"binary"` (a float column) or None.
        class_names: the classes' folders in the order of their labels; alphabetical when None.
        color_mode: `"grayscale"`, `"rgb"` or `"rgba"`.
        batch_size: images per batch; None gives single images.
        image_size: `(height, width)`, or one int for both.
        shuffle: whether each reading has an order of its own; else alphabetical.
        seed: of the order.
        validation_split: the share of the files in the validation part.
        subset: `"training"`, `"validation"` or `"both"`, with `validation_split`.
        interpolation: `"bilinear"`, `"nearest"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`.
        follow_links: whether links to folders are followed.
        crop_to_aspect_ratio: whether images are cut, in their middle, to the ratio of
            `image_size`, rather than stretched.
        pad_to_aspect_ratio: whether they are filled up with black instead.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.
        format: Keras's choice of a library; leave it.
        verbose: whether the numbers of files are printed.

    Returns:
        A `Dataset` of float32 images in 0 ... 255, `(batch, height, width, channels)`, or of
        pairs of these and labels; with `subset="both"` a list of the training and the validation
        part. It has `class_names` and `file_paths`.

    >>> import hornbill as hb, numpy as np, tempfile, os
    >>> folder = tempfile.mkdtemp()
    >>> for name in ("cat", "dog"):
    ...     os.mkdir(f"{folder}/{name}")
    ...     hb.utils.save_img(f"{folder}/{name}/1.png", np.zeros((6, 8, 3)))
    >>> data = hb.utils.image_dataset_from_directory(folder, image_size=(4, 4))
    Found 2 files belonging to 2 classes.
    >>> data.class_names, [(x.shape, y.shape) for x, y in data]
    (['cat', 'dog'], [((2, 4, 4, 3), (2,))])
    """
    who = "image_dataset_from_directory"
    check_format(who, format)
    check_color_mode(who, color_mode)
    size = _size(who, image_size)
    interpolation = interpolation.lower()
    if interpolation not in resampling.METHODS:
        raise ValueError(
            f"{who}'s interpolation is one of {', '.join(resampling.METHODS)}. "
            f"Received: interpolation={interpolation!r}"
        )
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError(
            f"{who} crops or pads to the aspect ratio, not both. "
            "Received: crop_to_aspect_ratio=True, pad_to_aspect_ratio=True"
        )
    first = standardize_data_format(data_format) == "channels_first"
    pillow()  # its absence is told now, not when the first batch is read

    def load(path):
        image = img_to_array(read_image(str(path), color_mode), "channels_last", "float32")
        if crop_to_aspect_ratio:
            image = resampling.crop_to_ratio(image, size)
        elif pad_to_aspect_ratio:
            image = resampling.pad_to_ratio(image, size)
        image = resampling.resize(image, size, interpolation)
        return image.transpose(2, 0, 1) if first else image

    return directory_dataset(
        who,
        directory,
        load=load,
        formats=FORMATS,
        labels=labels,
        label_mode=label_mode,
        class_names=class_names,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        validation_split=validation_split,
        subset=subset,
        follow_links=follow_links,
        verbose=verbose,
    )


def _size(who, image_size) -> tuple[int, int]:
    size = (image_size, image_size) if isinstance(image_size, int) else image_size
    ok = isinstance(size, (list, tuple)) and len(size) == 2
    if not ok or any(not isinstance(n, (int, np.integer)) or n < 1 for n in size):
        raise ValueError(
            f"{who}'s image_size is (height, width), positive ints. "
            f"Received: image_size={image_size!r}"
        )
    return tuple(size)
