"""The events of the service employment: vacancies, applications for them, leads, and hires."""
