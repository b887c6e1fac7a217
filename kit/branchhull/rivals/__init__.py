"""What people did before, and beside, BranchHull."""
