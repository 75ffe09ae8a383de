"""One launch on several GPUs: its hosts asked, its ranks started, heard and ended together."""
