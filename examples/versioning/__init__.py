"""Two versions of one model beside each other: an experiment, what came of it, and the way back from a bad version. CDNOW's customers."""
