"""Guess and certify: Newton's method on the hyperbolas, reflections for a dual."""
