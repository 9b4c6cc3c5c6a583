"""Who competes, and how each is trained: what the documentation of a library says, as far as it says it.

A recipe is what stands around a model; the model itself is a function of that name in `<library>_models`. Wherever a
documentation is silent, the comment says what was chosen. Gradients are those of the mean negative log-likelihood of a
batch; rows are shuffled anew in every epoch.

`maf_512` is no documentation's: the affine MAF of Papamakarios, Pavlakou & Murray 2017 on BSDS300, five layers of two
hidden layers of 512 units, with one batch size and one rate in all libraries, for learning curves side by side.
normflows has none: the scale of its affine layer is a sigmoid, and reversed into a MAF it never narrows a conditional.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Recipe:
    # one line, for tables
    about: str
    batch: int
    rate: float
    # factor of the rate as a function of the share of the time that is used: constant, linear or cosine, down to 0
    decay: str = "constant"
    # `Adam` takes the weight decay into the gradient, `AdamW` beside it
    optimizer: str = "Adam"
    weight_decay: float = 0
    # largest norm of a gradient
    clip: float | None = None
    # an epoch's last batch is left out if it is not full
    drop_last: bool = False


MAF_PAPER = {"batch": 512, "rate": 1e-3}

RECIPES = {
    # nflows, examples/moons.ipynb: five layers, `optim.Adam(flow.parameters())`, batches of 128. Its networks have 4
    # units for 2 columns; nothing is said of more, so 64 here, as in the documentation of zuko and normflows
    ("nflows", "maf"): Recipe("MAF, 5 × (2 residual blocks of 64)", batch=128, rate=1e-3),
    # bayesiains/nsf, experiments/uci.py, of which nflows was made: the defaults of its options. The cosine runs over
    # the steps there, over the time here
    ("nflows", "nsf"): Recipe(
        "RQ-NSF (AR), 10 × (2 residual blocks of 256), 8 bins, LU layers, dropout 0.25",
        batch=64,
        rate=3e-4,
        decay="cosine",
        clip=5,
        drop_last=True,
    ),
    ("nflows", "maf_512"): Recipe("MAF, 5 × (512, 512)", **MAF_PAPER),
    # zuko, docs/tutorials/forward_kl.ipynb ("Train from data"): Adam at 1e-3, batches of 64
    ("zuko", "maf"): Recipe("MAF, 3 × (64, 64)", batch=64, rate=1e-3),
    ("zuko", "nsf"): Recipe("NSF, 3 × (64, 64), 8 bins", batch=64, rate=1e-3),
    # zuko, benchmark/launch_uci.py (at 368825b): the defaults of its options. The rate falls to 0 over 256 epochs
    # there, over the time here
    ("zuko", "nsf_uci"): Recipe(
        "NSF, 3 × (512, 512), 8 bins",
        batch=256,
        rate=1e-3,
        decay="linear",
        optimizer="AdamW",
        weight_decay=1e-4,
    ),
    ("zuko", "maf_512"): Recipe("MAF, 5 × (512, 512)", **MAF_PAPER),
    # normflows, README.md ("Usage") and examples/real_nvp_colab.ipynb
    ("normflows", "realnvp"): Recipe("RealNVP, 32 × (64, 64)", batch=512, rate=5e-4, weight_decay=1e-5),
    # normflows, examples/neural_spline_flow.ipynb
    ("normflows", "nsf"): Recipe(
        "NSF (AR), 16 × (2 residual blocks of 128), 8 bins, LU layers", batch=512, rate=1e-3, weight_decay=1e-5
    ),
    # flowjax: defaults of `masked_autoregressive_flow`, `coupling_flow` and `fit_to_data`, which leaves out an epoch's
    # last batch if it is not full
    ("flowjax", "maf"): Recipe("MAF, 8 × (50)", batch=100, rate=5e-4, drop_last=True),
    ("flowjax", "coupling"): Recipe("affine coupling flow, 8 × (50)", batch=100, rate=5e-4, drop_last=True),
    # flowjax, docs/examples/unconditional.ipynb
    ("flowjax", "nsf"): Recipe("MAF of splines, 8 × (50), 8 knots", batch=100, rate=1e-3, drop_last=True),
    # flowjax, README.md ("Short example")
    ("flowjax", "bnaf"): Recipe("BNAF, 1 × (8 per column)", batch=100, rate=5e-3, drop_last=True),
    ("flowjax", "maf_512"): Recipe("MAF, 5 × (512, 512), shuffled", **MAF_PAPER, drop_last=True),
}

LIBRARIES = list(dict.fromkeys(library for library, _ in RECIPES))
# with what a library itself recommends, as opposed to `maf_512`
DOCUMENTED = [contestant for contestant in RECIPES if contestant[1] != "maf_512"]
