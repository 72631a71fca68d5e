"""What Kubernetes is given, rendered and read: what schemas cannot know is checked here, over all objects together."""
