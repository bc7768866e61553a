"""The words of the app as plain data."""

from import_from_modulestore.data import Notice


def test_every_notice_has_a_sentence_of_its_own():
    assert [notice.name for notice in Notice] == list(Notice.__members__)
    assert len({notice.sentence(2) for notice in Notice}) == len(Notice)
