"""The participant's and CI's door: the `palmares` command and its HTTP client; imports only the core, relatively."""
