"""Keys that are put together are those of opaque keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey
from opaque_keys.edx.locator import LibraryContainerLocator, LibraryLocatorV2, LibraryUsageLocatorV2

from import_from_modulestore.data import BlockKind, LocalKey
from import_from_modulestore.keys import UsageKeys, library_item_key

names = st.text("aé_.-~:%+@ \n", max_size=6) | st.text(max_size=4)


@given(kind=st.sampled_from(BlockKind), type_name=names, code=names)
def test_of_items_by_whatever_names(kind, type_name, code):
    library_key = LibraryLocatorV2("Acme", "Tides")
    try:
        if kind.is_container:
            expected = str(LibraryContainerLocator(library_key, container_type=type_name, container_id=code))
        else:
            expected = str(LibraryUsageLocatorV2(library_key, type_name, code))
    except ValueError:
        with pytest.raises(ValueError, match=r"is not a valid"):
            library_item_key(library_key, kind, LocalKey(type_name, code))
    else:
        assert library_item_key(library_key, kind, LocalKey(type_name, code)) == expected


@pytest.mark.parametrize("source_key", ["course-v1:Acme+Tides+2026", "library-v1:Acme+Tides"])
@given(block_type=names, block_id=names)
def test_of_blocks_by_whatever_names(source_key, block_type, block_id):
    key = CourseKey.from_string(source_key)
    try:
        expected = str(key.make_usage_key(block_type, block_id))
    except InvalidKeyError:
        with pytest.raises(InvalidKeyError):
            UsageKeys(key)(block_type, block_id)
    else:
        assert UsageKeys(key)(block_type, block_id) == expected
