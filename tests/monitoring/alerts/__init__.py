"""For every alert, a history in which it fires and one, close to it, in which it does not.

Values are promtool's: `0+6x30` is 0 and then 6 more in each of 30 minutes, `1x30` is 1 throughout.
"""

from tests.monitoring.alerts.backend import BACKEND_CASES
from tests.monitoring.alerts.case import Case
from tests.monitoring.alerts.operator import OPERATOR_CASES
from tests.monitoring.alerts.relay import RELAY_CASES

CASES: tuple[Case, ...] = (*RELAY_CASES, *BACKEND_CASES, *OPERATOR_CASES)
