"""One module for each stage: what it asks of an author and the checks that turn files into evidence."""
