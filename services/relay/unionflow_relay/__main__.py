"""Starts a relay: `python -m unionflow_relay`."""

import sys

from unionflow_relay.main import main

sys.exit(main())
