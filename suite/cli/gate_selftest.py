"""`bench.py gate selftest`: what recorded launches tell of the gate on this machine."""
