"""The portal's web interface: HubSpot's paths, and the sandbox's own under `/_sandbox/`."""
