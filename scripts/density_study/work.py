"""What the study runs: row by row, and beside each the other libraries."""

from density_study import ablation, competition, data, pictures, results, teachers
from density_study.peers import contestants
from density_study.plan import ROWS
from study.options import binary

PEERS = {f"{library}/{model}": (library, model) for library, model in contestants.RECIPES}


def work(options, found, say):
    """How much failed; rows are put among those that were found."""
    program, failed = binary(options.binary, "density"), 0
    for row in map(ROWS.get, options.rows):
        if not data.available(row, say):
            continue
        told = teachers.result(program, row, options.runs) if teachers.train(program, row, options.runs) else None
        if told is None:
            say(f"{row.name}: failed, or a test row has no finite density")
            failed += 1
            continue
        results.save(found, told)
        if options.peers:
            failed += competition.beside(program, row, [PEERS[name] for name in options.peers], options.runs, say)
    if options.ablation:
        failed += not ablation.run(program, options.runs)
    for name in options.students:
        if data.available(ROWS[name], say):
            failed += not pictures.make(program, ROWS[name], options.runs)
    return failed
