"""Teachers alone, on the data of the papers: what `scripts/density` does.

`__main__` reads the options, `published` has the numbers of the papers, `data` makes the rows, `page` writes README.md;
`peers` trains other libraries on the same rows.
"""
