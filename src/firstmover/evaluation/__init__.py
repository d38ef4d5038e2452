"""What a rule is worth beyond the followers it was made for: the behaviour matrix, measures, the quality of replies."""
