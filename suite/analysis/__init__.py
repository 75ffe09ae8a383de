"""From records to what a person should conclude: arithmetic, without I/O, clock or framework."""
