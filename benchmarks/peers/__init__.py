"""Other ways to read and write contacts, each run by the interpreter of an environment of its own.

What is in here imports nothing of ours but its neighbours, and starts what was installed there as it is: only the
address is another.
"""
