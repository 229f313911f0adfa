"""Talk to language models behind one protocol: prompts in, validated values out, costs counted."""
