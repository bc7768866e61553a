"""Usage keys as texts are those of opaque keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from import_from_modulestore.keys import UsageKeys

names = st.text("aé_.-~:%+@ \n", max_size=6) | st.text(max_size=4)


@pytest.mark.parametrize("source_key", ["course-v1:Acme+Tides+2026", "library-v1:Acme+Tides"])
@given(block_type=names, block_id=names)
def test_of_whatever_names(source_key, block_type, block_id):
    key = CourseKey.from_string(source_key)
    try:
        expected = str(key.make_usage_key(block_type, block_id))
    except InvalidKeyError:
        with pytest.raises(InvalidKeyError):
            UsageKeys(key)(block_type, block_id)
    else:
        assert UsageKeys(key)(block_type, block_id) == expected
