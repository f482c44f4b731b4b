"""The steps by which an image is filled: the Dockerfile runs them, and the tests without Docker.

An image is three layers in an empty root: Python with the libraries that it is linked to; the
packages that one deployable needs; and our own code. There is no shell, no package manager and
nothing that the deployable does not use.
"""
