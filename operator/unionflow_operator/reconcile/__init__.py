"""One look at a stream at a time: gather all that bears on it, plan, carry the plan out.

`workers` takes names out of the queue; `reconciler` is one look.
"""
