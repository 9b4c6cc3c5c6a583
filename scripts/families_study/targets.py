"""The targets, each a YAML of its data, and the lengths of trainings on them."""

PLANE, TABLES = "plane", "tables"

# name -> how the page calls it, and the YAML of its lengths; in the order of the page
TARGETS = {
    "two_moons": ("two moons", PLANE),
    "eight_gaussians": ("eight Gaussians", PLANE),
    "pinwheel": ("pinwheel", PLANE),
    "rings": ("rings", PLANE),
    "checkerboard": ("checkerboard", PLANE),
    "htru2": ("HTRU2", TABLES),
    "casp": ("CASP", TABLES),
    "beijing_air": ("Beijing, hourly", TABLES),
    "beijing_multi36": ("Beijing, 12 stations", TABLES),
}


def title(target):
    return TARGETS[target][0]


def lengths(target):
    return TARGETS[target][1]


def in_the_plane():
    return [target for target in TARGETS if lengths(target) == PLANE]
