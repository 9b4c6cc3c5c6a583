"""nflows, zuko, normflows and pyro, each used as its documentation says.

What the libraries do not prescribe is chosen fast: Adam is the fused one, inference records no graph.
"""

import itertools

import torch

from peers.task import LAYERS, LEARNING_RATE

ROWS = 4000


def batches(batch, dim):
    """Batches of standard normal rows, over and over."""
    return itertools.cycle(torch.randn(max(4 * batch, ROWS), dim).split(batch))


class TorchLibrary:
    """The operations on top of a library's own `maf`, `iaf`, `log_prob_of`, `draw` and `draw_with_log_prob`."""

    compiles = False

    def __init__(self, dim, hidden):
        torch.manual_seed(0)
        self.dim, self.hidden = dim, hidden

    def wait(self, result):
        pass

    def nll(self, model, rows):
        return -self.log_prob_of(model, rows).mean()

    def reverse_kl(self, student, teacher, batch):
        rows, log_prob = self.draw_with_log_prob(student, batch)
        return (log_prob - self.log_prob_of(teacher, rows)).mean()

    def _descend(self, model, loss):
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        adam = torch.optim.Adam(trained, lr=LEARNING_RATE, fused=True)

        def step():
            adam.zero_grad(set_to_none=True)
            loss().backward()
            adam.step()

        return step

    def train(self, batch):
        model, rows = self.maf(), batches(batch, self.dim)
        return self._descend(model, lambda: self.nll(model, next(rows)))

    def distill(self, batch):
        teacher, student = self.maf().requires_grad_(False), self.iaf()
        return self._descend(student, lambda: self.reverse_kl(student, teacher, batch))

    def log_prob(self, batch):
        model, rows = self.maf(), torch.randn(batch, self.dim)
        return torch.inference_mode()(lambda: self.log_prob_of(model, rows))

    def maf_sample(self, batch):
        model = self.maf()
        return torch.inference_mode()(lambda: self.draw(model, batch))

    def iaf_sample(self, batch):
        model = self.iaf()
        return torch.inference_mode()(lambda: self.draw_with_log_prob(model, batch))

    def save(self, kind, path):
        torch.save(getattr(self, kind)().state_dict(), path)

    def sample_saved(self, kind, path, count):
        model = getattr(self, kind)()
        model.load_state_dict(torch.load(path))
        with torch.inference_mode():
            return self.draw(model, count).numpy()


class NFlows(TorchLibrary):
    def maf(self):
        from nflows.flows.autoregressive import MaskedAutoregressiveFlow

        return MaskedAutoregressiveFlow(self.dim, self.hidden, LAYERS, 1, use_residual_blocks=False)

    def iaf(self):
        from nflows.distributions.normal import StandardNormal
        from nflows.flows.base import Flow
        from nflows.transforms.base import InverseTransform

        return Flow(InverseTransform(self.maf()._transform), StandardNormal([self.dim]))

    def log_prob_of(self, model, rows):
        return model.log_prob(rows)

    def draw(self, model, batch):
        return model.sample(batch)

    def draw_with_log_prob(self, model, batch):
        return model.sample_and_log_prob(batch)


class Zuko(TorchLibrary):
    def maf(self):
        from zuko.flows import MAF

        return MAF(self.dim, transforms=LAYERS, hidden_features=(self.hidden, self.hidden))

    def iaf(self):
        from zuko.flows import Flow

        maf = self.maf()
        return Flow(maf.transform.inv, maf.base)

    def log_prob_of(self, model, rows):
        return model().log_prob(rows)

    def draw(self, model, batch):
        return model().sample((batch,))

    def draw_with_log_prob(self, model, batch):
        return model().rsample_and_log_prob((batch,))


class NormFlows(TorchLibrary):
    """Has no reversal between layers; a fixed shuffle costs the same."""

    def _model(self, wrap):
        import normflows as nf

        layers = []
        for _ in range(LAYERS):
            one = nf.flows.MaskedAffineAutoregressive(self.dim, self.hidden, num_blocks=1, use_residual_blocks=False)
            layers += [nf.flows.Permute(self.dim, mode="shuffle"), wrap(one)]
        return nf.NormalizingFlow(nf.distributions.DiagGaussian(self.dim, trainable=False), layers)

    def maf(self):
        from normflows.flows import Reverse

        return self._model(Reverse)

    def iaf(self):
        return self._model(lambda layer: layer)

    def nll(self, model, rows):
        return model.forward_kld(rows)

    def log_prob_of(self, model, rows):
        return model.log_prob(rows)

    def draw(self, model, batch):
        return model.sample(batch)[0]

    def draw_with_log_prob(self, model, batch):
        return model.sample(batch)

    def reverse_kl(self, student, teacher, batch):
        # past the module's own bookkeeping, which would make the teacher a part of the student
        object.__setattr__(student, "p", teacher)
        return student.reverse_kld(batch)


class Pyro(TorchLibrary):
    def _model(self, orient):
        import pyro.distributions as dist
        from pyro.distributions.transforms import AffineAutoregressive
        from pyro.nn import AutoRegressiveNN

        orders = [torch.arange(self.dim), torch.arange(self.dim).flip(0)]
        widths = [self.hidden, self.hidden]
        layers = [
            AffineAutoregressive(AutoRegressiveNN(self.dim, widths, permutation=orders[number % 2]))
            for number in range(LAYERS)
        ]
        model = torch.nn.ModuleList(layers)
        base = dist.Normal(torch.zeros(self.dim), torch.ones(self.dim)).to_event(1)
        model.flow = dist.TransformedDistribution(base, [orient(layer) for layer in layers])
        return model

    def maf(self):
        return self._model(lambda layer: layer.inv)

    def iaf(self):
        return self._model(lambda layer: layer)

    def log_prob_of(self, model, rows):
        # pyro remembers the last pair of input and output by identity; a view is another tensor
        return model.flow.log_prob(rows.view(rows.shape))

    def draw(self, model, batch):
        return model.flow.sample((batch,))

    def draw_with_log_prob(self, model, batch):
        rows = model.flow.rsample((batch,))
        return rows, model.flow.log_prob(rows)
