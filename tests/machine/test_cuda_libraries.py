"""suite.machine.cuda: NVIDIA's libraries in a process, told by themselves."""

import ctypes
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from suite.machine.cuda import loaded_libraries

SITE = "/opt/venv/lib/python3.12/site-packages"


def stating(**functions: Any) -> Any:
    """A library with these functions, of which those with a pointer write a number there."""

    def writing(number: int) -> Any:
        return lambda pointer: setattr(pointer._obj, "value", number)

    calls = {name: writing(value) for name, value in functions.items() if isinstance(value, int)}
    return SimpleNamespace(**{**functions, **calls})


def cublas_property(which: int, pointer: Any) -> None:
    pointer._obj.value = (13, 1, 0)[which]


def cudnn_version() -> int:
    return 91900


# With the numbers that those of a machine with an H100 gave.
LIBRARIES = {
    "/home/me/cuda/libcudart.so.12.9.79": stating(cudaRuntimeGetVersion=12090),
    f"{SITE}/nvidia/cu13/lib/libcublas.so.13": stating(cublasGetProperty=cublas_property),
    f"{SITE}/nvidia/cudnn/lib/libcudnn.so.9": stating(cudnnGetVersion=cudnn_version),
    f"{SITE}/nvidia/nccl/lib/libnccl.so.2": stating(ncclGetVersion=22809),
    # Parts of libraries, whose names begin the same, and one without its function.
    f"{SITE}/nvidia/cu13/lib/libcublasLt.so.13": stating(cublasGetProperty=cublas_property),
    f"{SITE}/nvidia/cudnn/lib/libcudnn_ops.so.9": stating(cudnnGetVersion=cudnn_version),
    f"{SITE}/old/libcudart.so": stating(),
}


def test_what_is_loaded_states_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CUDA, cuBLAS, cuDNN and NCCL, of what the process loaded and not of what is installed."""
    lines = [f"7f00-7f10 r-xp 00000000 fe:00 123  {path}" for path in LIBRARIES]
    maps = tmp_path / "maps"
    maps.write_text("\n".join([*lines, *lines, "7f20-7f30 rw-p 00000000 00:00 0 ", ""]))
    monkeypatch.setattr(ctypes, "CDLL", LIBRARIES.__getitem__)

    told = loaded_libraries(maps)

    assert told == ("cublas 13.1.0", "cudart 12.9", "cudnn 9.19.0", "nccl 2.28.9")


def test_one_that_cannot_be_opened_again_is_left_out(tmp_path: Path) -> None:
    """A file that was replaced since it was loaded costs no record."""
    maps = tmp_path / "maps"
    maps.write_text(f"7f00-7f10 r-xp 00000000 fe:00 123  {tmp_path}/libcudnn.so.9\n")

    assert loaded_libraries(maps) == ()


def test_nothing_is_told_of_what_was_not_loaded() -> None:
    """A process that never touched a GPU has none of them."""
    assert loaded_libraries() == ()
