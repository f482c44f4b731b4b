"""Where a process meets its machine: signals, sockets, threads, standard error."""
