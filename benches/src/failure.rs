//! The error of a bench.

/// Error that ends a bench; printed as it is.
pub type BenchError = Box<dyn std::error::Error + Send + Sync>;
