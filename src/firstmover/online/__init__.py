"""Two learners online: a leader that learns from scratch meets a follower, without commitment within a round."""
