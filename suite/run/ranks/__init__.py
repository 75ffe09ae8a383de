"""One launch on several GPUs: check its hosts, and start, hear and end its ranks together."""
