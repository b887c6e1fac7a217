"""Generators of data, pictures, and what the program will find of them."""
