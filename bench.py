#!/usr/bin/env python3
"""Entry point: `python bench.py VERB ...`; everything it does is in suite/cli."""

from suite.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
