"""The torture driver: changes from all sides at once, processes killed in between, and what must hold afterwards.

`make torture` runs it; tests/torture/test_short_run.py is a short run of it. A feature adds its resources to
``resources.py`` and what may collide to ``races.py``.
"""
