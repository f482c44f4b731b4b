"""Other servers that the bench can put beside the relay: `--servers relay centrifugo`."""
