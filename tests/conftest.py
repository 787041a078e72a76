"""What holds for all tests."""

from hypothesis import settings

# A deadline would make a test fail because a machine is busy.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
