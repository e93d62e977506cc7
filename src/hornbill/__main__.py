"""`python -m hornbill`: the same as the command `hornbill`."""

from .cli import main

main()
