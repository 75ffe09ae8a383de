"""One launch on several GPUs: check its hosts, and start, monitor and end its ranks together."""
