"""The command line against the sandbox portal, over real HTTP."""
