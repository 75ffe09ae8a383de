"""A wheel, installed outside a checkout: the command, the matrices and the tables come with it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def run(*words: object, cwd: Path) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        list(map(str, words)), cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel, and with what it needs from this one's."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    files = run("git", "ls-files", "-z", cwd=ROOT).stdout.split("\0")[:-1]
    for name in files:  # so that the build leaves nothing in the checkout
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).hardlink_to(ROOT / name)
    pip = (sys.executable, "-m", "pip", "--quiet")
    run(*pip, "wheel", "--no-deps", "--wheel-dir", folder, source, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "environment", cwd=folder)
    python = folder / "environment" / "bin" / "python"
    run(*pip, "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    (packages,) = (folder / "environment" / "lib").glob("python*/site-packages")
    own = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "dependencies.pth").write_text("\n".join(own) + "\n")
    return python.parent


def test_the_command_runs_a_matrix_by_name_anywhere(installed: Path, tmp_path: Path) -> None:
    """Neither a checkout nor a file is needed for a first run, and hints name the command."""
    done = run(installed / "resnet50-bench", "run", "demo", cwd=tmp_path)
    listed = run(installed / "resnet50-bench", "reference", "list", cwd=tmp_path)

    assert "training-amp-xla-bs8-1gpu-simulated" in done.stdout
    assert len(list(tmp_path.glob("reports/*/cells/*.json"))) == 7
    assert "next: resnet50-bench reference show t4" in listed.stdout


def test_a_recipe_comes_by_name_too(installed: Path, tmp_path: Path) -> None:
    """The published recipes are as near as the matrices."""
    done = run(installed / "resnet50-bench", "train", "demo", cwd=tmp_path)

    assert "of 203 images after epoch 10" in done.stdout
    assert len(list(tmp_path.glob("reports/*-demo-train/checkpoints/100.ckpt"))) == 1


def test_the_module_is_the_same_program(installed: Path, tmp_path: Path) -> None:
    """`python -m suite` plans a published matrix beside its table."""
    done = run(installed / "python", "-m", "suite", "plan", "t4_inference", cwd=tmp_path)

    assert "inference-amp-xla-bs256-1gpu" in done.stdout


def test_a_name_that_is_no_matrix_is_told_with_the_nearest(installed: Path, tmp_path: Path) -> None:
    """A slip ends with exit code 2 and what was probably meant."""
    done = subprocess.run(
        [installed / "resnet50-bench", "run", "t4_inferense"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr == (
        "error: t4_inferense: no such matrix and no such file; did you mean 't4_inference'?\n"
    )


def test_a_missing_package_is_told_without_a_checkout(installed: Path, tmp_path: Path) -> None:
    """The remedy is none that only a checkout has."""
    code = (
        "import sys; sys.modules['pydantic'] = None; sys.argv = ['x', 'plan', 'demo'];"
        "import suite.__main__; suite.__main__.main()"
    )
    done = subprocess.run(
        [installed / "python", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "install resnet50-bench again, with what it needs\n" in done.stderr
