"""One profile for hypothesis: the same cases on every machine, and no clock in a test.

To look for new counter-examples: python -m pytest --hypothesis-profile=default tests/test_hull.py
"""

from hypothesis import settings

settings.register_profile("reproducible", derandomize=True, deadline=None)
settings.load_profile("reproducible")
