"""What people read of a proposal: the texts of a pull request, its comments and evidence.json."""
