"""The YAML of one run: a few lines on top of the YAMLs of its target, its lengths and its family."""

import json

from families_study import families, targets

QUICK = """\
{section}:
  training: {{steps: {steps}, warmup: 10, validate_every: 50}}
"""
QUICK_STEPS = {"teacher": 100, "student": 200}


def parts(target, family, role):
    """The YAMLs that it extends, the strongest last."""
    fitted_by_em = role == "teacher" and family in families.BY_EM
    lengths = [] if fitted_by_em else [f"lengths/{targets.lengths(target)}"]
    return [*lengths, f"targets/{target}", family]


def own(role, family, seed, quick):
    """The lines of its own."""
    # one thread each: processes side by side fill the cores better, and times compare
    text = f"name: {family}-{role}\nseed: {seed}\nthreads: 1\nbench: none\n"
    if quick:
        text += "evaluation: {samples: 2000}\n"
        if not (role == "teacher" and family in families.BY_EM):
            text += "".join(QUICK.format(section=section, steps=steps) for section, steps in QUICK_STEPS.items())
    return text


def yaml(target, family, role, seed, quick):
    """What is handed to flowstill."""
    places = [str((families.FOLDER / f"{part}.yaml").resolve()) for part in parts(target, family, role)]
    return f"{own(role, family, seed, quick)}extends: {json.dumps(places, ensure_ascii=False)}\n"


def text(target, family, role, seed, quick):
    """All that the result depends on, comments left out."""
    texts = [own(role, family, seed, quick), *map(families.text, parts(target, family, role))]
    if role == "student":
        texts.append(text(target, families.TEACHER, "teacher", seed, quick))
    return "".join(f"{line}\n" for one in texts for line in one.splitlines() if not line.startswith("#"))
