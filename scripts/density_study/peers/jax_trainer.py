"""Trains a flow of flowjax by the steps of its own `fit_to_data`: the same split into what is trained and what is not,
the same loss, the same compiled step with Adam."""

import equinox
import jax
import numpy
import optax
import paramax
from flowjax.train.losses import MaximumLikelihoodLoss
from flowjax.train.train_utils import step

from density_study.peers.batches import batches

CHUNK = 1000


@equinox.filter_jit
def log_prob(trained, static, rows):
    return paramax.unwrap(equinox.combine(trained, static)).log_prob(rows)


class JaxTrainer:
    def __init__(self, models, name, recipe, rows, threads, seed):
        # XLA takes as many threads as the process has cores, see `pinned`
        if (recipe.optimizer, recipe.decay, recipe.clip, recipe.weight_decay) != ("Adam", "constant", None, 0):
            raise ValueError(f"flows of flowjax are trained by plain Adam at a constant rate, not by {recipe}")
        flow = getattr(models, name)(jax.random.key(seed), rows.shape[1])
        frozen = lambda leaf: isinstance(leaf, paramax.NonTrainable)
        self.trained, self.static = equinox.partition(flow, equinox.is_inexact_array, is_leaf=frozen)
        self.optimizer, self.loss = optax.adam(recipe.rate), MaximumLikelihoodLoss()
        self.state = self.optimizer.init(self.trained)
        self.batches = batches(rows, recipe.batch, recipe.drop_last, seed)

    def parameters(self):
        """Those that masks set to zero are among them."""
        return sum(leaf.size for leaf in jax.tree.leaves(self.trained))

    def run(self, steps, factor):
        """So many steps. Returns the mean of their losses."""
        losses = []
        for _ in range(steps):
            self.trained, self.state, loss = step(
                self.trained,
                self.static,
                next(self.batches),
                optimizer=self.optimizer,
                opt_state=self.state,
                loss_fn=self.loss,
            )
            losses.append(loss)
        # not only the losses: the clock must not stop before the last update is there
        jax.block_until_ready(self.trained)
        return float(numpy.mean(losses))

    def log_prob(self, rows):
        """(rows,) of standardised rows; always by chunks of one size, as another size would be compiled anew."""
        parts = []
        for begin in range(0, len(rows), CHUNK):
            chunk = rows[begin : begin + CHUNK]
            padded = numpy.resize(chunk, (CHUNK, rows.shape[1]))
            parts.append(numpy.asarray(log_prob(self.trained, self.static, padded))[: len(chunk)])
        return numpy.concatenate(parts)

    def keep(self):
        """The flow as it is now, for `restore`."""
        return self.trained

    def restore(self, kept):
        self.trained = kept
