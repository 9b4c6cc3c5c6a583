"""What the study runs, and in which order."""

from density_study import ablation, competition, data, pictures, results, teachers
from density_study.peers import contestants
from density_study.plan import ROWS, THREADS
from density_study.slots import Slots
from peers import environment
from study import rows
from study.options import binary

PEERS = {f"{library}/{model}": (library, model) for library, model in contestants.RECIPES}


class Work:
    """`found` are the rows of the page, which grow; `failed` counts what came to no end."""

    def __init__(self, options, found, say):
        self.options, self.found, self.say, self.failed = options, found, say, 0
        self.program = binary(options.binary, "density")
        self.slots = Slots(options.at_once, THREADS)

    def do(self):
        """How much failed."""
        wanted = [row for row in map(ROWS.get, self.options.rows) if data.available(row.data, self.say)]
        self.train(wanted)
        if self.options.peers:
            self.compete(wanted)
        if self.options.ablation:
            self.failed += not ablation.run(self.slots, self.program, self.options.runs)
        for name in self.options.students:
            if data.available(ROWS[name].data, self.say):
                self.failed += not pictures.make(self.slots, self.program, ROWS[name], self.options.runs)
        return self.failed

    def train(self, wanted):
        """All teachers, each once, and then what is made of several."""
        single = {name: ROWS[name] for row in wanted for name in row.members or [row.name]}
        ended = set()

        def keep(row, done):
            if done:
                ended.add(row.name)
            if row in wanted:
                self.keep(row, done)

        self.slots.each(
            lambda row: teachers.train(self.slots, self.program, row, self.options.runs), single.values(), keep
        )
        for row in wanted:
            if row.members:
                self.keep(row, ended.issuperset(row.members))

    def keep(self, row, done):
        told = teachers.result(self.program, row, self.options.runs) if done else None
        if told is None:
            self.say(f"{row.name}: failed, or a test row has no finite density")
            self.failed += 1
            return
        before = self.found.get(row.name)
        # what was trained earlier had so many beside it then
        same = before and before["seconds"] == rows.rounded(told)["seconds"]
        at_once = before.get("at_once", 1) if same else self.slots.number
        results.save(self.found, told | ({"at_once": at_once} if at_once > 1 else {}))

    def compete(self, beside):
        """One contestant after the other on all data, so that those named first have an end on each."""
        names = [PEERS[name] for name in self.options.peers]
        contests = [
            contest
            for row in beside
            if row.name in self.found
            for contest in competition.due(self.program, row, names, self.options.runs, self.say)
        ]
        python = environment.python(self.say) if contests else None
        if python is not None:
            self.slots.each(
                lambda contest: competition.hold(self.slots, python, contest, self.options.runs, self.say),
                sorted(contests, key=lambda contest: names.index(contest.who)),
                lambda _, line: competition.keep(line),
            )
