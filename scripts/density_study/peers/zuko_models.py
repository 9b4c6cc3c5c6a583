"""Models of zuko. `contestants` says where each is documented."""

from zuko.flows import MAF, NSF


def maf(dim):
    """The defaults of the class: three layers in alternating order, two hidden layers of 64."""
    return MAF(dim)


def nsf(dim):
    """The defaults of the class, which are the tutorial's numbers."""
    return NSF(dim)


def nsf_uci(dim):
    return NSF(dim, transforms=3, hidden_features=(512, 512))


def maf_512(dim):
    return MAF(dim, transforms=5, hidden_features=(512, 512))


def log_prob(model, rows):
    return model().log_prob(rows)
