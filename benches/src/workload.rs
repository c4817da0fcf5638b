//! The entries that the benches send, and how many at a time.

/// Bytes of the data of an entry, where the transports are compared.
pub const SIZES: [usize; 3] = [64, 1024, 16 * 1024];

/// Entries in flight, where the transports are compared.
pub const CONCURRENCIES: [usize; 3] = [1, 16, 64];

/// Data that begins with the id and has `size` bytes, or those of the id if that is longer.
#[must_use]
pub fn data(id: &str, size: usize) -> String {
    let mut data = String::with_capacity(size.max(id.len()));
    data.push_str(id);
    // One repeated byte: random text would cost more than sending it.
    data.extend(std::iter::repeat_n('x', size.saturating_sub(id.len())));
    data
}
