"""The formulas as plain functions of (already masked) weights: what autodiff and the compiler are given.

`layers` are lists of six tensors, `w1, b1, w2, b2, w3, b3`.
"""

import math

import torch
from torch.nn.functional import linear, relu


def conditioner(layer, x):
    """`shift` and `log_scale`, (row, dim) each."""
    w1, b1, w2, b2, w3, b3 = layer
    hidden = relu(linear(relu(linear(x, w1, b1)), w2, b2))
    return linear(hidden, w3, b3).chunk(2, 1)


def log_normal(z):
    return -0.5 * z.square().sum(1) - 0.5 * z.shape[1] * math.log(2 * math.pi)


def maf_inverse(layers, x):
    """The base values of rows x, and the log_det of getting there."""
    log_det = 0.0
    for layer in layers:
        shift, log_scale = conditioner(layer, x)
        x = (x - shift) * torch.exp(-log_scale)
        log_det = log_det - log_scale.sum(1)
    return x, log_det


def maf_log_prob(layers, x):
    u, log_det = maf_inverse(layers, x)
    return log_normal(u) + log_det


def iaf_sample(layers, z):
    """The samples of base draws z, and their log density."""
    log_prob = log_normal(z)
    for layer in layers:
        shift, log_scale = conditioner(layer, z)
        z = z * torch.exp(log_scale) + shift
        log_prob = log_prob - log_scale.sum(1)
    return z, log_prob


def nll(layers, x):
    return -maf_log_prob(layers, x).mean()


def reverse_kl(student, z, teacher):
    x, log_prob = iaf_sample(student, z)
    return (log_prob - maf_log_prob(teacher, x)).mean()
