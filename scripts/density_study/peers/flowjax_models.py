"""Models of flowjax. `contestants` says where each is documented.

All have the default `invert=True`, by which densities take one pass, and the default shuffles between layers.
"""

import jax.numpy as jnp
from flowjax.bijections import RationalQuadraticSpline
from flowjax.distributions import Normal
from flowjax.flows import block_neural_autoregressive_flow, coupling_flow, masked_autoregressive_flow


def base(dim):
    return Normal(jnp.zeros(dim))


def maf(key, dim):
    return masked_autoregressive_flow(key, base_dist=base(dim))


def coupling(key, dim):
    return coupling_flow(key, base_dist=base(dim))


def nsf(key, dim):
    spline = RationalQuadraticSpline(knots=8, interval=4)
    return masked_autoregressive_flow(key, base_dist=base(dim), transformer=spline)


def bnaf(key, dim):
    return block_neural_autoregressive_flow(key, base_dist=base(dim))


def maf_512(key, dim):
    return masked_autoregressive_flow(key, base_dist=base(dim), flow_layers=5, nn_width=512, nn_depth=2)
