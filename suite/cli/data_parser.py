"""The flags of `bench.py data`, separate from the verb so that `--help` stays quick."""

import argparse
import reprlib

from suite.cli.verb_parser import Verbs, add_verb
from suite.model.bounds import Bounds
from suite.model.flag_values import SEEDS, checked, whole
from suite.store.flags import path, path_text

# Enough for ImageNet's training images, which are in 1,024 shards, whose names have five digits.
_IMAGES = Bounds(1, 1_300_000)
_SHARDS = Bounds(1, 99_999)
# 16 pixels are the smallest block of a JPEG with halved colour.
_SIDES = Bounds(16, 8192)


def add_data(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add the verb; the chosen action is in `action`."""
    text = "make, index or check TFRecords in ImageNet's layout"
    example = ("data", "make", "--out", "images", "--images", "256")
    parser = add_verb(verbs, "data", text, example)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)

    text = "write a small data set of random images, or of handwritten digits"
    make = add_verb(actions, "make", text, example)
    add = make.add_argument_group("where").add_argument
    add("--out", type=path, required=True, metavar="DIR", help="a new directory")
    add(
        "--shards",
        type=whole(_SHARDS),
        default=4,
        metavar="K",
        help="files per split (%(default)s)",
    )
    images = make.add_argument_group("which images")
    kind = images.add_mutually_exclusive_group(required=True)
    kind.add_argument(
        "--images",
        type=whole(_IMAGES),
        metavar="N",
        help="random training images, and as many validation images",
    )
    kind.add_argument(
        "--digits",
        action="store_true",
        help="the 1,797 handwritten digits that scikit-learn brings; a fifth for validation",
    )
    add = images.add_argument
    add("--size", type=checked(_size), metavar="WxH", help="of random images (500x375)")
    add("--seed", type=whole(SEEDS), help="of random images (default: 0)")

    text = "make the index files that DALI needs, and check them"
    index = add_verb(actions, "index", text, ("data", "index", "images"))
    index.add_argument("directory", type=path, metavar="DIR", help="directory of the shards")
    index.add_argument(
        "--out", type=path, metavar="IDXDIR", help="where to write them (default: DIR/index)"
    )

    text = "read and decode every record; the first bad one is an error"
    check = add_verb(actions, "check", text, ("data", "check", "images"))
    check.add_argument("directory", type=path, metavar="DIR", help="directory of the shards")
    check.add_argument(
        "--index", type=path, metavar="IDXDIR", help="DALI's index (default: DIR/index, if present)"
    )


def add_data_directories(parser: argparse.ArgumentParser) -> None:
    """Add the flags that give a matrix's cells their records."""
    add = parser.add_argument_group("real images").add_argument
    add("--data_dir", type=path_text, metavar="DIR", help="TFRecords, for cells that read them")
    add("--data_idx_dir", type=path_text, metavar="DIR", help="their index, for cells of DALI")


def _size(text: str) -> tuple[int, int]:
    """Width and height in pixels."""
    width, times, height = text.partition("x")
    if not times:
        raise ValueError(f"{reprlib.repr(text)} is not WIDTHxHEIGHT, such as 500x375")
    return _SIDES.whole(width), _SIDES.whole(height)
