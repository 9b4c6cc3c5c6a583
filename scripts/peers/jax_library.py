"""flowjax, used as its documentation says; each operation is one jitted function."""

import itertools

import equinox
import jax
import jax.numpy as jnp
import optax
import paramax
from flowjax.distributions import Normal
from flowjax.flows import masked_autoregressive_flow
from flowjax.train.losses import ElboLoss, MaximumLikelihoodLoss
from flowjax.train.train_utils import step

from peers.task import LAYERS, LEARNING_RATE

ROWS = 4000


def batches(batch, dim):
    """Batches of standard normal rows, over and over."""
    rows = jax.random.normal(jax.random.key(2), (max(4 * batch, ROWS), dim))
    return itertools.cycle([rows[begin : begin + batch] for begin in range(0, len(rows), batch)])


class FlowJax:
    compiles = True

    def __init__(self, dim, hidden):
        self.dim, self.hidden = dim, hidden
        self.key = jax.random.key(0)

    def wait(self, result):
        jax.block_until_ready(result)

    def _next_key(self):
        self.key, key = jax.random.split(self.key)
        return key

    def _flow(self, kind):
        return masked_autoregressive_flow(
            jax.random.key(1),
            base_dist=Normal(jnp.zeros(self.dim)),
            flow_layers=LAYERS,
            nn_width=self.hidden,
            nn_depth=2,
            invert=kind == "maf",
        )

    def _descend(self, flow, loss):
        frozen = lambda leaf: isinstance(leaf, paramax.NonTrainable)
        trained, static = equinox.partition(flow, equinox.is_inexact_array, is_leaf=frozen)
        adam = optax.adam(LEARNING_RATE)
        state = adam.init(trained)

        def run(*inputs):
            nonlocal trained, state
            trained, state, value = step(trained, static, *inputs, optimizer=adam, opt_state=state, loss_fn=loss)
            # waiting for the loss alone would leave the update to the next call
            return value, trained

        return run

    def train(self, batch):
        run, rows = self._descend(self._flow("maf"), MaximumLikelihoodLoss()), batches(batch, self.dim)
        return lambda: run(next(rows))

    def distill(self, batch):
        run = self._descend(self._flow("iaf"), ElboLoss(self._flow("maf").log_prob, batch))
        return lambda: run(self._next_key())

    def log_prob(self, batch):
        flow, rows = self._flow("maf"), jax.random.normal(jax.random.key(2), (batch, self.dim))
        log_prob = equinox.filter_jit(lambda flow, rows: flow.log_prob(rows))
        return lambda: log_prob(flow, rows)

    def maf_sample(self, batch):
        flow = self._flow("maf")
        sample = equinox.filter_jit(lambda flow, key: flow.sample(key, (batch,)))
        return lambda: sample(flow, self._next_key())

    def iaf_sample(self, batch):
        flow = self._flow("iaf")
        sample = equinox.filter_jit(lambda flow, key: flow.sample_and_log_prob(key, (batch,)))
        return lambda: sample(flow, self._next_key())

    def save(self, kind, path):
        equinox.tree_serialise_leaves(path, self._flow(kind))

    def sample_saved(self, kind, path, count):
        flow = equinox.tree_deserialise_leaves(path, self._flow(kind))
        sample = equinox.filter_jit(lambda flow, key: flow.sample(key, (count,)))
        return jax.device_get(sample(flow, self._next_key()))
