//! Empty: this package exists for its lock file, which pins the sources of the peers that tests talk to.
