"""Files and libraries of others, one module each."""
