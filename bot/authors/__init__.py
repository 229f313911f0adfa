"""Authors write the files of a stage: a template author, later a language model."""
