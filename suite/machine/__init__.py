"""What the machine is, what runs on it, and what it does while a launch is measured."""
