"""Events from a store into its topic, once and in order; and both compared, where they have parted."""
