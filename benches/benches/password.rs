//! Time of verifying a password, by the cost of its hash.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};

/// Costs of the hash: 10 is the default here and elsewhere; 12 is recommended.
const COSTS: [u32; 2] = [10, 12];

fn passwords(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("password");
    group.sample_size(20);
    for cost in COSTS {
        let hash = bcrypt::hash("password123", cost).expect("a cost that bcrypt knows");
        group.bench_function(format!("bcrypt/{cost}"), |bencher| {
            bencher.iter(|| {
                let right = bcrypt::verify(black_box("password123"), black_box(&hash));
                // A refusal may be quick, and would count as a fast verification.
                assert!(right.expect("a hash of bcrypt's"), "the password is right");
            });
        });
    }
    group.finish();
}

criterion_group!(benches, passwords);
criterion_main!(benches);
