"""From a webhook to a typed fact: `delivery.py` checks and reads, `event.py` is the fact."""
