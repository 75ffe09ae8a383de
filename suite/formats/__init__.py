"""Results -> text for terminals and files; pure functions, data in and text out."""
