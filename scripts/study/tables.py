"""Markdown tables of targets and objectives."""

from study.numbers import estimate, listed, percent
from study.targets import AUTO, OBJECTIVES, TARGETS

COLUMNS = {
    "KL(p‖q)": ("kl_forward", estimate),
    "per dimension": ("kl_forward_per_dim", estimate),
    "KL(q‖p)": ("kl_reverse", estimate),
    "ESS": ("ess_reverse", percent),
    "TV": ("total_variation", estimate),
    "E_q[w]": ("mean_weight", estimate),
    "least mode ratio": ("least_mode_ratio", estimate),
    "test log-likelihood": ("log_likelihood", estimate),
    "seconds": ("seconds", estimate),
}


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(student, key, show):
    """A value in words; where seeds failed, how many."""
    failed = f"failed ({len(student.failed)} of {len(student.all)})" if student.failed else ""
    value = student.value(key)
    if value is None:
        return failed or "–"
    return f"{show(value)}, {failed}" if failed else show(value)


def leading(study, target, key, sign=1):
    """The objective with the least value or (`sign` −1) the largest, and those that two standard errors of the difference
    do not tell from it; of those that came to an end under the same seeds. Empty where fewer than two can be compared."""
    students = {name: study.of(target, name) for name in OBJECTIVES}
    seeds = {name: frozenset(row["seed"] for row in student.finished) for name, student in students.items()}
    most = max(seeds.values(), key=len)
    values = {name: student.value(key) for name, student in students.items() if seeds[name] == most and most}
    values = {name: value for name, value in values.items() if value is not None}
    if len(values) < 2:
        return set()
    first = min(values, key=lambda name: sign * values[name][0])

    def tied(name):
        (mean, error), (best, its) = values[name], values[first]
        return abs(mean - best) <= 2 * ((error or 0) ** 2 + (its or 0) ** 2) ** 0.5

    return {name for name in values if name == first or tied(name)}


def overview(study, key, show, sign=1):
    """Targets × objectives; in bold the best of each target and what is not told from it."""
    rows = []
    for target, words in TARGETS.items():
        students = {name: study.of(target, name) for name in OBJECTIVES}
        if any(student.all for student in students.values()):
            cells = {name: cell(student, key, show) for name, student in students.items()}
            for name in leading(study, target, key, sign):
                cells[name] = f"**{cells[name]}**"
            rows.append([words, *cells.values()])
    return table(["target", *(f"`{name}`" for name in OBJECTIVES)], rows)


def target(study, name):
    """Everything about one target: its teacher, then its students by objective; beneath, phases and failures."""
    students = {objective: study.of(name, objective) for objective in OBJECTIVES}
    students = {objective: student for objective, student in students.items() if student.all}
    columns = {
        words: (key, show)
        for words, (key, show) in COLUMNS.items()
        if any(student.value(key) for student in students.values())
    }
    teacher = {"seconds": study.of(name, "teacher").value("seconds")}
    if finished := next((student for student in students.values() if student.finished), None):
        teacher["log_likelihood"] = finished.value("teacher_log_likelihood")
    cells = [show(teacher[key]) if teacher.get(key) else "" for key, show in columns.values()]
    rows = [["teacher", *cells]]
    for objective, student in students.items():
        rows.append([f"`{objective}`", *(cell(student, key, show) for key, show in columns.values())])
    return "\n\n".join([table(["", *columns], rows), *phases(students.get(AUTO)), *failures(students.values())])


def phases(student):
    """What `auto` chose, seed by seed where that differs."""
    chosen = {}
    for row in student.finished if student else []:
        words = ", then ".join(f"`{objective}` for {steps:,}" for objective, steps in row["phases"])
        chosen.setdefault(words, []).append(row["seed"])
    if len(chosen) == 1:
        return [f"Steps of `auto`: {next(iter(chosen))}."]
    return [f"Steps of `auto` with {seeds_named(seeds)}: {words}." for words, seeds in chosen.items()]


def failures(students):
    rows = [row for student in students for row in student.failed]
    lines = [f"- `{row['student']}`, seed {row['seed']}: {row['failed']}" for row in rows]
    return ["Failed:\n\n" + "\n".join(lines)] if lines else []


def seeds_named(seeds):
    return f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {listed(map(str, seeds))}"
