"""Starts the business services: `python -m unionflow_backend`."""

import sys

from unionflow_backend.main import main

sys.exit(main())
