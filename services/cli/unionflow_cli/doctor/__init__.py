"""`unionflow doctor`: what this machine has and lacks, and the command that mends each lack."""

from unionflow_cli.doctor.command import doctor

__all__ = ["doctor"]
