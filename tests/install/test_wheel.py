"""Building Horovod: from the source that is known, and with what is where on this machine."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from suite.install.cache import try_wheel
from suite.install.tools import VERSION, Cuda
from suite.install.wheel import build_settings, download, unpack
from suite.model.errors import InputError


def source(folder: Path, setup: bytes) -> Path:
    """An archive such as Horovod's, with a setup.py in it."""
    path = folder / f"horovod-{VERSION}.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        entry = tarfile.TarInfo(f"horovod-{VERSION}/setup.py")
        entry.size = len(setup)
        tar.addfile(entry, io.BytesIO(setup))
    return path


def test_another_source_than_the_known_one_is_never_run(tmp_path: Path) -> None:
    """A source with another sum stops the build before any of its code has run."""
    ran = tmp_path / "ran"
    source(tmp_path, f"open({str(ran)!r}, 'w')\n".encode())
    work = tmp_path / "work"
    work.mkdir()
    here_only = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}

    with pytest.raises(InputError, match="MATCH THE HASHES"):
        download(work, tmp_path / "log", {**os.environ, **here_only})

    assert not ran.exists()


@pytest.mark.parametrize("has_filters", [True, False])
def test_the_source_is_unpacked_by_every_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_filters: bool
) -> None:
    """Debian 12's Python 3.11.2 has no filters for archives, and builds all the same."""
    if not has_filters:
        monkeypatch.delattr(tarfile, "data_filter", raising=False)

    top = unpack(source(tmp_path, b"pass"), tmp_path)

    assert (top / "setup.py").read_bytes() == b"pass"


def test_a_damaged_kept_build_is_found_out(tmp_path: Path) -> None:
    """A broken wheel in the cache has a reason not to be used, and is not installed."""
    wheel = tmp_path / f"horovod-{VERSION}-py3-none-any.whl"
    wheel.write_bytes(b"not a wheel")

    state = try_wheel(wheel, None, tmp_path / "log", os.environ)

    assert "unpacking the kept build failed" in state.lack(nccl=False)


def test_a_gpu_build_links_with_the_nccl_of_pip(tmp_path: Path) -> None:
    """Its library has a name that linkers pass over; the build gets one that they find."""
    libraries = tmp_path / "lib"
    libraries.mkdir()
    (libraries / "libnccl.so.2").write_text("NCCL")
    elsewhere = Cuda(tmp_path / "cuda", tmp_path / "include", libraries)

    settings = build_settings(tmp_path / "kept", elsewhere)
    again = build_settings(tmp_path / "kept", elsewhere)

    assert (Path(settings["HOROVOD_NCCL_LIB"]) / "libnccl.so").read_text() == "NCCL"
    assert settings["LDFLAGS"] == f"-Wl,-rpath,{libraries}"
    assert again == settings
    assert "HOROVOD_GPU_OPERATIONS" not in build_settings(tmp_path / "kept", None)
