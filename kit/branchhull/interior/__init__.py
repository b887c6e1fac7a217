"""Interior point methods made for these programs: l2, l1, tv."""
