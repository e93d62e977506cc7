"""When a callback acts: after each epoch, or after every so many batches."""


def check_frequency(who: str, name: str, value) -> None:
    """Raises unless a frequency is `"epoch"` or a positive int."""
    if value == "epoch":
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(
            f"{who}'s {name} is 'epoch' or a number of batches, a positive int. "
            f"Received: {name}={value!r}"
        )


class Every:
    """Says when `count` batches have passed since it last said so, over the ends of epochs.

    A batch hook may be called once for several batches (`steps_per_execution`): those in between
    count as well.
    """

    def __init__(self, count: int):
        self.count = count
        self.total = self.passed = 0
        self.last = -1

    def get_state(self) -> dict:
        return {"total": self.total, "passed": self.passed, "last": self.last}

    def set_state(self, state: dict) -> None:
        vars(self).update(state)

    def due(self, batch: int) -> bool:
        """Takes note of the batch that has just ended."""
        new = batch - self.last if batch > self.last else batch + 1
        self.last = batch
        self.total += new
        self.passed += new
        if self.passed < self.count:
            return False
        self.passed = 0
        return True


def saves_by_batch(callback) -> bool:
    """Whether a callback's `save_freq` counts batches."""
    return callback.save_freq != "epoch"
