"""Random and hostile instances of both programs, and a judge of the answers that shares no code.

instances.py makes an instance from (seed, family); exact.py computes with rational numbers; judge.py
re-derives every bound from the returned arrays; peers.py asks Clarabel and SCS.

    python -m tests.hostile --count 10000 --seed 1
"""
