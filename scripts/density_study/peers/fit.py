"""One contestant on one data set: standardised rows in, log-likelihoods in the units of the data out."""

import importlib
import importlib.metadata
import math

import numpy

from density_study.peers import training
from density_study.peers.contestants import RECIPES
from density_study.peers.standardizer import Standardizer
from density_study.peers.watch import Watch


class Density:
    """A trained flow on rows in the units of the data."""

    def __init__(self, trainer, standardizer):
        self.trainer, self.standardizer = trainer, standardizer

    def log_prob(self, rows):
        """log p(x) = log p_std(x_std) − Σ log sd, (rows,) in double precision."""
        return self.standardized_log_prob(self.standardizer.standardize(rows))

    def standardized_log_prob(self, rows):
        return self.trainer.log_prob(rows).astype(numpy.float64) - self.standardizer.log_det()


def fit(library, model, parts, seconds, threads, seed):
    """Trains on the rows `parts["train"]` for so many seconds, watching `parts["validation"]`.

    Returns what there is to tell, without the test, and the density. The seconds are those of training, of its
    validations and of compilation; making the model is outside. The curve is that of the rows watched, shifted by what
    the best parameters reach on all validation rows and not on these.
    """
    recipe = RECIPES[library, model]
    standardizer = Standardizer(parts["train"])
    rows, validation = (standardizer.standardize(parts[part]) for part in ("train", "validation"))
    trainer = trainer_of(library)(models_of(library), model, recipe, rows, threads, seed)
    density = Density(trainer, standardizer)
    watch = Watch(density.standardized_log_prob, validation)
    course = training.train(trainer, watch, seconds, recipe.decay)
    if course.kept is None:
        raise ArithmeticError("no validation gave a finite log-likelihood")
    trainer.restore(course.kept)
    reached = likelihood(density.standardized_log_prob(validation))
    # rows differ far more from one another than one density does from the next on the same rows
    shift = math.nan if reached["mean"] is None else reached["mean"] - course.best
    told = {
        "library": library,
        "version": importlib.metadata.version(library),
        "model": model,
        "about": recipe.about,
        "parameters": trainer.parameters(),
        "optimizer": recipe.optimizer,
        "batch": recipe.batch,
        "rate": recipe.rate,
        "decay": recipe.decay,
        "threads": threads,
        "seed": seed,
        "steps": course.steps,
        "seconds": course.seconds,
        "best_seconds": course.best_seconds,
        "diverged_at": course.diverged_at,
        "validation_log_likelihood": reached,
        "watched": {"rows": len(watch.rows), "best": course.best},
        "curve": [[at, value + shift if math.isfinite(value + shift) else None] for at, value in course.curve],
    }
    return told, density


def likelihood(log_prob):
    """Mean and standard error of the log-densities of rows; None where a row has no finite one."""
    finite = bool(numpy.isfinite(log_prob).all())
    error = float(log_prob.std(ddof=1)) / len(log_prob) ** 0.5 if finite and len(log_prob) > 1 else None
    return {"mean": float(log_prob.mean()) if finite else None, "standard_error": error, "rows": len(log_prob)}


def models_of(library):
    return importlib.import_module(f"density_study.peers.{library}_models")


def trainer_of(library):
    if library == "flowjax":
        from density_study.peers.jax_trainer import JaxTrainer

        return JaxTrainer
    from density_study.peers.torch_trainer import TorchTrainer

    return TorchTrainer
