"""What was sent and how it was judged: submissions never change, evaluations are the state machine."""
