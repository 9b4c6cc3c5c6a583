"""The hand-tuned MADE: a forward and a backward pass into buffers made once, the zero blocks left out.

All parameters of a flow are one vector, so that Adam is one call; the weights in it are masked once and stay so,
because their gradients are masked before each step.
"""

import math

import torch

from peers import degrees
from peers.task import LAYERS


class Layout:
    """Where the parameters of `LAYERS` conditioners lie in one vector: `w1, b1, w2, b2, w3, b3` of each, (out, in)."""

    def __init__(self, dim, hidden):
        self.dim, self.hidden = dim, hidden
        self.shapes = [(hidden, dim), (hidden,), (hidden, hidden), (hidden,), (2 * dim, hidden), (2 * dim,)]
        self.size = LAYERS * sum(map(math.prod, self.shapes))

    def views(self, vector):
        """The vector as a list of six tensors for each layer."""
        pieces = iter(vector.split([math.prod(shape) for _ in range(LAYERS) for shape in self.shapes]))
        return [[next(pieces).view(shape) for shape in self.shapes] for _ in range(LAYERS)]

    def mask(self):
        mask = torch.ones(self.size)
        for layer, tensors in enumerate(self.views(mask)):
            for weight, ones in zip(tensors[::2], degrees.masks(self.dim, self.hidden, layer)):
                weight.copy_(torch.from_numpy(ones))
        return mask

    def random(self):
        """Masked parameters of a fresh flow, near the identity."""
        vector = torch.empty(self.size)
        for tensors in self.views(vector):
            for number, (weight, bias) in enumerate(zip(tensors[::2], tensors[1::2])):
                bound = (0.1 if number == 2 else 1) / math.sqrt(weight.shape[1])
                weight.uniform_(-bound, bound)
                bias.uniform_(-bound, bound)
        return vector.mul_(self.mask())

    def conditioners(self, vector, batch, gradient=None):
        gradients = self.views(gradient) if gradient is not None else [None] * LAYERS
        return [Made(self, *tensors, batch) for tensors in zip(self.views(vector), gradients)]


class Made:
    """One conditioner for batches of one size."""

    def __init__(self, layout, weights, gradients, batch):
        dim, hidden = layout.dim, layout.hidden
        self.weights, self.gradients = weights, gradients
        self.h1, self.h2, self.dh1, self.dh2 = (torch.empty(batch, hidden) for _ in range(4))
        self.out, self.dout, self.dx = torch.empty(batch, 2 * dim), torch.empty(batch, 2 * dim), torch.empty(batch, dim)
        self.shift, self.log_scale = self.out.split(dim, 1)
        self.dshift, self.dlog_scale = self.dout.split(dim, 1)
        # four blocks leave out three eighths of the middle product; below this width the calls cost more than that
        cuts = degrees.cuts(dim, hidden, 4 if hidden >= 256 else 1)
        self.blocks = [slice(*ends) for ends in zip(cuts, cuts[1:])]

    def forward(self, x):
        """`shift` and `log_scale`, in buffers that the next call overwrites."""
        w1, b1, w2, b2, w3, b3 = self.weights
        torch.addmm(b1, x, w1.t(), out=self.h1).relu_()
        for rows in self.blocks:
            end = rows.stop
            torch.addmm(b2[rows], self.h1[:, :end], w2[rows, :end].t(), out=self.h2[:, rows])
        self.h2.relu_()
        torch.addmm(b3, self.h2, w3.t(), out=self.out)
        return self.shift, self.log_scale

    def backward(self, x):
        """The gradient for `x` from `dshift` and `dlog_scale`; those of the weights too, where they are wanted."""
        w1, _, w2, _, w3, _ = self.weights
        threshold_backward = torch.ops.aten.threshold_backward.grad_input
        torch.mm(self.dout, w3, out=self.dh2)
        threshold_backward(self.dh2, self.h2, 0, grad_input=self.dh2)
        for columns in self.blocks:
            begin = columns.start
            torch.mm(self.dh2[:, begin:], w2[begin:, columns], out=self.dh1[:, columns])
        threshold_backward(self.dh1, self.h1, 0, grad_input=self.dh1)
        if self.gradients:
            self._weight_gradients(x)
        return torch.mm(self.dh1, w1, out=self.dx)

    def _weight_gradients(self, x):
        g1, gb1, g2, gb2, g3, gb3 = self.gradients
        torch.mm(self.dh1.t(), x, out=g1)
        torch.sum(self.dh1, 0, out=gb1)
        for rows in self.blocks:
            end = rows.stop
            torch.mm(self.dh2[:, rows].t(), self.h1[:, :end], out=g2[rows, :end])
        torch.sum(self.dh2, 0, out=gb2)
        torch.mm(self.dout.t(), self.h2, out=g3)
        torch.sum(self.dout, 0, out=gb3)
