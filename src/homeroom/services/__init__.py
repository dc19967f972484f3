"""Adapters to the world: jobs, storage, mail transport."""
