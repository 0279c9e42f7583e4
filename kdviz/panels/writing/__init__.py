"""The Words page: a student learns to write from a teacher, token by token."""
