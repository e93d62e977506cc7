"""Many models of one kind, trained at once in one compiled program."""

from .population import Population
