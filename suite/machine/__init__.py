"""What the machine is and how long a step takes."""
