"""Turn a request into a proposal with evidence: goal, stages, checks, authors, forges, commands."""
