"""`python -m suite.kernels`: run one cell by hand with the page's own flags."""

from suite.program import run_program


def _run() -> int:
    from suite.cli.kernel import main

    return main()


if __name__ == "__main__":
    raise SystemExit(run_program(_run))
