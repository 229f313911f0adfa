"""Where samples come from: one module for each kind of data source."""
