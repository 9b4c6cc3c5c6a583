"""Models of nflows. `contestants` says where each is documented."""

from nflows.distributions.normal import StandardNormal
from nflows.flows.autoregressive import MaskedAutoregressiveFlow
from nflows.flows.base import Flow
from nflows.transforms.autoregressive import MaskedPiecewiseRationalQuadraticAutoregressiveTransform
from nflows.transforms.base import CompositeTransform
from nflows.transforms.lu import LULinear
from nflows.transforms.permutations import RandomPermutation

NSF_STEPS = 10


def maf(dim):
    """The layers of examples/moons.ipynb, reversal and affine map; two residual blocks are the latter's default."""
    return MaskedAutoregressiveFlow(dim, hidden_features=64, num_layers=5, num_blocks_per_layer=2)


def nsf(dim):
    steps = [transform for _ in range(NSF_STEPS) for transform in (*mixing(dim), spline(dim))]
    return Flow(CompositeTransform([*steps, *mixing(dim)]), StandardNormal([dim]))


def mixing(dim):
    return RandomPermutation(dim), LULinear(dim, identity_init=True)


def spline(dim):
    return MaskedPiecewiseRationalQuadraticAutoregressiveTransform(
        dim,
        hidden_features=256,
        num_bins=8,
        tails="linear",
        tail_bound=3,
        num_blocks=2,
        dropout_probability=0.25,
    )


def maf_512(dim):
    """One block after the first layer: two hidden layers."""
    return MaskedAutoregressiveFlow(
        dim, hidden_features=512, num_layers=5, num_blocks_per_layer=1, use_residual_blocks=False
    )


def log_prob(model, rows):
    return model.log_prob(rows)
