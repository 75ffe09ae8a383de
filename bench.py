#!/usr/bin/env python3
# PYTHON_ARGCOMPLETE_OK
"""Entry point: `python bench.py VERB ...`; everything it does is in suite/cli."""

import sys
import traceback

if __name__ == "__main__":
    try:
        from suite.__main__ import main
    except Exception:  # noqa: BLE001 - a damaged checkout, which Python would make exit code 1
        traceback.print_exc()
        sys.exit(70)
    main()
