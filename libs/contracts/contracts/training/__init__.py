"""The events of the service training: campaigns, needs, forecasts, courses, sessions, enrolments, and the building."""
