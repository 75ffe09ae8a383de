"""YAML, JSON and CSV <-> core types; the only place that parses or writes them."""
