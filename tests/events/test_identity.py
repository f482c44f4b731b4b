import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unionflow_events import uuid7


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_an_id_is_a_uuid_of_version_7_that_carries_its_millisecond(
    now_ms: int, random: bytes
) -> None:
    made = uuid.UUID(uuid7(now_ms, random))

    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == now_ms
    assert str(made) == uuid7(now_ms, random)


def test_an_id_is_the_one_of_the_rfcs_own_example() -> None:
    # RFC 9562, appendix A.6
    random = bytes.fromhex("0cc3" + "18c4dc0c0c07398f")

    assert uuid7(0x017F22E279B0, random) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@given(st.integers(0, 2**48 - 2), st.binary(min_size=10, max_size=10))
def test_ids_of_later_milliseconds_sort_after_earlier_ones(now_ms: int, random: bytes) -> None:
    assert uuid7(now_ms, b"\xff" * 10) < uuid7(now_ms + 1, random)


@pytest.mark.parametrize(
    ("now_ms", "random"), [(-1, bytes(10)), (2**48, bytes(10)), (0, bytes(9)), (0, bytes(11))]
)
def test_what_is_no_time_or_too_little_chance_makes_no_id(now_ms: int, random: bytes) -> None:
    with pytest.raises(ValueError, match="uuid7 takes"):
        uuid7(now_ms, random)
