"""The same student under several seeds."""

import statistics


class Student:
    """The rows of one student on one target."""

    def __init__(self, rows):
        self.all = rows
        self.finished = [row for row in rows if "failed" not in row]
        self.failed = [row for row in rows if "failed" in row]

    def value(self, key):
        """The mean over the seeds and its standard error; of one seed the estimate's own. None where there is nothing.

        A value that was not estimated, such as a time, has no error under one seed.
        """
        values = [row[key] for row in self.finished if row.get(key) is not None]
        if not values:
            return None
        if len(values) == 1:
            (value,) = values
            return (value["mean"], value["standard_error"]) if isinstance(value, dict) else (value, None)
        means = [value["mean"] if isinstance(value, dict) else value for value in values]
        return statistics.mean(means), statistics.stdev(means) / len(means) ** 0.5

    def spread(self, key):
        """The mean over the seeds and their standard deviation; None for that of one seed."""
        values = [row[key] for row in self.finished if row.get(key) is not None]
        if not values:
            return None
        means = [value["mean"] if isinstance(value, dict) else value for value in values]
        return statistics.mean(means), statistics.stdev(means) if len(means) > 1 else None

    def mean(self, key):
        value = self.value(key)
        return None if value is None else value[0]

    def rate(self, op, batch):
        """Samples per second, the mean over the seeds."""
        lines = [line for row in self.finished for line in row.get("speed", [])]
        rates = [line["value"] for line in lines if (line["op"], line["batch"]) == (op, batch)]
        return statistics.mean(rates) if rates else None


class Study:
    """All rows, by target and student, or what else the key `name` tells apart."""

    def __init__(self, rows, name="student"):
        self.rows = rows
        self.groups = {}
        for row in rows:
            self.groups.setdefault((row["target"], row[name]), []).append(row)

    def of(self, target, student):
        return Student(self.groups.get((target, student), []))

    def finished(self):
        """Rows of students that came to an end."""
        return [row for row in self.rows if row["student"] != "teacher" and "failed" not in row]
