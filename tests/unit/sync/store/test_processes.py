"""A process counts as ended only where that is certain."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from sync.store.processes import Process, has_ended, this_process


def test_the_present_process_has_not_ended() -> None:
    assert not has_ended(this_process())
    assert this_process() == this_process()


def test_a_process_that_is_gone_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert has_ended(replace(this_process(), pid=child.pid))


def test_a_process_of_another_machine_or_container_is_never_known_to_have_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert not has_ended(replace(this_process(), pid=child.pid, space="another"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells when a process started")
def test_a_process_whose_number_another_one_has_now_has_ended() -> None:
    earlier = replace(this_process(), started="1")
    assert has_ended(earlier)


def test_a_running_process_whose_start_is_not_on_record_has_not_ended() -> None:
    assert not has_ended(replace(this_process(), started=""))


def test_a_process_of_another_user_is_seen_to_run() -> None:
    first = Process(host="", space=this_process().space, pid=os.getppid(), started="")
    assert not has_ended(first)
