"""A PyDataset for worker processes, which import this file: so it is light."""

from hornbill.training.data.pydataset import PyDataset


class Slices(PyDataset):
    """Batches cut out of arrays."""

    def __init__(self, x, y, batch, **kwargs):
        super().__init__(**kwargs)
        self.x, self.y, self.batch = x, y, batch

    def __len__(self):
        return -(-len(self.x) // self.batch)

    def __getitem__(self, index):
        rows = slice(index * self.batch, (index + 1) * self.batch)
        return self.x[rows], self.y[rows]
