"""Which customers are leaving? CDNOW's 23,570 customers of 1997, predicted in an async web service."""
