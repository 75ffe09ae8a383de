"""`python -m suite.install.horovod`: the installer, with any failure as one line."""

from collections.abc import Sequence

from suite.program import run_program


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the installer; returns the exit code."""
    return run_program(lambda: _install(arguments))


def _install(arguments: Sequence[str] | None) -> int:
    from suite.install.installer import install

    return install(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
