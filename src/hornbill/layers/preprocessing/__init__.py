from .category_encoding import CategoryEncoding
from .discretization import Discretization
from .hashing import HashedCrossing, Hashing
from .image_clahe import ContrastLimitedAdaptiveHistogramEqualization
from .image_color import (
    RandomBrightness,
    RandomColorDegeneration,
    RandomColorJitter,
    RandomContrast,
    RandomGrayscale,
    RandomHue,
    RandomSaturation,
)
from .image_crop import CenterCrop, RandomCrop
from .image_elastic import RandomElasticTransform
from .image_erasing import RandomErasing
from .image_filter import RandomGaussianBlur, RandomSharpness
from .image_flip import RandomFlip
from .image_max_boxes import MaxNumBoundingBoxes
from .image_mixing import CutMix, MixUp
from .image_policies import AugMix, RandAugment
from .image_resizing import Resizing
from .image_tone import (
    AutoContrast,
    Equalization,
    RandomInvert,
    RandomPosterization,
    Solarization,
)
from .image_warp import (
    RandomPerspective,
    RandomRotation,
    RandomShear,
    RandomTranslation,
    RandomZoom,
)
from .integer_lookup import IntegerLookup
from .mel_spectrogram import MelSpectrogram
from .normalization import Normalization
from .pipeline import Pipeline
from .rescaling import Rescaling
from .stft_spectrogram import STFTSpectrogram
from .string_lookup import StringLookup
from .text_vectorization import TextVectorization
