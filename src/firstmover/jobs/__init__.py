"""What a user asks for: design, resume, solve, certify, pretrain, export; the training loop and the run folders."""
