"""What was measured, on the page of each family: a picture of densities, and likelihoods and costs beside two
yardsticks."""

from families_study import gallery, tables
from families_study.families import FAMILIES, FOLDER
from families_study.targets import TARGETS, title
from families_study.work import BATCH
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
    "base": ("maf_student_t", "maf_mixture_base", "maf_mixture_base_random"),
}

YARDSTICKS = ("gaussian", "maf")

# the target of the costs: as large as a table usually is, and everyone has its rows
COSTS = "casp"

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
        if costs := measured_costs(teachers, families):
            parts.append(costs)
        path.write_text(before + "\n\n".join([BEGIN, *parts, END]) + after)


def beside_yardsticks(families):
    return [*families, *(name for name in YARDSTICKS if name not in families)]


def measured_costs(teachers, families):
    """What samples and densities cost, a row for each family; None where nothing came to an end."""
    found = {name: teachers.of(COSTS, name) for name in beside_yardsticks(families)}
    lines = [[FAMILIES[name], *tables.as_teacher(study)[1:]] for name, study in found.items() if study.finished]
    if not lines:
        return None
    about = (
        f"Costs on {title(COSTS)} (D = 9): parameters, seconds of the training, what a sample and a density of a row take, and "
        f"their rates on one thread in batches of {BATCH:,}:"
    )
    return f"{about}\n\n{table(['', *tables.HEADER[2:8]], lines)}"


def measured(teachers, families):
    """Test log-likelihoods, a row for each target; None where nothing came to an end."""
    shown = beside_yardsticks(families)
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
