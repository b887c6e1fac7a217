"""One predictor-corrector loop (loop.py: open it first), and its models l2, l1 and tv."""
