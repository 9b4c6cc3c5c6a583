"""What holds for the log-likelihoods of any flow that was trained: laws with an answer that is known.

  integral    the density sums to one over the plane, in the units of the data. A wrong sign of Σ log sd, another sd, or
              a Jacobian that was left out gives another number.
  shortfall   on strongly correlated normal rows the flow is below the true density of the same test rows, by
              KL(truth ‖ flow), never above it beyond error. Having learned, it is far above independent normals.
  best        the parameters at the end are those of the best validation.

Columns differ in scale, and so that the product of their standard deviations is far from one.
"""

import numpy

from density_study.peers.fit import fit

# all validation rows are watched
ROWS = {"train": 20_000, "validation": 1_000, "test": 5_000}
# who took fewer has learned nothing that could be judged
STEPS = 10
# of the integral; what quadrature and single precision leave
TOLERANCE = 0.02
# standard deviations to each side, and points along a side
REACH, SIDE = 10, 401
SCALES = numpy.array([1e3, 1, 1e-2, 5, 40])
MEAN = 10 * SCALES
CORRELATION = 0.95
COVARIANCE = numpy.outer(SCALES, SCALES) * (CORRELATION + (1 - CORRELATION) * numpy.eye(len(SCALES)))


def skewed(random, count):
    """(count, 2): a gamma variable and one that bends with it."""
    a = random.gamma(4, size=count)
    return numpy.stack([300 + 40 * a, 0.1 * numpy.square(a) + numpy.exp(0.5 * random.standard_normal(count))], 1)


def normal(random, count):
    return random.multivariate_normal(MEAN, COVARIANCE, count)


def normal_log_prob(rows, covariance):
    centred = rows - MEAN
    squares = (centred * numpy.linalg.solve(covariance, centred.T).T).sum(1)
    return -0.5 * (squares + numpy.linalg.slogdet(2 * numpy.pi * covariance)[1])


def integral(density, rows):
    """∫ p(x) dx over the plane, by the points of a grid around the rows."""
    axes = [numpy.linspace(m - REACH * s, m + REACH * s, SIDE) for m, s in zip(rows.mean(0), rows.std(0))]
    grid = numpy.stack(numpy.meshgrid(*axes), -1).reshape(-1, 2)
    cell = numpy.prod([axis[1] - axis[0] for axis in axes])
    # far from all rows a base draw may be infinite, and the logarithm ∞ − ∞
    return float(numpy.nansum(numpy.exp(density.log_prob(grid))) * cell)


def hold(contestant, seconds):
    """Trains a contestant twice. Returns what was found, and of what should hold what does not, in words."""
    random = numpy.random.default_rng(1)
    plane = {part: skewed(random, count) for part, count in ROWS.items()}
    first, density = fit(*contestant, plane, seconds, threads=1, seed=0)
    total = integral(density, plane["train"])

    rows = {part: normal(random, count) for part, count in ROWS.items()}
    second, density = fit(*contestant, rows, seconds, threads=1, seed=0)
    truth = normal_log_prob(rows["test"], COVARIANCE)
    below = truth - density.log_prob(rows["test"])
    shortfall, error = below.mean(), below.std() / len(below) ** 0.5
    independent = (truth - normal_log_prob(rows["test"], numpy.diag(numpy.diag(COVARIANCE)))).mean()

    steps = min(first["steps"], second["steps"])
    laws = {
        "too few steps to judge, --seconds gives more": steps >= STEPS,
        "its density does not sum to one": abs(total - 1) < TOLERANCE,
        "it is above the true density": shortfall > -3 * error,
        "it has learned less than half": shortfall < independent / 2,
        "its parameters are not the best": all(is_best(told) for told in (first, second)),
    }
    found = (
        f"integral {total:.4f}, shortfall {shortfall:.4f} ± {error:.4f} nats (independent normals {independent:.2f}), "
        f"{steps} steps"
    )
    return found, [law for law, holds in laws.items() if not holds]


def is_best(told):
    return abs(told["validation_log_likelihood"]["mean"] - told["watched"]["best"]) < 1e-4
