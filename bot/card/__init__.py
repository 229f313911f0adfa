"""The model card: README.md of a project and the plots in it."""
