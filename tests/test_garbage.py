"""Python does not look for garbage while what makes little is at work, and does so again afterwards."""

import gc
from threading import Event, Thread

import pytest

from import_from_modulestore import api
from import_from_modulestore.garbage import no_garbage

from .builders import KEY, TARGET, section, subsection, text, unit, write_course


@pytest.fixture(autouse=True)
def looking():
    gc.enable()
    yield
    gc.enable()


def test_it_is_looked_for_again_afterwards():
    with no_garbage():
        assert not gc.isenabled()
        with no_garbage():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_looked_for_again_after_an_error():
    with pytest.raises(ValueError), no_garbage():
        raise ValueError
    assert gc.isenabled()


def test_who_does_not_look_for_it_at_all_does_not_afterwards():
    gc.disable()
    with no_garbage():
        pass
    assert not gc.isenabled()


def test_it_is_looked_for_once_no_thread_is_within():
    entered, leave = Event(), Event()

    @no_garbage()
    def work():
        entered.set()
        leave.wait()

    other = Thread(target=work)
    with no_garbage():
        other.start()
        entered.wait()
    assert not gc.isenabled()
    leave.set()
    other.join()
    assert gc.isenabled()


@pytest.mark.at_gate
def test_a_write_and_its_undo_leave_little(courses, user, library):
    def left(course: str, components: int) -> int:
        texts = (text(f"{course}{n}") for n in range(components))
        write_course(
            courses / course, section(f"{course}s", subsection(f"{course}b", unit(f"{course}u", *texts))), run=course
        )
        run = api.create_import(user=user, source_key=KEY.replace("R1", course), library_key=TARGET)
        api.stage_import(user=user, import_id=run.id)
        gc.collect()
        with no_garbage():
            api.complete_import(user=user, import_id=run.id)
            api.undo_import(user=user, import_id=run.id)
            return gc.collect()

    left("c0", 10)  # What is made once a process.
    assert left("c2", 300) - left("c1", 10) < 290 * 20  # Item by item it would be 110 each, and then the undo.
