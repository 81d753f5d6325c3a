"""What an explanation says, as data: sides, aspects and directions read from free text."""
