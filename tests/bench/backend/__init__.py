"""The business services as a whole: real backend on PostgreSQL, real Kafka, real relay.

There is no bare program to compare them with, so their floors are times and rates, set wide.
"""
