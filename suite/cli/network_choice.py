"""A trained network for the verbs that compute in their own process, without a GPU."""

from dataclasses import dataclass
from pathlib import Path

from suite.model.cell import PUBLISHED_IMAGE_SIZE, KernelName
from suite.model.errors import InputError
from suite.model.text import shown
from suite.model.trained_network import TrainedNetwork
from suite.store.trained_networks import find_network


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenNetwork:
    """A network, and the side of the images that it is used with, in pixels."""

    network: TrainedNetwork
    image_size: int


def chosen_network(given: Path, image_size: int | None) -> ChosenNetwork:
    """The network at a path; without `image_size` it takes images as large as in its training.

    Prints what was passed over on the way to it.

    Raises:
        InputError: there is none, or it is that of the small problem.
    """
    network = find_network(given)
    header = network.header
    if header is not None and header.training.cell.kernel is KernelName.SIMULATED:
        raise InputError(
            f"{given}: is a training of the small problem that stands in for the network, and takes"
            " no images; give a training of the network, such as by the recipe digits"
        )
    for note in network.notes:
        print(f"note: {shown(note)}", flush=True)
    return ChosenNetwork(
        network=network, image_size=image_size or network.image_size or PUBLISHED_IMAGE_SIZE
    )
