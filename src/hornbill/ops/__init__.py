from .numpy import *
from .nn import *
