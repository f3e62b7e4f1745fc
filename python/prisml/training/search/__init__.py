"""``algorithm="auto"``: an algorithm and its parameters, found by successive halving on a part of the training rows."""
