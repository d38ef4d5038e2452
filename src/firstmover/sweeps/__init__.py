"""Many designs: games x followers x leaders x parameters x seeds, on this machine or on a cluster."""

PLACES = ("local", "ray", "slurm")  # where, by name
