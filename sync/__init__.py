"""The side that meets HubSpot, the database and the clock."""
