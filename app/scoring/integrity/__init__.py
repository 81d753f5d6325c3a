"""Evidence for organizers: doubtful labels, and entries that resemble each other beyond chance. Never a verdict."""
