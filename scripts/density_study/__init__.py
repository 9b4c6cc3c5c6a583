"""Teachers alone, on the data of the papers and on others: what `scripts/density` does.

    plan      __main__ (options) -> plan (rows) -> data (their files), published (numbers of the papers)
    work      work; teachers (ours), competition and peers/ (other libraries), ablation (switches), pictures and samples
              (students), programs; estimates (means over rows)
    kept      results (ours), standings (other libraries)
    page      page (README.md), comparison (its part on other libraries), curves (its figure)
"""
