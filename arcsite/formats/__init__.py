"""Dates and times where a language of ours needs other ones than Django writes."""
