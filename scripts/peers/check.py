"""Do the hand-tuned baselines compute what they should? Compares them with plain formulas and autodiff.

Prints one line per size; exits with 1 at a disagreement. Differences are relative to the largest value.
"""

import sys

import jax
import jax.numpy as jnp
import numpy
import torch

from peers import jax_sampler, torch_reference, torch_tuned
from peers.jax_tuned import JaxTuned
from peers.torch_sampler import Sampler

SIZES = [(dim, hidden) for dim in (2, 6, 21, 63) for hidden in (100, 512)]
BATCH = 1000
# float32, through five layers
TOLERANCE = 1e-4


def difference(got, expected):
    got, expected = numpy.asarray(got), numpy.asarray(expected)
    return float(abs(got - expected).max() / abs(expected).max())


def torch_gradients(dim, hidden):
    """Of `train` and of `distill`, against autodiff."""
    layout = torch_tuned.TorchTuned(dim, hidden).layout
    vector, teacher = layout.random(), layout.random()
    x, mask = torch.randn(BATCH, dim), layout.mask()
    gradient = torch.zeros_like(vector)
    conditioners = layout.conditioners(vector, BATCH, gradient)

    def autodiff(loss, *inputs):
        leaf = vector.clone().requires_grad_()
        loss(layout.views(leaf), *inputs).backward()
        return leaf.grad * mask

    torch_tuned.nll_backward(conditioners, torch_tuned.maf_inverse(conditioners, x), BATCH)
    yield "nll gradient", difference(gradient * mask, autodiff(torch_reference.nll, x))

    drawn = torch_tuned.iaf_forward(conditioners, x)
    frozen = layout.conditioners(teacher, BATCH)
    upstream = torch_tuned.nll_backward(frozen, torch_tuned.maf_inverse(frozen, drawn[-1]), BATCH)
    torch_tuned.student_backward(conditioners, drawn, upstream, BATCH)
    expected = autodiff(torch_reference.reverse_kl, x, layout.views(teacher))
    yield "reverse_kl gradient", difference(gradient * mask, expected)


def torch_values(dim, hidden):
    """Densities against plain formulas; samples, back through the plain inverse, against their base draws."""
    tuned = torch_tuned.TorchTuned(dim, hidden)
    vector = tuned.layout.random()
    layers = tuned.layout.views(vector)
    x = torch.randn(BATCH, dim)
    yield "log_prob", difference(tuned.log_prob_of(vector, x)(), torch_reference.maf_log_prob(layers, x))

    torch.manual_seed(1)
    rows, log_prob = tuned.draw_iaf(vector, BATCH)()
    torch.manual_seed(1)
    expected_rows, expected_log_prob = torch_reference.iaf_sample(layers, torch.randn(BATCH, dim))
    yield "iaf rows", difference(rows, expected_rows)
    yield "iaf log_prob", difference(log_prob, expected_log_prob)

    for batch in (1, 100):
        base = torch.randn(dim, batch)
        back, _ = torch_reference.maf_inverse(layers, Sampler(tuned.layout, vector).draw(base).t())
        yield f"maf rows at batch {batch}", difference(back, base.t())


def jax_values(dim, hidden):
    """Against the plain formulas in PyTorch, on the same weights."""
    tuned = JaxTuned(dim, hidden)
    layers = tuned.random()
    plain = [[torch.tensor(numpy.asarray(array).T.copy()) for array in layer] for layer in layers]
    x = numpy.random.default_rng(0).standard_normal((BATCH, dim)).astype("f")
    same_x = torch.from_numpy(x)
    yield "jax log_prob", difference(tuned.maf_log_prob(layers, x), torch_reference.maf_log_prob(plain, same_x))
    got, expected = tuned.iaf_forward(layers, x), torch_reference.iaf_sample(plain, same_x)
    yield "jax iaf rows", difference(got[0], expected[0])
    yield "jax iaf log_prob", difference(got[1], expected[1])
    rows = jax.jit(jax_sampler.maf_sample)(jax_sampler.sampler_weights(layers), jnp.asarray(x[:50]))
    back, _ = torch_reference.maf_inverse(plain, torch.tensor(numpy.asarray(rows)))
    yield "jax maf rows", difference(back, x[:50])


def main():
    torch.manual_seed(0)
    wrong = []
    for dim, hidden in SIZES:
        errors = dict(torch_gradients(dim, hidden))
        with torch.no_grad():
            errors |= dict(torch_values(dim, hidden)) | dict(jax_values(dim, hidden))
        worst = max(errors, key=errors.get)
        print(f"dim {dim}, hidden {hidden}: {len(errors)} compared, largest difference {errors[worst]:.1e} ({worst})")
        wrong += [name for name, error in errors.items() if not error < TOLERANCE]
    if wrong:
        print(f"different from the plain formulas: {', '.join(wrong)}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
