"""What is open, by which rules: competitions, phases, participations, ground-truth versions."""
