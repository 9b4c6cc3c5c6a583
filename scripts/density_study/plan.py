"""What is trained: rows of the page, each one YAML of the study, or several of them as one ensemble."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Row:
    """`data` as `published.DATA` and FLOWSTILL_DATA call them; the YAMLs of `members`, none for a single teacher."""

    name: str
    data: str
    members: tuple = ()

    @property
    def yamls(self):
        return self.members or (self.name,)


# in the order of the page
ROWS = {
    row.name: row
    for row in [
        Row("bsds300_maf", "bsds300"),
        Row("bsds300_maf_mog", "bsds300"),
        Row("bsds300_two", "bsds300", ("bsds300_maf", "bsds300_maf_mog")),
        Row("mnist_maf", "mnist"),
        Row("mnist_made_mog", "mnist"),
    ]
}
