"""The sandbox portal, held to what is known of HubSpot: mostly through HubSpot's own client."""
