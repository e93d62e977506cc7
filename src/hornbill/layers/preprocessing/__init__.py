from .category_encoding import CategoryEncoding
from .discretization import Discretization
from .hashing import HashedCrossing, Hashing
from .integer_lookup import IntegerLookup
from .mel_spectrogram import MelSpectrogram
from .normalization import Normalization
from .pipeline import Pipeline
from .rescaling import Rescaling
from .stft_spectrogram import STFTSpectrogram
from .string_lookup import StringLookup
from .text_vectorization import TextVectorization
