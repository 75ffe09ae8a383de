"""YAML, JSON, CSV, TFRecords and flags <-> types; only here are they parsed and written."""
