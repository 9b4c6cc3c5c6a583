#!/usr/bin/env python3
"""Read event files with TensorBoard's own reader and print what it finds.

One line per tag, separated by tabs: kind, run, tag, number of entries, last step, last value.
Runs are the folders below the log folder that hold event files.
Exits with 1 when a folder holds no event file or an event file holds no tag.

Needs: pip install tensorboard
"""

import argparse
import pathlib
import sys

from tensorboard.backend.event_processing import event_accumulator


def describe_histogram(value):
    return f"n={value.num:g} min={value.min:g} max={value.max:g} buckets={len(value.bucket)}"


def describe_image(event):
    png = event.encoded_image_string.startswith(b"\x89PNG\r\n\x1a\n")
    return f"{event.width}x{event.height} {'png' if png else 'not a png'}"


def describe_tensor(event):
    if event.tensor_proto.string_val:
        return repr(event.tensor_proto.string_val[0].decode("utf-8"))
    return "tensor"


def read(folder):
    """Yields (kind, tag, entries, last step, last value) of one folder of event files."""
    unlimited = dict.fromkeys(event_accumulator.DEFAULT_SIZE_GUIDANCE, 0)
    accumulator = event_accumulator.EventAccumulator(str(folder), size_guidance=unlimited)
    accumulator.Reload()
    tags = accumulator.Tags()
    kinds = [
        ("scalar", "scalars", accumulator.Scalars, lambda event: repr(event.value)),
        ("histogram", "histograms", accumulator.Histograms, lambda event: describe_histogram(event.histogram_value)),
        ("image", "images", accumulator.Images, describe_image),
        ("tensor", "tensors", accumulator.Tensors, describe_tensor),
    ]
    for kind, group, entries_of, describe in kinds:
        for tag in tags[group]:
            entries = entries_of(tag)
            yield kind, tag, len(entries), entries[-1].step, describe(entries[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="a folder with event files, or with runs below it")
    folder = parser.parse_args().folder
    runs = sorted({path.parent for path in folder.rglob("*tfevents*")})
    if not runs:
        print(f"no event files in {folder}", file=sys.stderr)
        return 1
    for run in runs:
        lines = list(read(run))
        if not lines:
            print(f"no tags in {run}", file=sys.stderr)
            return 1
        for kind, *rest in lines:
            print(kind, run.relative_to(folder), *rest, sep="\t")
    return 0


if __name__ == "__main__":
    sys.exit(main())
