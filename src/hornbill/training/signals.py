"""Signals that wait for a good moment: Ctrl-C, and SIGTERM, by which clusters end a job."""

import signal
import threading

NUMBERS = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """Notes Ctrl-C and SIGTERM for the length of a `with`, instead of acting on them at once.

    A second signal does not wait. Outside the main thread, and for signals that are ignored, all
    stays as it is.

    Attributes:
        caught: the number of the signal that waits, or None.
    """

    def __init__(self):
        self.caught: int | None = None
        self._previous: dict = {}

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            for number in NUMBERS:
                previous = signal.getsignal(number)
                if previous not in (None, signal.SIG_IGN):
                    self._previous[number] = previous
                    signal.signal(number, self._catch)
        return self

    def __exit__(self, *exc):
        for number, previous in self._previous.items():
            signal.signal(number, previous)
        self._previous = {}

    def _catch(self, number, frame):
        if self.caught is None:
            self.caught = number
        else:
            self.deliver()

    def deliver(self) -> None:
        """Acts on the signal that waits, as if there were no `with`.

        Returns only where a handler of the user's own does.
        """
        number, self.caught = self.caught, None
        self.__exit__()
        signal.raise_signal(number)
        self.__enter__()
