"""`ImageDataGenerator`: images varied at random and standardized, batch by batch, on the host."""

import warnings

import numpy as np

from ...engine.config import floatx, standardize_data_format
from .image_files import DataFrameIterator, DirectoryIterator
from .iterators import NumpyArrayIterator, check_images
from .warps import (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    drawn_zoom,
)

_TINY = 1e-6  # added to standard deviations, as Keras does


class ImageDataGenerator:
    """Varies images at random (turned, shifted, flipped, ...) and standardizes them.

    `flow`, `flow_from_directory` and `flow_from_dataframe` return iterators that `fit` takes. It
    works image by image, on the host; the layers `RandomFlip`, `RandomRotation`, ... do the same
    for whole batches, on the device, and are quicker.

    Args:
        featurewise_center: whether the mean of each channel over the data is subtracted.
        samplewise_center: whether the mean of each image is.
        featurewise_std_normalization: whether images are divided by each channel's standard
            deviation over the data (centered as well).
        samplewise_std_normalization: whether by their own (centered as well).
        zca_whitening: whether pixels are decorrelated (centered as well).
        zca_epsilon: added to the singular values in it.
        rotation_range: the greatest angle in degrees, either way.
        width_shift_range, height_shift_range: the greatest shift along an axis. A float below 1
            is a share of the image, one from 1 pixels; an int n is a whole number of pixels
            below n; a list is what to choose from. Either way.
        brightness_range: `(least, greatest)` factor of brightness, 1 leaves it.
        shear_range: the greatest angle of shear in degrees, either way.
        zoom_range: `(least, greatest)`, or a float z for `(1 - z, 1 + z)`.
        channel_shift_range: the greatest number that is added to all values, either way.
        fill_mode: what lies outside the image: `"nearest"`, `"constant"`, `"reflect"`, `"wrap"`.
        cval: the value outside for `"constant"`.
        horizontal_flip, vertical_flip: whether every second image is flipped.
        rescale: a number that values are multiplied by, before all but
            `preprocessing_function`.
        preprocessing_function: from an image, varied, to one of the same shape, as NumPy arrays.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.
        validation_split: the share of the data that is the subset `"validation"`.
        interpolation_order: of the spline between pixels, 0 (the nearest one) to 5.
        dtype: of the batches; `floatx()` when None.

    Raises:
        ValueError: if a range is none, or `validation_split` is not between 0 and 1.

    The draws come from NumPy's global generator, in Keras's order. What is featurewise, and
    whitening, needs `fit` first.

    >>> import hornbill.tensorflow as tf, numpy as np
    >>> vary = tf.keras.preprocessing.image.ImageDataGenerator(rotation_range=10, rescale=1 / 255)
    >>> x, y = next(vary.flow(np.full((8, 4, 4, 3), 255.0), np.arange(8), batch_size=4))
    >>> x.shape, float(x.max()), y.shape
    ((4, 4, 4, 3), 1.0, (4,))
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range=0.0,
        height_shift_range=0.0,
        brightness_range=None,
        shear_range: float = 0.0,
        zoom_range=0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function=None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype=None,
    ):
        self.featurewise_center = featurewise_center
        self.samplewise_center = samplewise_center
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening = zca_whitening
        self.zca_epsilon = zca_epsilon
        self.rotation_range = rotation_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.brightness_range = brightness_range
        self.shear_range = shear_range
        self.zoom_range = _zoom_range(zoom_range)
        self.channel_shift_range = channel_shift_range
        self.fill_mode = fill_mode
        self.cval = cval
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        self.data_format = standardize_data_format(data_format)
        self.interpolation_order = interpolation_order
        self.dtype = dtype or floatx()
        self._validation_split = validation_split
        first = self.data_format == "channels_first"
        # Of a batch; an image's are one less.
        self.channel_axis, self.row_axis, self.col_axis = (1, 2, 3) if first else (3, 1, 2)
        self.mean = self.std = self.zca_whitening_matrix = None
        if validation_split and not 0 < validation_split < 1:
            raise ValueError(
                "ImageDataGenerator's validation_split lies between 0 and 1. "
                f"Received: validation_split={validation_split!r}"
            )
        if brightness_range is not None and not (
            isinstance(brightness_range, (tuple, list)) and len(brightness_range) == 2
        ):
            raise ValueError(
                "ImageDataGenerator's brightness_range is two numbers, the least and the "
                f"greatest. Received: brightness_range={brightness_range!r}"
            )
        if zca_whitening:
            self._imply("zca_whitening", "featurewise_center", True)
            self._imply("zca_whitening", "featurewise_std_normalization", False)
        elif featurewise_std_normalization:
            self._imply("featurewise_std_normalization", "featurewise_center", True)
        if samplewise_std_normalization:
            self._imply("samplewise_std_normalization", "samplewise_center", True)

    def _imply(self, setting: str, other: str, value: bool) -> None:
        if getattr(self, other) != value:
            warnings.warn(f"ImageDataGenerator: {setting}=True sets {other}={value}", stacklevel=3)
            setattr(self, other, value)

    # ---- iterators ---------------------------------------------------------------------------

    def flow(
        self,
        x,
        y=None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight=None,
        seed: int | None = None,
        save_to_dir=None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> NumpyArrayIterator:
        """Batches of an array's images.

        Args:
            x: images of shape `(n, height, width, channels)`; or `[images, further]`, where
                `further` is an array or a list of arrays that are given out as they are.
            y: the targets; None gives images alone.
            batch_size: images per batch.
            shuffle: whether each epoch has an order of its own.
            sample_weight: a weight for each image.
            seed: makes orders and variations the same in each run.
            save_to_dir: a folder that the images given out are written to.
            save_prefix, save_format: how their files' names begin and end.
            ignore_class_split: whether the subsets may hold different classes.
            subset: `"training"` or `"validation"` (the first images), by `validation_split`.
        """
        return NumpyArrayIterator(
            x,
            y,
            self,
            batch_size=batch_size,
            shuffle=shuffle,
            sample_weight=sample_weight,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            subset=subset,
            ignore_class_split=ignore_class_split,
            dtype=self.dtype,
        )

    def flow_from_directory(
        self,
        directory,
        target_size=(256, 256),
        color_mode: str = "rgb",
        classes=None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir=None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
    ) -> DirectoryIterator:
        """Batches of the images below a folder. Needs Pillow.

        Args:
            directory: a folder that holds a folder for each class.
            target_size: `(height, width)` that images are brought to.
            color_mode: `"grayscale"`, `"rgb"` or `"rgba"`.
            classes: the classes' folders in the order of their numbers; alphabetical when None.
            class_mode: what the targets are: `"categorical"` (one-hot rows), `"binary"` or
                `"sparse"` (numbers), `"input"` (the images), None (there are none).
            batch_size, shuffle, seed, save_to_dir, save_prefix, save_format: see `flow`.
            follow_links: whether links to folders are followed.
            subset: `"training"` or `"validation"` (each class's first files), by
                `validation_split`.
            interpolation: Pillow's way to resize: `"nearest"`, `"bilinear"`, `"bicubic"`, ...
            keep_aspect_ratio: whether images are cut, in their middle, to the new ratio rather
                than stretched.
        """
        return DirectoryIterator(
            directory,
            self,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            follow_links=follow_links,
            subset=subset,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
            dtype=self.dtype,
        )

    def flow_from_dataframe(
        self,
        dataframe,
        directory=None,
        x_col: str = "filename",
        y_col="class",
        weight_col: str | None = None,
        target_size=(256, 256),
        color_mode: str = "rgb",
        classes=None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir=None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        validate_filenames: bool = True,
    ) -> DataFrameIterator:
        """Batches of the images that a table names. Needs Pillow.

        Args:
            dataframe: a pandas DataFrame with a row for each file.
            directory: the files' folder; None where the table holds whole paths.
            x_col: the column of the files' names.
            y_col: that of the classes or values; a list of columns for `"multi_output"`.
            weight_col: that of the sample weights.
            classes: the classes that are used, in the order of their numbers; all when None.
            class_mode: as for `flow_from_directory`; also `"raw"` (the columns' values) and
                `"multi_output"` (a list of them). A file of several classes has a list of them
                in its row, for `"categorical"`.
            validate_filenames: whether rows whose file is missing are left out, with a warning.
            target_size, color_mode, batch_size, shuffle, seed, save_to_dir, save_prefix,
                save_format, subset, interpolation: see `flow_from_directory`.
        """
        return DataFrameIterator(
            dataframe,
            directory,
            self,
            x_col=x_col,
            y_col=y_col,
            weight_col=weight_col,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode="raw" if class_mode == "other" else class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            subset=subset,
            interpolation=interpolation,
            dtype=self.dtype,
            validate_filenames=validate_filenames,
        )

    # ---- one image ---------------------------------------------------------------------------

    def standardize(self, x: np.ndarray) -> np.ndarray:
        """An image, or a batch, rescaled, centered and so on as configured.

        Args:
            x: an array. One of floats is changed in place, as by Keras: pass a copy to keep it.
        """
        if self.preprocessing_function:
            x = np.asarray(self.preprocessing_function(x))
        if x.dtype.kind != "f":
            x = x.astype(self.dtype)
        elif not x.flags.writeable:
            x = x.copy()
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x /= np.std(x, keepdims=True) + _TINY
        if self._fitted("featurewise_center", self.mean):
            x -= self.mean
        if self._fitted("featurewise_std_normalization", self.std):
            x /= self.std + _TINY
        if self._fitted("zca_whitening", self.zca_whitening_matrix):
            matrix = self.zca_whitening_matrix
            x = (x.reshape(-1, len(matrix)) @ matrix).reshape(x.shape)
        return x

    def _fitted(self, setting: str, statistics) -> bool:
        """Whether a setting is on and has its statistics."""
        if getattr(self, setting) and statistics is None:
            warnings.warn(
                f"ImageDataGenerator's {setting} needs the data's statistics, and is left out: "
                "call fit(x) before",
                stacklevel=3,
            )
        return getattr(self, setting) and statistics is not None

    def get_random_transform(self, img_shape, seed: int | None = None) -> dict:
        """The numbers of a random variation.

        Args:
            img_shape: an image's shape.
            seed: seeds NumPy's global generator before; None leaves it.

        Returns:
            `theta`, `tx`, `ty`, `shear`, `zx`, `zy`, `flip_horizontal`, `flip_vertical`,
            `channel_shift_intensity` and `brightness`, as `apply_transform` takes them.
        """
        if seed is not None:
            np.random.seed(seed)

        def within(half_range):
            return np.random.uniform(-half_range, half_range) if half_range else 0

        # The order of the draws is Keras's.
        drawn = {
            "theta": within(self.rotation_range),
            "tx": _drawn_shift(self.height_shift_range, img_shape[self.row_axis - 1]),
            "ty": _drawn_shift(self.width_shift_range, img_shape[self.col_axis - 1]),
            "shear": within(self.shear_range),
        }
        drawn["zx"], drawn["zy"] = drawn_zoom(self.zoom_range)
        # Drawn also where nothing is flipped.
        drawn["flip_horizontal"] = (np.random.random() < 0.5) * self.horizontal_flip
        drawn["flip_vertical"] = (np.random.random() < 0.5) * self.vertical_flip
        shift, bright = self.channel_shift_range, self.brightness_range
        drawn["channel_shift_intensity"] = within(shift) if shift != 0 else None
        drawn["brightness"] = None if bright is None else np.random.uniform(*bright)
        return drawn

    def apply_transform(self, x: np.ndarray, transform_parameters: dict) -> np.ndarray:
        """An image varied by given numbers.

        Args:
            x: an image.
            transform_parameters: what `get_random_transform` returns, or some of it.
        """
        given = transform_parameters.get
        rows, columns, channels = self.row_axis - 1, self.col_axis - 1, self.channel_axis - 1
        affine = "theta tx ty shear zx zy".split()
        x = apply_affine_transform(
            x,
            **{name: given(name) for name in affine if name in transform_parameters},
            row_axis=rows,
            col_axis=columns,
            channel_axis=channels,
            fill_mode=self.fill_mode,
            cval=self.cval,
            order=self.interpolation_order,
        )
        if given("channel_shift_intensity") is not None:
            x = apply_channel_shift(x, given("channel_shift_intensity"), channels)
        if given("flip_horizontal"):
            x = np.flip(x, columns)
        if given("flip_vertical"):
            x = np.flip(x, rows)
        if given("brightness") is not None:
            x = apply_brightness_shift(x, given("brightness"), scale=False)
        return x

    def random_transform(self, x: np.ndarray, seed: int | None = None) -> np.ndarray:
        """An image varied at random: `apply_transform` of `get_random_transform`'s numbers."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    # ---- statistics --------------------------------------------------------------------------

    def fit(self, x, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Computes the statistics for what is featurewise, and for whitening.

        Args:
            x: images of shape `(n, height, width, channels)`.
            augment: whether they are varied before.
            rounds: how often, with `augment`.
            seed: seeds NumPy's global generator before; None leaves it.
        """
        x = np.array(x, self.dtype)
        check_images("ImageDataGenerator.fit", x, self.data_format)
        if seed is not None:
            np.random.seed(seed)
        if self.rescale:
            x *= self.rescale
        if augment:
            varied = [self.random_transform(image) for _ in range(rounds) for image in x]
            x = np.array(varied, self.dtype)
        pixels = (0, self.row_axis, self.col_axis)
        if self.featurewise_center:
            self.mean = np.mean(x, pixels, keepdims=True)[0]
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, pixels, keepdims=True)[0]
            x /= self.std + _TINY
        if self.zca_whitening:
            u, s, _ = np.linalg.svd(x.reshape(len(x), -1).T, full_matrices=False)
            self.zca_whitening_matrix = (u * (np.sqrt(len(x)) / (s + self.zca_epsilon))) @ u.T


def _zoom_range(given) -> list:
    if isinstance(given, (int, float)):
        return [1 - given, 1 + given]
    if len(given) == 2 and all(isinstance(number, (int, float)) for number in given):
        return list(given)
    raise ValueError(
        "ImageDataGenerator's zoom_range is a number, or two: the least and the greatest zoom. "
        f"Received: zoom_range={given!r}"
    )


def _drawn_shift(given, size: int) -> float:
    """A shift in pixels along an axis of `size` of them."""
    if np.ndim(given) == 0 and not given:
        return 0
    if np.ndim(given) == 0 and not isinstance(given, (int, np.integer)):
        shift = np.random.uniform(-given, given)
    else:
        shift = np.random.choice(given) * np.random.choice([-1, 1])
    return shift * size if np.max(given) < 1 else shift
