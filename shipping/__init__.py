"""What is made of the sources for others to install: images, packages, releases.

Nothing of it is shipped itself. `shipping.image` needs no package: it runs where an image is built.
"""
