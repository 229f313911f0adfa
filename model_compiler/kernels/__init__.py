"""C sources of the kernels, as data."""
