"""Programs that install what pip alone cannot; run by hand, by CI and by the Dockerfile."""
