from .numpy import *
