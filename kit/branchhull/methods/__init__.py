"""The papers' own method, and the reference that shares no code with the kit: admm, reference."""
