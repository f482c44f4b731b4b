"""The backend killed with -9 at random points: what was committed, against what Kafka has.

`python -m tests.backend.kills --points 200` runs it at length; `make test` runs a few points.
"""
