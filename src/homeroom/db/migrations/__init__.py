"""The chain of migrations, one for both databases. ``homeroom.db.migrate`` runs it."""
