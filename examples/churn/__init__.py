"""Who will not buy again? CDNOW's customers, seen at five moments, each time as they were then."""
