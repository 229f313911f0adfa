"""One module for each stage: it runs the author's files and turns what they do into evidence."""
