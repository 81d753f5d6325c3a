"""What a competition tells its participants: announcements by its organizers, and what the clock says of phases."""
