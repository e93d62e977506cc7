"""ConvNeXt: residual blocks of wide depthwise convolutions and two dense layers."""

import functools

from .. import random
from ..engine.config import image_data_format
from ..engine.random import SeedGenerator
from ..initializers import Constant
from ..layers import (
    Activation,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    Layer,
    LayerNormalization,
    Normalization,
)
from ..models import Sequential
from .assemble import ARGUMENTS, ORDER, STORE, application
from .imagenet_utils import TORCH_DEVIATION, TORCH_MEAN, decode_predictions, preprocessing

__all__ = [
    "ConvNeXtBase",
    "ConvNeXtLarge",
    "ConvNeXtSmall",
    "ConvNeXtTiny",
    "ConvNeXtXLarge",
    "decode_predictions",
    "preprocess_input",
]

preprocess_input = preprocessing(None)


class LayerScale(Layer):
    """Each channel times a weight, `gamma`. https://arxiv.org/abs/2103.17239

    Args:
        init_values: what the weights start from; small ones keep deep networks near the identity.
        projection_dim: the number of channels, on the last axis.
    """

    def __init__(self, init_values: float, projection_dim: int, **kwargs):
        super().__init__(**kwargs)
        self.init_values, self.projection_dim = init_values, projection_dim

    def build(self, input_shape):
        self.gamma = self.add_weight(
            shape=(self.projection_dim,),
            initializer=Constant(self.init_values),
            name="gamma",
        )

    def call(self, x):
        return x * self.gamma


class StochasticDepth(Layer):
    """Whole examples set to 0 in training, and the others scaled up, so that the mean stays.

    At the end of a residual branch it leaves the block out. https://arxiv.org/abs/1603.09382

    Args:
        drop_path_rate: the probability.
    """

    def __init__(self, drop_path_rate: float, **kwargs):
        super().__init__(**kwargs)
        self.drop_path_rate = drop_path_rate
        self.seed_generator = SeedGenerator()

    def call(self, x, training=False):
        if not training:
            return x
        examples = (None, *[1] * (x.ndim - 1))
        return random.dropout(x, self.drop_path_rate, examples, seed=self.seed_generator)


def _norm(name: str | None = None) -> LayerNormalization:
    return LayerNormalization(epsilon=1e-6, name=name)


def _block(inputs, name: str):
    channels = inputs.shape[-1]
    x = inputs
    for layer in (
        Conv2D(channels, 7, padding="same", groups=channels, name=f"{name}_depthwise_conv"),
        _norm(f"{name}_layernorm"),
        Dense(4 * channels, name=f"{name}_pointwise_conv_1"),
        Activation("gelu", name=f"{name}_gelu"),
        Dense(channels, name=f"{name}_pointwise_conv_2"),
        LayerScale(1e-6, channels, name=f"{name}_layer_scale"),
        # Where a rate of 0 leaves StochasticDepth out.
        Activation("linear", name=f"{name}_identity"),
    ):
        x = layer(x)
    return inputs + x


def _features(x, depths, widths, name: str, standardized: bool):
    if standardized:  # pixels, by ImageNet's statistics
        x = Normalization(
            mean=[255 * mean for mean in TORCH_MEAN],
            variance=[(255 * deviation) ** 2 for deviation in TORCH_DEVIATION],
            name=f"{name}_prestem_normalization",
        )(x)
    patches = Conv2D(widths[0], 4, strides=4, name=f"{name}_stem_conv")
    x = Sequential([patches, _norm(f"{name}_stem_layernorm")], name=f"{name}_stem")(x)
    for stage, (depth, width) in enumerate(zip(depths, widths, strict=True)):
        if stage > 0:
            x = _halved(x, width, f"{name}_downsampling", stage - 1)
        for block in range(depth):
            x = _block(x, f"{name}_stage_{stage}_block_{block}")
    return x


def _halved(x, width: int, name: str, number: int):
    """The rows and columns, to so many channels."""
    norm = _norm(f"{name}_layernorm_{number}")
    conv = Conv2D(width, 2, strides=2, name=f"{name}_conv_{number}")
    return Sequential([norm, conv], name=f"{name}_block_{number}")(x)


def _head(x, classes: int, activation, name: str):
    x = GlobalAveragePooling2D(name=f"{name}_head_gap")(x)
    x = _norm(f"{name}_head_layernorm")(x)
    return Dense(classes, activation=activation, name=f"{name}_head_dense")(x)


def _convnext(variant: str, depths, width: int, hashes):
    default = f"convnext_{variant.lower()}"
    base = f"{STORE}convnext/{default}"
    files = {True: (f"{base}.h5", hashes[0]), False: (f"{base}_notop.h5", hashes[1])}
    widths = [width * 2**stage for stage in range(len(depths))]

    def chosen(name, include_preprocessing, **_):
        if image_data_format() == "channels_first":
            raise ValueError(
                f"{name} normalizes and projects the last axis, the channels: it needs "
                "set_image_data_format('channels_last')."
            )
        stages = {"depths": depths, "widths": widths, "standardized": include_preprocessing}
        return {
            "features": functools.partial(_features, name=name, **stages),
            "top": functools.partial(_head, name=name),
            "neck": _norm(),
        }

    return application(
        f"ConvNeXt{variant}",
        f"ConvNeXt-{variant}, for images of 224 by 224, pixels from 0 to 255, channels last.\n\n"
        f"Source: Liu and others 2022, https://arxiv.org/abs/2201.03545.\n\n{ARGUMENTS}"
        "    include_preprocessing: whether the first layer standardizes the pixels.\n",
        order=("include_top", "include_preprocessing", *ORDER[1:]),
        chosen=chosen,
        name=default,
        size=224,
        least=32,
        files=files,
    )


ConvNeXtTiny = _convnext(
    *("Tiny", (3, 3, 9, 3), 96),
    (
        "8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff",
        "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
    ),
)
ConvNeXtSmall = _convnext(
    *("Small", (3, 3, 27, 3), 96),
    (
        "ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c",
        "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
    ),
)
ConvNeXtBase = _convnext(
    *("Base", (3, 3, 27, 3), 128),
    (
        "52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6",
        "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
    ),
)
ConvNeXtLarge = _convnext(
    *("Large", (3, 3, 27, 3), 192),
    (
        "070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6",
        "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
    ),
)
ConvNeXtXLarge = _convnext(
    *("XLarge", (3, 3, 27, 3), 256),
    (
        "c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee",
        "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
    ),
)
