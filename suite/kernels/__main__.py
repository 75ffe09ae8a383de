"""`python -m suite.kernels`: run one cell by hand with the page's own flags."""

from suite.cli.kernel import main

if __name__ == "__main__":
    raise SystemExit(main())
