"""What a person reads: the rule in words, tables, and the statistics of many seeds."""
