"""Installs what pip alone cannot: programs that are run by hand, by CI and by the Dockerfile."""
