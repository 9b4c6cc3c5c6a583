"""The study of families: every kind of flow as a teacher and, where it can be one, as a student, and the page of both.

Nothing but the standard library and the modules that studies share (see `study`); flowstill does the work.

    plan      __main__ (options) -> families, targets (what is studied) -> experiment (the YAML of one run) -> run
    work      work (training, measuring, distilling, then speed), densities (grids), png
    results   results (what runs left, as rows) -> page, tables, ordering, gallery (the picture)
"""
