"""Trains a PyTorch model. What a recipe leaves open is chosen fast: the optimiser is the fused one, batches are slices
of memory instead of a `DataLoader`'s, evaluation records no graph."""

import math

import torch

from density_study.peers.batches import batches

CHUNK = 1000


class TorchTrainer:
    def __init__(self, models, name, recipe, rows, threads, seed):
        torch.set_num_threads(threads)
        torch.manual_seed(seed)
        self.model, self.log_prob_of = getattr(models, name)(rows.shape[1]), models.log_prob
        self.recipe, self.batches = recipe, batches(rows, recipe.batch, recipe.drop_last, seed)
        self.trained = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        optimizer = getattr(torch.optim, recipe.optimizer)
        self.optimizer = optimizer(self.trained, lr=recipe.rate, weight_decay=recipe.weight_decay, fused=True)

    def parameters(self):
        """Those that masks set to zero are among them."""
        return sum(parameter.numel() for parameter in self.trained)

    def run(self, steps, factor):
        """So many steps at `factor` × the recipe's rate. Returns the mean of their losses."""
        for group in self.optimizer.param_groups:
            group["lr"] = factor * self.recipe.rate
        self.model.train()
        total = 0
        for _ in range(steps):
            self.optimizer.zero_grad(set_to_none=True)
            loss = -self.log_prob_of(self.model, torch.from_numpy(next(self.batches))).mean()
            loss.backward()
            if self.recipe.clip:
                torch.nn.utils.clip_grad_norm_(self.trained, self.recipe.clip)
            self.optimizer.step()
            total += loss.item()
            if not math.isfinite(total):
                break
        return total / steps

    @torch.no_grad()
    def log_prob(self, rows):
        """(rows,) of standardised rows."""
        self.model.eval()
        chunks = torch.from_numpy(rows).split(CHUNK)
        return torch.cat([self.log_prob_of(self.model, chunk) for chunk in chunks]).numpy()

    def keep(self):
        """The model as it is now, for `restore`."""
        return {name: tensor.clone() for name, tensor in self.model.state_dict().items()}

    def restore(self, kept):
        self.model.load_state_dict(kept)
