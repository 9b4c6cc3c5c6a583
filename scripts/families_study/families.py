"""The families, each a YAML with a section `teacher` and perhaps a section `student`."""

import itertools
import pathlib

FOLDER = pathlib.Path("experiments/families")

# name, which is that of the YAML -> how the page calls it; in the order of the page
FAMILIES = {
    "gaussian": "Gaussian",
    "gaussian_mixture": "Gaussian mixture",
    "elementwise": "elementwise splines",
    "cdf": "elementwise CDFs",
    "linear": "linear",
    "planar": "planar",
    "radial": "radial",
    "nice": "NICE",
    "realnvp": "RealNVP",
    "realnvp_long": "RealNVP, ten times the steps",
    "realnvp_plu": "RealNVP, PLU mixing",
    "coupling_spline": "coupling, splines",
    "coupling_mixture": "coupling, mixtures",
    "coupling_transformer": "coupling, transformer",
    "maf": "MAF",
    "maf_long": "MAF, ten times the steps",
    "maf_batch_norm": "MAF, batch norm",
    "maf_act_norm": "MAF, act norm",
    "maf_student_t": "MAF, Student-t base",
    "maf_mixture_base": "MAF, mixture base",
    "maf_mixture_base_random": "MAF, mixture base, random start",
    "maf_mixture": "MAF MoG",
    "maf_spline": "MAF, splines",
    "maf_spline_long": "MAF, splines, ten times the steps",
    "maf_spline_affine_long": "MAF, splines and affine, ten times the steps",
    "maf_transformer": "MAF, transformer",
    "residual": "residual",
    "continuous": "continuous",
}

# fitted without gradient steps, so that there is no length of a training to set
BY_EM = ("gaussian", "gaussian_mixture")

# the family whose teacher all students are distilled from
TEACHER = "maf"

# from the least likelihood to the largest, as publications usually have them
ORDERING = ("gaussian", "gaussian_mixture", "realnvp", "maf", "maf_spline")

# the same where those that take steps had ten times as many
LONG_ORDERING = ("gaussian", "gaussian_mixture", "realnvp_long", "maf_long", "maf_spline_long")


def text(name):
    return (FOLDER / f"{name}.yaml").read_text()


def about(name):
    """What the comment of its YAML says of a family or a target."""
    lines = itertools.takewhile(lambda line: line.startswith("# "), text(name).splitlines())
    return " ".join(line.removeprefix("# ") for line in lines)


def is_student(name):
    """Whether the family is distilled as well."""
    return any(line.startswith("student:") for line in text(name).splitlines())
