"""Builds are kept by what they depend on, outside the checkout."""

import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest

from suite.install.cache import default_cache, kept_wheel
from suite.install.tools import Build, find_cuda

BUILD = Build(tensorflow="2.21.0", open_mpi="4.1", compiler="12", nccl=False)


@pytest.mark.parametrize(
    "other",
    [
        replace(BUILD, tensorflow="2.21.1"),
        replace(BUILD, open_mpi="5.0"),
        replace(BUILD, compiler="13"),
        replace(BUILD, nccl=True),
    ],
)
def test_another_build_has_another_key(other: Build) -> None:
    """A build is never taken for one made with another TensorFlow, MPI, compiler or NCCL."""
    assert other.key != BUILD.key


def test_the_key_names_this_python_and_can_be_a_folder() -> None:
    """A build for another interpreter is not found, and the key is one path component."""
    assert str(sysconfig.get_config_var("SOABI")) in BUILD.key
    assert Path(BUILD.key).name == BUILD.key


def test_a_kept_build_is_found_by_its_key_alone(tmp_path: Path) -> None:
    """The cache returns what was kept under this key, and nothing for another."""
    wheel = tmp_path / BUILD.key / "horovod-0.28.1-cp311-cp311-linux_x86_64.whl"
    wheel.parent.mkdir()
    wheel.touch()

    assert kept_wheel(tmp_path, BUILD) == wheel
    assert kept_wheel(tmp_path, replace(BUILD, nccl=True)) is None


def test_the_cache_is_where_the_user_wants_caches(tmp_path: Path) -> None:
    """XDG_CACHE_HOME counts, else ~/.cache; an empty variable is none."""
    assert default_cache({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "resnet50-bench"
    assert default_cache({"XDG_CACHE_HOME": ""}) == Path.home() / ".cache" / "resnet50-bench"


def test_a_gpu_build_needs_both_toolkit_and_nccl(tmp_path: Path) -> None:
    """CUDA and NCCL are found where the environment says, and neither alone is enough."""
    toolkit, nccl = tmp_path / "cuda", tmp_path / "nccl"
    named = {"HOROVOD_CUDA_HOME": str(toolkit), "HOROVOD_NCCL_HOME": str(nccl)}
    for path in ("cuda/bin/nvcc", "cuda/include/cuda_runtime.h"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).touch()
    without = find_cuda(named)
    for path in ("nccl/include/nccl.h", "nccl/lib/libnccl.so.2"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).touch()
    found = find_cuda(named)

    assert without is None or without.nccl_headers != nccl / "include"
    assert found is not None
    assert (found.toolkit, found.nccl_libraries) == (toolkit, nccl / "lib")
