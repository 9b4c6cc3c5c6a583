"""Test log-likelihoods of the papers, in nats with two standard errors."""

# name of the data -> how the page calls them, and what was published: model, value, two standard errors, source
MAF_PAPER = "Papamakarios, Pavlakou & Murray 2017"
SPLINE_PAPER = "Durkan, Bekasov, Murray & Papamakarios 2019"

DATA = {
    "bsds300": (
        "BSDS300, patches of 8 × 8 pixels, D = 63, drawn anew from the same images",
        [
            ("Gaussian", 96.67, 0.25, MAF_PAPER),
            ("MADE", 148.85, 0.28, MAF_PAPER),
            ("RealNVP (10)", 153.28, 1.78, MAF_PAPER),
            ("MADE MoG", 153.71, 0.28, MAF_PAPER),
            ("MAF (10)", 154.93, 0.28, MAF_PAPER),
            ("MAF (5)", 155.69, 0.28, MAF_PAPER),
            ("MAF MoG (5)", 156.36, 0.28, MAF_PAPER),
            ("RQ-NSF (AR)", 157.31, 0.28, SPLINE_PAPER),
            ("RQ-NSF (C)", 157.54, 0.28, SPLINE_PAPER),
        ],
    ),
}

# the YAMLs of this study -> their data; in the order of the page
ROWS = {
    "bsds300_maf": "bsds300",
    "bsds300_maf_mog": "bsds300",
}
