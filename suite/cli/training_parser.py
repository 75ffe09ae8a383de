"""The flags of `bench.py train` and `bench.py project`."""

import argparse
from pathlib import Path

from suite.cli.data_parser import add_data_directories
from suite.cli.run_parser import duration_seconds
from suite.cli.verb_parser import Verbs, add_verb
from suite.model.bounds import Bounds
from suite.model.cell import Precision
from suite.model.flag_values import whole
from suite.model.reading import IMAGENET_TRAINING_IMAGES, IMAGENET_VALIDATION_IMAGES
from suite.model.training_record import CHECKPOINT_EVERY, EVAL_EVERY
from suite.store.flags import path

# A thousand times ImageNet.
_IMAGES = Bounds(1, 1_300_000_000)
PRECISIONS = tuple(precision.value for precision in Precision)


def add_train(verbs: "Verbs[argparse.ArgumentParser]", reports: Path) -> None:
    """Add the verb; `resume` is None, True for the newest training, or the directory given."""
    parser = add_verb(
        verbs,
        "train",
        "train by a recipe to an accuracy, which is set beside the published one",
        ("train", "demo"),
        ("train", "dgx1_90epochs", "--data_dir", "images", "--precision", "amp"),
        ("train", "dgx1_90epochs", "--data_dir", "images", "--precision", "amp", "--resume"),
    )
    parser.add_argument(
        "--out",
        type=path,
        default=reports,
        metavar="DIR",
        help="folder in which the training directory is made (default: %(default)s)",
    )
    _add_recipe(parser)
    add_data_directories(parser)
    add = parser.add_argument_group("how it is trained").add_argument
    add(
        "--eval-every",
        type=whole(EVAL_EVERY),
        default=1,
        metavar="N",
        help="evaluate after every N epochs, and after the last (%(default)s)",
    )
    add(
        "--checkpoint-every",
        type=whole(CHECKPOINT_EVERY),
        metavar="N",
        help="write a checkpoint every N steps, besides that of each epoch",
    )
    add(
        "--max-time",
        type=duration_seconds,
        metavar="TIME",
        help="stop after this time (30m, 1h30m), with a checkpoint; --resume does the rest",
    )
    add = parser.add_argument_group("going on with an earlier training").add_argument
    add(
        "--resume",
        nargs="?",
        const=True,
        type=path,
        metavar="DIR",
        help="go on from the last checkpoint of this training directory (default: the newest"
        " training by this recipe in --out)",
    )
    add = parser.add_argument_group("the device").add_argument
    add(
        "--hostfile",
        type=path,
        metavar="FILE",
        help="hosts for a training on several GPUs: lines of 'node1 slots=8', this machine first",
    )
    add("--wait", action="store_true", help="wait while another run uses the device")


def add_project(verbs: "Verbs[argparse.ArgumentParser]", reports: Path) -> None:
    """Add the verb."""
    parser = add_verb(
        verbs,
        "project",
        "hours of a recipe at the rate of a run, beside the published hours",
        ("project", "--recipe", "dgx1_90epochs", "--set", "gpus=1"),
        ("project", "reports/run-a", "--recipe", "dgx1_90epochs", "--precision", "amp"),
    )
    parser.add_argument(
        "run",
        nargs="?",
        type=path,
        metavar="RUN",
        help=f"directory of a run that measured training (default: the newest under {reports})",
    )
    parser.add_argument(
        "--recipe",
        type=path,
        required=True,
        metavar="RECIPE",
        help="a recipe of the suite by name, or a file",
    )
    _add_choice(parser)
    add = parser.add_argument_group("what it would be trained on").add_argument
    add(
        "--images",
        type=whole(_IMAGES),
        default=IMAGENET_TRAINING_IMAGES,
        metavar="N",
        help="images of the training split (default: %(default)s, those of ImageNet)",
    )
    add(
        "--validation-images",
        type=whole(_IMAGES),
        default=IMAGENET_VALIDATION_IMAGES,
        metavar="N",
        help="images of the validation split (default: %(default)s)",
    )


def _add_recipe(parser: argparse.ArgumentParser) -> None:
    """A recipe, and the flags that choose of it and change it."""
    parser.add_argument(
        "recipe",
        type=path,
        metavar="RECIPE",
        help="a recipe of the suite by name, such as demo, or a file",
    )
    _add_choice(parser)


def _add_choice(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("what is trained").add_argument
    add(
        "--precision",
        choices=PRECISIONS,
        metavar="NAME",
        help="fp32, tf32 or amp, if the recipe has it (default: its first)",
    )
    add(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="NAME=VALUE",
        help="a setting in place of the recipe's, such as gpus=4, lr_init=0.1 or data=dali; may be"
        " given several times, and the record says so",
    )
