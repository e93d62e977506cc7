"""`python -m hornbill`: the same as the command `hornbill`."""

from .cli import main

if __name__ == "__main__":
    main()
