"""Numbers as people read them: as many digits as the uncertainty leaves, true minus signs."""

import math


def estimate(value):
    """`0.361 ± 0.012` of a mean and its standard error: two digits of the error, and the mean to the same place."""
    mean, error = value
    if error is None or not error > 0 or not math.isfinite(mean):
        return significant(mean, 3)
    digit = math.floor(math.log10(error))
    if not -7 <= digit < 5:
        return f"{significant(mean, 3)} ± {significant(error, 2)}"
    decimals = max(0, 1 - digit)
    return f"{fixed(mean, decimals)} ± {fixed(error, decimals)}"


def percent(value):
    mean, error = value
    return f"{estimate((100 * mean, None if error is None else 100 * error))} %"


def significant(value, digits):
    """That many digits, without an exponent where it can be avoided."""
    if value == 0 or not math.isfinite(value):
        return fixed(value, 0)
    magnitude = math.floor(math.log10(abs(value)))
    if not -5 <= magnitude <= 6:
        return f"{value:.{digits - 1}e}".replace("-", "−")
    return fixed(round(value, digits - 1 - magnitude), max(0, digits - 1 - magnitude))


def fixed(value, decimals):
    return f"{value:,.{decimals}f}".replace("-", "−")


def duration(seconds):
    """`42 s`, `3 min 05 s`, `2 h 05 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{significant(seconds, 2)} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def listed(words):
    """`a, b and c`."""
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
