"""The hand-tuned sequential direction in PyTorch: every hidden unit is computed once.

Once the first d coordinates are known, so are the hidden units of degrees up to d. Coordinates go in groups: what lies
before a group reaches its units by one larger product, so that only the products inside a group are narrow.
Everything is (feature, row): what becomes known together is contiguous.
"""

import torch

from peers import degrees

GROUP = 8


class Sampler:
    """Samples of a MAF from the parameters of its conditioners."""

    def __init__(self, layout, vector):
        self.dim, self.hidden = layout.dim, layout.hidden
        self.known = degrees.known(self.dim, self.hidden)
        self.layers = [self._sorted(layer, *tensors) for layer, tensors in enumerate(layout.views(vector))]

    def _sorted(self, layer, w1, b1, w2, b2, w3, b3):
        """Coordinates in the order in which they become known; shift and log-scale of each side by side."""
        reverse = bool(layer % 2)
        order = torch.from_numpy(degrees.input_degrees(self.dim, layer) - 1)
        pairs = torch.stack([order, order + self.dim], 1).flatten()
        columns = (b1[:, None], w2, b2[:, None], w3[pairs], b3[pairs, None])
        return reverse, w1[:, order].contiguous(), *(tensor.contiguous() for tensor in columns)

    def draw(self, base):
        """The samples (dim, row) of base draws (dim, row)."""
        for reverse, *weights in reversed(self.layers):
            base = base.flip(0) if reverse else base
            base = self._layer(base, *weights)
            base = base.flip(0) if reverse else base
        return base

    def _layer(self, u, w1, b1, w2, b2, w3, b3):
        dim, known, rows = self.dim, self.known, u.shape[1]
        group = 1 if rows == 1 else GROUP
        x, h1, h2 = torch.empty(dim, rows), torch.empty(self.hidden, rows), torch.empty(self.hidden, rows)
        for begin in range(0, dim, group):
            end = min(begin + group, dim)
            low, high = known[begin], known[end]
            out = torch.addmm(b3[2 * begin : 2 * end], w3[2 * begin : 2 * end, :low], h2[:low])
            if group > 1 and high > low:
                torch.addmm(b1[low:high], w1[low:high, :begin], x[:begin], out=h1[low:high])
                torch.addmm(b2[low:high], w2[low:high, :low], h1[:low], out=h2[low:high])
            for d in range(begin, end):
                pair = out[2 * (d - begin) : 2 * (d - begin) + 2]
                first, last = known[d], known[d + 1]
                if first > low:
                    pair = pair.addmm(w3[2 * d : 2 * d + 2, low:first], h2[low:first])
                torch.addcmul(pair[0], u[d], pair[1].exp(), out=x[d])
                if last == first:
                    continue
                new = slice(first, last)
                if group > 1:
                    h1[new].addmm_(w1[new, begin : d + 1], x[begin : d + 1]).relu_()
                    h2[new].addmm_(w2[new, low:last], h1[low:last]).relu_()
                else:
                    torch.addmm(b1[new], w1[new, : d + 1], x[: d + 1], out=h1[new]).relu_()
                    torch.addmm(b2[new], w2[new, :last], h1[:last], out=h2[new]).relu_()
        return x
