"""Random and hostile instances of both programs, and a judge of the answers.

make_*.py make an instance from (family, seed); exact.py computes with rational numbers; judge_*.py
derive every bound again from the returned arrays and import nothing of the kit; peers.py asks
Clarabel and SCS; trial.py does all of it for one instance.

    python -m tests.hostile --count 10000 --seed 1
"""
