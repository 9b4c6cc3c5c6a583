"""torch-hand: the fastest PyTorch we know how to write for these operations, short of a compiler.

Gradients are written by hand, buffers are made once, the middle product leaves out its zero blocks, Adam is one call on
one vector, large batches go through in chunks that fit the cache, and sampling computes each hidden unit once.
"""

import math

import torch

from peers.task import LEARNING_RATE
from peers.torch_libraries import batches
from peers.torch_made import Layout
from peers.torch_sampler import Sampler

CHUNK = 1000


def log_normal(z):
    """Log density of a standard normal, one number per row."""
    return z.square().sum(1).mul_(-0.5).sub_(0.5 * z.shape[1] * math.log(2 * math.pi))


def maf_inverse(conditioners, x):
    """The values before, between and after the layers: u = (x − shift) exp(−log_scale)."""
    values = [x]
    for made in conditioners:
        shift, log_scale = made.forward(values[-1])
        made.scale = torch.exp(-log_scale)
        values.append((values[-1] - shift).mul_(made.scale))
    return values


def nll_backward(conditioners, values, batch):
    """The gradient of the mean of Σ u²/2 + Σ log_scale for x, back through the layers of `maf_inverse`."""
    gradient = values[-1] / batch
    for made, x, u in zip(reversed(conditioners), reversed(values[:-1]), reversed(values[1:])):
        scaled = gradient * made.scale
        torch.neg(scaled, out=made.dshift)
        torch.mul(gradient, u, out=made.dlog_scale).neg_().add_(1 / batch)
        gradient = scaled.add_(made.backward(x))
    return gradient


def iaf_forward(conditioners, z):
    """The values before, between and after the layers: x = z exp(log_scale) + shift."""
    values = [z]
    for made in conditioners:
        shift, log_scale = made.forward(values[-1])
        made.scale = torch.exp(log_scale)
        values.append(torch.addcmul(shift, values[-1], made.scale))
    return values


def student_backward(conditioners, values, gradient, batch):
    """From the gradient for the samples, and −log_scale/batch of each layer, to the weights."""
    for made, z in zip(reversed(conditioners), reversed(values[:-1])):
        scaled = gradient * made.scale
        made.dshift.copy_(gradient)
        torch.mul(scaled, z, out=made.dlog_scale).sub_(1 / batch)
        gradient = scaled.add_(made.backward(z))


class TorchTuned:
    compiles = False

    def __init__(self, dim, hidden):
        torch.manual_seed(0)
        self.dim, self.layout = dim, Layout(dim, hidden)

    def wait(self, result):
        pass

    def _descend(self, batch, backward):
        """A step of Adam on a fresh flow whose gradient `backward(conditioners)` fills."""
        vector, mask = torch.nn.Parameter(self.layout.random()), self.layout.mask()
        vector.grad = torch.zeros_like(mask)
        conditioners = self.layout.conditioners(vector.detach(), batch, vector.grad)
        adam = torch.optim.Adam([vector], lr=LEARNING_RATE, fused=True)

        @torch.no_grad()
        def step():
            backward(conditioners)
            vector.grad.mul_(mask)
            adam.step()

        return step

    def train(self, batch):
        rows = batches(batch, self.dim)
        return self._descend(batch, lambda maf: nll_backward(maf, maf_inverse(maf, next(rows)), batch))

    def distill(self, batch):
        teacher = self.layout.conditioners(self.layout.random(), batch)

        def backward(student):
            drawn = iaf_forward(student, torch.randn(batch, self.dim))
            gradient = nll_backward(teacher, maf_inverse(teacher, drawn[-1]), batch)
            student_backward(student, drawn, gradient, batch)

        return self._descend(batch, backward)

    def log_prob(self, batch):
        return self.log_prob_of(self.layout.random(), torch.randn(batch, self.dim))

    def log_prob_of(self, vector, rows):
        conditioners = self.layout.conditioners(vector, min(CHUNK, len(rows)))

        def log_prob(x):
            log_det = 0
            for made in conditioners:
                shift, log_scale = made.forward(x)
                log_det = log_det - log_scale.sum(1)
                x = (x - shift).mul_(torch.exp(-log_scale))
            return log_normal(x).add_(log_det)

        return torch.inference_mode()(lambda: torch.cat([log_prob(chunk) for chunk in rows.split(CHUNK)]))

    def maf_sample(self, batch):
        return self.draw_maf(self.layout.random(), batch)

    def draw_maf(self, vector, batch):
        sampler = Sampler(self.layout, vector)
        sizes = [min(CHUNK, batch - begin) for begin in range(0, batch, CHUNK)]

        @torch.inference_mode()
        def draw():
            return torch.cat([sampler.draw(torch.randn(self.dim, size)).t() for size in sizes])

        return draw

    def iaf_sample(self, batch):
        return self.draw_iaf(self.layout.random(), batch)

    def draw_iaf(self, vector, batch):
        """Samples (batch, dim) and their log densities (batch,); a batch is one chunk or a number of whole ones."""
        conditioners = self.layout.conditioners(vector, min(CHUNK, batch))

        def draw(size):
            z = torch.randn(size, self.dim)
            log_prob = log_normal(z)
            for made in conditioners:
                shift, log_scale = made.forward(z)
                log_prob -= log_scale.sum(1)
                z = torch.addcmul(shift, z, torch.exp(log_scale))
            return z, log_prob

        @torch.inference_mode()
        def draws():
            rows, log_prob = zip(*(draw(min(CHUNK, batch)) for _ in range(0, batch, CHUNK)))
            return torch.cat(rows), torch.cat(log_prob)

        return draws

    def save(self, kind, path):
        torch.save(self.layout.random(), path)

    def sample_saved(self, kind, path, count):
        vector = torch.load(path)
        return (self.draw_maf(vector, count)() if kind == "maf" else self.draw_iaf(vector, count)()[0]).numpy()
