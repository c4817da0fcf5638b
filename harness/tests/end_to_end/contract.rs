//! The contract of each path, on the real system.
