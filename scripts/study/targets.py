"""What is studied: targets, objectives, and shapes of students."""

# name -> how the page calls it; in the order of the page
TARGETS = {
    "two_moons": "two moons",
    "eight_gaussians": "eight Gaussians",
    "rings": "rings",
    "pinwheel": "pinwheel",
    "ring_chain_8": "ring and chain, D = 8",
    "ring_chain_32": "ring and chain, D = 32",
    "casp": "CASP",
    "htru2": "HTRU2",
    "beijing_air": "Beijing, hourly",
    "beijing_multi36": "Beijing, 12 stations",
    "miniboone_part": "MINIBOONE, a part",
    "bsds300": "BSDS300",
}

# whose data are not in the repository
OUTSIDE = ("htru2", "beijing_air", "beijing_multi36", "miniboone_part", "bsds300")

AUTO = "auto"
OBJECTIVES = (AUTO, "reverse_kl", "path_gradient", "forward_kl", "mixed", "alpha")

# students of other shapes, distilled by `auto`: name -> how the page calls it
SHAPES = {
    "half_layers": "half the layers",
    "half_width": "half the width",
    "quarter_width": "a quarter of the width",
    "coupling": "couplings",
}
FULL = "the teacher's shape"

# the targets on which shapes are compared
FRONTIER = ("ring_chain_8", "casp")


def names_of(target, objectives=OBJECTIVES, shapes=tuple(SHAPES)):
    """The runs of one target: its teacher and its students."""
    return ["teacher", *objectives, *(shapes if target in FRONTIER else [])]


def about_speed(target, student):
    """Whether the speed of this student is of interest, so that it must be measured while nothing else runs."""
    return target in FRONTIER and (student == AUTO or student in SHAPES)
