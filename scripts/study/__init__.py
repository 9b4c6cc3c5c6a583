"""The study of distillation: teachers, students by several objectives, and the page that compares them.

Nothing but the standard library; flowstill does the work, in processes side by side.

    plan      __main__ (options) -> targets (what is studied) -> experiment (the YAML of one run) -> run (its folder)
    data      sources (files that are not in the repository), patches (BSDS300)
    work      work (what comes first), kept (how runs ended)
    results   results (metrics.json to rows) -> seeds (means over seeds) -> page (tables), goals, frontier, chart
    shared    with other studies: options, processes, kept, rows, seeds, sources, numbers, tables.table, chart, npy
"""
