"""The control face: /homeroom/v1, for whoever runs the server (homeroom.md §5)."""
