"""Whether NVIDIA DALI is there, looked for without importing it, and how to install it."""

from importlib.util import find_spec

INSTALL = "pip install 'setuptools>=77' wheel && pip install --no-build-isolation -e '.[dali]'"


def dali_missing() -> str | None:
    """Why no cell can read with DALI here, or None; its plugin is looked at by launches alone."""
    try:
        found = find_spec("nvidia.dali")
    except ModuleNotFoundError:  # of the folder that it lies in
        found = None
    return None if found else f"NVIDIA DALI is not installed; {INSTALL}"
