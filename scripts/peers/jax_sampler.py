"""The hand-tuned sequential direction in JAX: every hidden unit is computed once, in a loop over coordinates.

A compiled loop needs slices of one size: each degree's hidden units are padded to the most that a degree has.
"""

import jax
import jax.numpy as jnp
import numpy

from peers import degrees


def sampler_weights(layers):
    """Padded weights, indexed by coordinate in the order in which these become known."""
    return [_padded(number, *map(numpy.asarray, layer)) for number, layer in enumerate(layers)]


def _padded(layer, w1, b1, w2, b2, w3, b3):
    dim, hidden = w1.shape
    units = degrees.hidden_degrees(dim, hidden)
    counts = numpy.bincount(units, minlength=dim + 1)
    width = int(counts.max())
    # nothing waits for the last coordinate: its block stays empty
    place = numpy.concatenate([(d - 1) * width + numpy.arange(counts[d]) for d in range(1, dim)])
    size = dim * width
    order = numpy.argsort(degrees.input_degrees(dim, layer))

    first, first_bias = numpy.zeros((dim, size), "f"), numpy.zeros(size, "f")
    middle, middle_bias = numpy.zeros((size, size), "f"), numpy.zeros(size, "f")
    last = numpy.zeros((dim, size, 2), "f")
    first[:, place], first_bias[place] = w1[order], b1
    middle[numpy.ix_(place, place)], middle_bias[place] = w2, b2
    last[:, place, 0], last[:, place, 1] = w3[:, order].T, w3[:, dim + order].T
    last_bias = numpy.stack([b3[order], b3[dim + order]], 1)

    def by_degree(matrix):
        return numpy.ascontiguousarray(matrix.reshape(len(matrix), dim, width).transpose(1, 0, 2))

    arrays = by_degree(first), first_bias.reshape(dim, width), by_degree(middle), middle_bias.reshape(dim, width)
    return [jnp.asarray(array) for array in (*arrays, last, last_bias)]


def maf_sample(weights, u):
    """The samples of base draws u, (row, dim) both."""
    for number, layer in reversed(list(enumerate(weights))):
        u = u[:, ::-1] if number % 2 else u
        u = _layer(layer, u)
        u = u[:, ::-1] if number % 2 else u
    return u


def _layer(layer, u):
    first, first_bias, middle, middle_bias, last, last_bias = layer
    (rows, dim), width = u.shape, first_bias.shape[1]
    put = jax.lax.dynamic_update_slice_in_dim

    def coordinate(d, known):
        x, h1, h2 = known
        out = h2 @ last[d] + last_bias[d]
        x = put(x, jax.lax.dynamic_slice_in_dim(u, d, 1, 1) * jnp.exp(out[:, 1:]) + out[:, :1], d, 1)
        h1 = put(h1, jax.nn.relu(x @ first[d] + first_bias[d]), d * width, 1)
        h2 = put(h2, jax.nn.relu(h1 @ middle[d] + middle_bias[d]), d * width, 1)
        return x, h1, h2

    nothing = jnp.zeros((rows, dim)), jnp.zeros((rows, dim * width)), jnp.zeros((rows, dim * width))
    return jax.lax.fori_loop(0, dim, coordinate, nothing)[0]
