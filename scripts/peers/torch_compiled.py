"""torch-hand+compile: the plain formulas, each operation one graph of `torch.compile`.

A step's gradient, its mask and Adam are one graph; at inference the weights are constants of it. The wrapper around the
kernels is C++ too. What is not compiled, the sequential sampler, is left to torch-hand.
"""

import torch
import torch._inductor.config as inductor

from peers import torch_reference as reference
from peers.task import LEARNING_RATE
from peers.torch_libraries import batches
from peers.torch_tuned import CHUNK, TorchTuned

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class Frozen(torch.nn.Module):
    """A function of weights and one tensor, with these weights."""

    def __init__(self, function, layers):
        super().__init__()
        self.function = function
        self.layers = torch.nn.ModuleList(
            torch.nn.ParameterList(torch.nn.Parameter(tensor, requires_grad=False) for tensor in layer)
            for layer in layers
        )

    def forward(self, x):
        return self.function([list(layer) for layer in self.layers], x)


class TorchCompiled(TorchTuned):
    compiles = True

    def __init__(self, dim, hidden):
        super().__init__(dim, hidden)
        inductor.cpp_wrapper = True

    def _layers(self, vector):
        """Tensors of their own: views of one vector would have to be checked for overlap."""
        return [[tensor.clone() for tensor in layer] for layer in self.layout.views(vector)]

    def _stepper(self, loss):
        layers, masks = self._layers(self.layout.random()), self._layers(self.layout.mask())
        means, squares = ([[torch.zeros_like(t) for t in layer] for layer in layers] for _ in range(2))
        count = torch.zeros(())

        def step(layers, masks, means, squares, count, *inputs):
            gradients, value = torch.func.grad_and_value(loss)(layers, *inputs)
            count.add_(1)
            rate1, rate2 = 1 - BETA1**count, 1 - BETA2**count
            for tensors in zip(layers, masks, means, squares, gradients):
                for weight, mask, mean, square, gradient in zip(*tensors):
                    gradient = gradient * mask if weight.ndim == 2 else gradient
                    mean.mul_(BETA1).add_(gradient, alpha=1 - BETA1)
                    square.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
                    weight.sub_(LEARNING_RATE * (mean / rate1) / ((square / rate2).sqrt() + EPSILON))
            return value

        compiled = torch.compile(step)
        return torch.no_grad()(lambda *inputs: compiled(layers, masks, means, squares, count, *inputs))

    def train(self, batch):
        # copies: a view at an offset of its own could make the compiler start over
        rows = batches(batch, self.dim)
        run = self._stepper(reference.nll)
        return lambda: run(next(rows).clone())

    def distill(self, batch):
        teacher = self._layers(self.layout.random())
        run = self._stepper(reference.reverse_kl)
        return lambda: run(torch.randn(batch, self.dim), teacher)

    def _frozen(self, function):
        inductor.freezing = True
        return torch.compile(Frozen(function, self._layers(self.layout.random())).eval())

    def log_prob(self, batch):
        log_prob, rows = self._frozen(reference.maf_log_prob), torch.randn(batch, self.dim)
        return torch.no_grad()(lambda: torch.cat([log_prob(chunk) for chunk in rows.split(CHUNK)]))

    def iaf_sample(self, batch):
        sample, size = self._frozen(reference.iaf_sample), min(CHUNK, batch)

        @torch.no_grad()
        def draw():
            rows, log_prob = zip(*(sample(torch.randn(size, self.dim)) for _ in range(0, batch, CHUNK)))
            return torch.cat(rows), torch.cat(log_prob)

        return draw
