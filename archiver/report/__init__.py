"""What was removed, to look at: documents in order of doubt, one page of HTML, decisions."""
