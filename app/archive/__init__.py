"""A competition as a zip that outlives the server: boards, pages, submissions, truth and log."""
