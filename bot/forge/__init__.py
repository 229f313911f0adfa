"""Where issues and pull requests live, behind one protocol."""
