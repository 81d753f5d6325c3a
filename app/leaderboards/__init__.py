"""Who stands where: one standing per participant and phase, ranks computed when read."""
