"""What was measured, on the page of each family: a picture of densities, and likelihoods beside two yardsticks."""

from families_study import gallery
from families_study.families import FAMILIES, FOLDER
from families_study.targets import TARGETS, title
from study.numbers import estimate
from study.seeds import Study
from study.tables import table

# the page -> its families
PAGES = {
    "autoregressive": ("maf", "maf_mixture", "maf_spline"),
    "coupling": ("nice", "realnvp", "realnvp_plu", "coupling_spline", "coupling_mixture"),
    "transformer": ("coupling_transformer", "maf_transformer"),
    "planar": ("planar",),
    "radial": ("radial",),
    "linear": ("linear", "realnvp_plu"),
    "elementwise": ("elementwise",),
    "cdf": ("cdf",),
    "gaussian_mixture": ("gaussian", "gaussian_mixture", "maf_mixture_base"),
    "residual": ("residual",),
    "continuous": ("continuous",),
    "normalisation": ("maf_batch_norm", "maf_act_norm"),
    "base": ("maf_student_t", "maf_mixture_base"),
}

YARDSTICKS = ("gaussian", "maf")

BEGIN, END = "<!-- measured -->", "<!-- end of what was measured -->"


def write(rows):
    """Fills all pages and draws their pictures."""
    teachers = Study([row for row in rows if row["role"] == "teacher"], "family")
    for name, families in PAGES.items():
        path = FOLDER / f"{name}.md"
        text = path.read_text()
        before, after = text.split(BEGIN)[0], text.split(BEGIN)[1].split(END)[-1]
        parts = []
        if picture := gallery.gallery(rows, ("data", *families)):
            (FOLDER / "pictures").mkdir(exist_ok=True)
            (FOLDER / "pictures" / f"{name}.svg").write_text(picture)
            parts.append(f"![Densities in the plane: {listed(families)}](pictures/{name}.svg)")
        if likelihoods := measured(teachers, families):
            parts.append(likelihoods)
        path.write_text(before + "\n\n".join([BEGIN, *parts, END]) + after)


def measured(teachers, families):
    """Test log-likelihoods, a row for each target; None where nothing came to an end."""
    shown = [*families, *(name for name in YARDSTICKS if name not in families)]
    lines = []
    for target in TARGETS:
        found = [teachers.of(target, family) for family in shown]
        if any(study.finished for study in found):
            cells = [estimate(study.spread("log_likelihood")) if study.finished else "–" for study in found]
            lines.append([title(target), *cells])
    if not lines:
        return None
    about = (
        "Test log-likelihood in nats, mean ± standard deviation over the seeds, all trained for the same short time "
        "([how](README.md)):"
    )
    return f"{about}\n\n{table(['', *(FAMILIES[name] for name in shown)], lines)}"


def listed(families):
    return ", ".join(FAMILIES[name] for name in families)
