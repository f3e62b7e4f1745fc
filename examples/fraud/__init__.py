"""Which payments are fraud? Made-up payments by card, one in 119 of them a thief's, and a threshold that goes by money."""
