"""Every customer scored every night: chunks, upserts, and a run that may be killed. CDNOW's customers, as in the example of churn."""
