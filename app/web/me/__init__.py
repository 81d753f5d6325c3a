"""The participants' pages: their submissions, sending and checking files, account, teams."""
