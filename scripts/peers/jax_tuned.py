"""jax-hand: the fastest JAX we know how to write for these operations.

Weights are masked once, in the layout of their product; a step is one jitted function that gives its old state away;
masking the gradient fuses into Adam; the middle product leaves out its zero block; large batches go through in chunks
that fit the cache; sampling computes each hidden unit once.
"""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy

from peers import degrees
from peers.jax_sampler import maf_sample, sampler_weights
from peers.task import LAYERS, LEARNING_RATE

ROWS = 4000
CHUNK, SAMPLER_CHUNK = 1000, 250
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def log_normal(z):
    return -0.5 * (z * z).sum(1) - 0.5 * z.shape[1] * math.log(2 * math.pi)


def in_chunks(function, chunk, batch):
    """`function(weights, rows)` on one chunk of the rows after another."""
    if batch <= chunk or batch % chunk:
        return function

    def chunked(weights, rows):
        parts = jax.lax.map(lambda part: function(weights, part), rows.reshape(-1, chunk, rows.shape[1]))
        return jax.tree.map(lambda part: part.reshape(batch, *part.shape[2:]), parts)

    return chunked


class JaxTuned:
    compiles = True

    def __init__(self, dim, hidden):
        self.dim, self.hidden = dim, hidden
        self.masks = [[mask.T for mask in degrees.masks(dim, hidden, layer)] for layer in range(LAYERS)]
        self.cut = degrees.cuts(dim, hidden, 2)[1]
        self.key = jax.random.key(0)

    def wait(self, result):
        jax.block_until_ready(result)

    def random(self, seed=0):
        """Six masked arrays for each layer: weights (in, out), each followed by its bias."""
        generator, layers = numpy.random.default_rng(seed), []
        for masks in self.masks:
            layer = []
            for number, mask in enumerate(masks):
                bound = (0.1 if number == 2 else 1) / math.sqrt(mask.shape[0])
                layer += [generator.uniform(-bound, bound, mask.shape) * mask]
                layer += [generator.uniform(-bound, bound, mask.shape[1])]
            layers.append([jnp.asarray(array, jnp.float32) for array in layer])
        return layers

    def conditioner(self, layer, x):
        w1, b1, w2, b2, w3, b3 = layer
        h = jax.nn.relu(x @ w1 + b1)
        if self.hidden >= 256 and len(x) >= 500:
            # the later half of the units is a zero block to the earlier half
            cut = self.cut
            h = jnp.concatenate([h[:, :cut] @ w2[:cut, :cut], h @ w2[:, cut:]], 1)
        else:
            h = h @ w2
        out = jax.nn.relu(h + b2) @ w3 + b3
        return out[:, : self.dim], out[:, self.dim :]

    def maf_log_prob(self, layers, x):
        log_det = 0.0
        for layer in layers:
            shift, log_scale = self.conditioner(layer, x)
            x = (x - shift) * jnp.exp(-log_scale)
            log_det = log_det - log_scale.sum(1)
        return log_normal(x) + log_det

    def iaf_forward(self, layers, z):
        """The samples of base draws z, and their log density."""
        log_prob = log_normal(z)
        for layer in layers:
            shift, log_scale = self.conditioner(layer, z)
            z = z * jnp.exp(log_scale) + shift
            log_prob = log_prob - log_scale.sum(1)
        return z, log_prob

    def _descend(self, loss):
        """A step on `loss(layers, key, *inputs)`."""

        def adam(weight, mask, mean, square, gradient, rates):
            gradient = gradient if mask is None else jnp.where(mask, gradient, 0)
            mean = BETA1 * mean + (1 - BETA1) * gradient
            square = BETA2 * square + (1 - BETA2) * gradient * gradient
            change = LEARNING_RATE * (mean / rates[0]) / (jnp.sqrt(square / rates[1]) + EPSILON)
            return weight - change, mean, square

        def step(state, *inputs):
            weights, means, squares, count, key = state
            key, used = jax.random.split(key)
            value, gradients = jax.value_and_grad(loss)(weights, used, *inputs)
            count = count + 1
            rates = 1 - BETA1**count, 1 - BETA2**count
            # biases are not masked
            masks = [[mask for one in layer for mask in (one, None)] for layer in self.masks]
            moved = [
                [adam(*arrays, rates) for arrays in zip(*layers)]
                for layers in zip(weights, masks, means, squares, gradients)
            ]
            weights, means, squares = ([[new[part] for new in layer] for layer in moved] for part in range(3))
            return (weights, means, squares, count, key), value

        jitted = jax.jit(step, donate_argnums=0)
        weights = self.random()
        zeros = lambda: jax.tree.map(jnp.zeros_like, weights)
        state = weights, zeros(), zeros(), jnp.zeros(()), jax.random.key(3)

        def run(*inputs):
            nonlocal state
            state, value = jitted(state, *inputs)
            return value, state

        return run

    def train(self, batch):
        rows = jax.random.normal(jax.random.key(2), (max(4 * batch, ROWS), self.dim))
        parts = itertools.cycle([rows[begin : begin + batch] for begin in range(0, len(rows), batch)])
        run = self._descend(lambda layers, _, x: -self.maf_log_prob(layers, x).mean())
        return lambda: run(next(parts))

    def distill(self, batch):
        teacher = self.random(seed=1)

        def reverse_kl(student, key, teacher):
            x, log_prob = self.iaf_forward(student, jax.random.normal(key, (batch, self.dim)))
            return (log_prob - self.maf_log_prob(teacher, x)).mean()

        run = self._descend(reverse_kl)
        return lambda: run(teacher)

    def log_prob(self, batch):
        layers, rows = self.random(), jax.random.normal(jax.random.key(2), (batch, self.dim))
        log_prob = jax.jit(in_chunks(self.maf_log_prob, CHUNK, batch))
        return lambda: log_prob(layers, rows)

    def _draw(self, function, weights, batch):
        """`function(weights, base draws)` on fresh draws at each call."""

        @jax.jit
        def draw(weights, key):
            key, used = jax.random.split(key)
            return function(weights, jax.random.normal(used, (batch, self.dim))), key

        def run():
            result, self.key = draw(weights, self.key)
            return result

        return run

    def iaf_sample(self, batch):
        return self._draw(in_chunks(self.iaf_forward, CHUNK, batch), self.random(), batch)

    def maf_sample(self, batch):
        return self._draw(in_chunks(maf_sample, SAMPLER_CHUNK, batch), sampler_weights(self.random()), batch)

    def save(self, kind, path):
        with open(path, "wb") as file:
            numpy.savez(file, *(array for layer in self.random() for array in layer))

    def sample_saved(self, kind, path, count):
        with numpy.load(path) as file:
            arrays = [jnp.asarray(file[name]) for name in file.files]
        layers = [arrays[begin : begin + 6] for begin in range(0, len(arrays), 6)]
        if kind == "maf":
            rows = self._draw(in_chunks(maf_sample, SAMPLER_CHUNK, count), sampler_weights(layers), count)()
        else:
            rows = self._draw(in_chunks(self.iaf_forward, CHUNK, count), layers, count)()[0]
        return numpy.asarray(rows)
