"""Homeroom measured against the limit of its machine, and against its peers."""
