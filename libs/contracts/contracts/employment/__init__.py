"""The events of the service employment: vacancies, applications for them, and hires."""
