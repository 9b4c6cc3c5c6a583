"""Teachers alone, on the data of the papers and on others: what `scripts/density` does.

    plan      __main__ (options) -> plan (rows) -> data (their files), published (numbers of the papers)
    work      work, slots; teachers (ours), competition and peers/ (other libraries), ablation (switches), pictures and samples
              (students)
    page      page (README.md), curves (its figure), estimates (means over rows)
"""
