"""Version of the compiler, as the generated files state it; the package has the same."""

COMPILER_VERSION = "0.1.0"
