"""Whether TensorFlow, Horovod and DALI are installed, and the lines that install them."""

from importlib.util import find_spec

from suite.kernels.interface import MissingComponentError

INSTALL_TENSORFLOW = "pip install -e '.[cpu]' (or '.[gpu]' for an NVIDIA GPU)"
INSTALL_HOROVOD = "python -m suite.install.horovod"
INSTALL_DALI = "pip install 'setuptools>=77' wheel && pip install --no-build-isolation -e '.[dali]'"


def require_tensorflow() -> None:
    """Import TensorFlow.

    Raises:
        MissingComponentError: it is not installed.
    """
    try:
        import tensorflow as tf  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":
            raise
        raise MissingComponentError(f"TensorFlow is not installed; {INSTALL_TENSORFLOW}") from None


def require_horovod() -> None:
    """Import Horovod.

    Raises:
        MissingComponentError: it is not installed, or was built for another TensorFlow.
    """
    try:
        import horovod.tensorflow  # noqa: F401
    except (ImportError, OSError) as error:
        raise MissingComponentError(
            f"Horovod cannot be imported ({error}); {INSTALL_HOROVOD}"
        ) from None


def dali_missing() -> str | None:
    """Why no cell can read with DALI here, or None. Imports nothing; launches try its plugin."""
    try:
        found = find_spec("nvidia.dali")
    except ModuleNotFoundError:  # of its parent package
        found = None
    return None if found else f"NVIDIA DALI is not installed; {INSTALL_DALI}"
