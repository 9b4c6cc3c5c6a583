"""The data of the study, and test log-likelihoods of the papers on them, in nats with two standard errors."""

import dataclasses

MAF_PAPER = "Papamakarios, Pavlakou & Murray 2017"
SPLINE_PAPER = "Durkan, Bekasov, Murray & Papamakarios 2019"


@dataclasses.dataclass(frozen=True)
class Data:
    """How the page calls them, and what was published: model, value, two standard errors, source."""

    words: str
    published: tuple = ()


DATA = {
    "bsds300": Data(
        "BSDS300, patches of 8 × 8 pixels, D = 63, drawn anew from the same images",
        (
            ("Gaussian", 96.67, 0.25, MAF_PAPER),
            ("MADE", 148.85, 0.28, MAF_PAPER),
            ("RealNVP (5)", 152.97, 0.28, MAF_PAPER),
            ("RealNVP (10)", 153.28, 1.78, MAF_PAPER),
            ("MADE MoG", 153.71, 0.28, MAF_PAPER),
            ("MAF (10)", 154.93, 0.28, MAF_PAPER),
            ("MAF (5)", 155.69, 0.28, MAF_PAPER),
            ("MAF MoG (5)", 156.36, 0.28, MAF_PAPER),
            ("RQ-NSF (AR)", 157.31, 0.28, SPLINE_PAPER),
            ("RQ-NSF (C)", 157.54, 0.28, SPLINE_PAPER),
        ),
    ),
    "mnist": Data(
        "MNIST, 28 × 28 pixels, D = 784, in the space of the logits",
        (
            ("Gaussian", -1366.9, 1.4, MAF_PAPER),
            ("MADE", -1380.8, 4.8, MAF_PAPER),
            ("RealNVP (5)", -1323.2, 6.6, MAF_PAPER),
            ("RealNVP (10)", -1370.7, 10.1, MAF_PAPER),
            ("MAF (10)", -1313.1, 2.0, MAF_PAPER),
            ("MAF (5)", -1300.5, 1.7, MAF_PAPER),
            ("MAF MoG (5)", -1100.3, 1.6, MAF_PAPER),
            ("MADE MoG", -1038.5, 1.8, MAF_PAPER),
        ),
    ),
    "beijing_air": Data("Beijing air, D = 10"),
    "beijing_multi36": Data("Beijing air of 12 stations, D = 36"),
    "casp": Data("CASP, D = 9"),
    "htru2": Data("HTRU2, D = 8"),
    "miniboone_part": Data("a part of MINIBOONE, D = 43"),
    "hepmass_part": Data("a part of HEPMASS, D = 22"),
    "gas_part": Data("a part of GAS, D = 8"),
    "power_part": Data("a part of POWER, D = 6"),
}
