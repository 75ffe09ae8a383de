"""A stand-in for the real kernel that sleeps by the clock."""
