"""What is trained: rows of the page, each one YAML of the study, or several of them as one ensemble."""

import dataclasses

# of every row, ours and those of other libraries; teachers of a sweep have one each
THREADS = 2


@dataclasses.dataclass(frozen=True)
class Row:
    """`data` as `published.DATA` and FLOWSTILL_DATA call them. A YAML is one teacher, or with a section `sweep` several, which
    are one ensemble; `members` are rows that are together another."""

    name: str
    data: str
    members: tuple = ()
    # reads training rows beside their mirror images
    mirrored: bool = False


# in the order of the page
ROWS = {
    row.name: row
    for row in [
        Row("bsds300_gaussian", "bsds300"),
        Row("bsds300_maf", "bsds300"),
        Row("bsds300_maf_mirrored", "bsds300", mirrored=True),
        Row("bsds300_maf_mog", "bsds300"),
        Row("bsds300_maf_mog_decay", "bsds300"),
        Row("bsds300_maf_mog_mirrored", "bsds300", mirrored=True),
        Row(
            "bsds300_ensemble",
            "bsds300",
            ("bsds300_maf_mirrored", "bsds300_maf_mog_decay", "bsds300_maf_mog_mirrored"),
            mirrored=True,
        ),
        Row("mnist_gaussian", "mnist"),
        Row("mnist_maf_one_noise", "mnist"),
        Row("mnist_maf", "mnist"),
        Row("mnist_made_mog", "mnist"),
        *(
            Row(name, name)
            for name in (
                "beijing_air",
                "beijing_multi36",
                "casp",
                "htru2",
                "miniboone_part",
                "hepmass_part",
                "gas_part",
                "power_part",
            )
        ),
    ]
}

# beside which other libraries are trained, one on each data; digits have none
COMPETING = {row.data: row.name for row in ROWS.values() if row.data not in ("bsds300", "mnist")} | {"bsds300": "bsds300_maf"}
