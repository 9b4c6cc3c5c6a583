"""Models of normflows. `contestants` says where each is documented.

A flow of normflows maps base → data by `forward`. Both of these have their densities in one pass.
"""

import normflows as nf


def realnvp(dim):
    """The README's halves of a plane, for any number of columns: the larger half comes first."""
    first = (dim + 1) // 2
    layers = []
    for _ in range(32):
        network = nf.nets.MLP([first, 64, 64, 2 * (dim - first)], init_zeros=True)
        layers += [nf.flows.AffineCouplingBlock(network), nf.flows.Permute(dim, mode="swap")]
    return nf.NormalizingFlow(nf.distributions.base.DiagGaussian(dim), layers)


def nsf(dim):
    layers = []
    for _ in range(16):
        layers += [nf.flows.AutoregressiveRationalQuadraticSpline(dim, 2, 128), nf.flows.LULinearPermute(dim)]
    return nf.NormalizingFlow(nf.distributions.DiagGaussian(dim, trainable=False), layers)


def log_prob(model, rows):
    return model.log_prob(rows)
