"""The platform on the Kubernetes cluster of kubectl's current context, for `make k8s-e2e`."""
