"""Cells -> launches: each in a process of its own, each with exactly one record."""
