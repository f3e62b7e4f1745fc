"""Where a training runs: in this process, or in a container that holds the training stack."""
