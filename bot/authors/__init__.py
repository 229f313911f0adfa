"""Authors write the files of a stage: a language model, or the worked projects we ship."""
