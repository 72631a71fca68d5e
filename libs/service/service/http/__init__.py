"""Resources and routes over HTTP: from the bytes of a request to the problem or the representation it is answered."""
