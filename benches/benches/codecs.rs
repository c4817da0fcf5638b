//! Cost of writing and reading one entry, without sending it: the JSON body, the protobuf message, the AMQP event.

use std::hint::black_box;
use std::time::Duration;

use benches::workload::{SIZES, data};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use prost::Message;
use wire::entry::LogBody;
use wire::event::Event;
use wire::grpc::LogRequest;
use wire::id::EntryId;

/// Id of the entry, as clients make them.
const ID: &str = "0190c2a5-6c00-7000-8000-000000000000";

fn codecs(criterion: &mut Criterion) {
    for size in SIZES {
        let mut group = criterion.benchmark_group("codec");
        group.throughput(Throughput::Bytes(size as u64)).sample_size(50);
        group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
        let data = data(ID, size);
        let body = LogBody { id: EntryId::parse(ID).ok(), name: "bench".into(), data: data.clone() };
        let message = LogRequest {
            name: "bench".into(),
            data: data.clone(),
            id: ID.into(),
            via: "log-grpc".into(),
            traceparent: String::new(),
        };
        // `expect`, since criterion ignores what an iteration returns: errors are quick, and would count as fast codecs.
        // Without `black_box` the compiler could do the work once, outside of the loop.
        group.bench_function(format!("json/write/{size}"), |bencher| {
            bencher.iter(|| serde_json::to_vec(black_box(&body)).expect("a body"));
        });
        group.bench_function(format!("protobuf/write/{size}"), |bencher| {
            bencher.iter(|| black_box(&message).encode_to_vec());
        });
        group.bench_function(format!("event/write/{size}"), |bencher| {
            bencher.iter(|| Event::encode_log(black_box("bench"), black_box(&data)));
        });
        let (json, protobuf) = (serde_json::to_vec(&body).expect("a body"), message.encode_to_vec());
        let event = Event::encode_log("bench", &data);
        group.bench_function(format!("json/read/{size}"), |bencher| {
            bencher.iter(|| serde_json::from_slice::<LogBody>(black_box(&json)).expect("an entry"));
        });
        group.bench_function(format!("protobuf/read/{size}"), |bencher| {
            bencher.iter(|| LogRequest::decode(black_box(protobuf.as_slice())).expect("an entry"));
        });
        group.bench_function(format!("event/read/{size}"), |bencher| {
            bencher.iter(|| Event::decode(black_box(&event)).expect("an event"));
        });
        group.finish();
    }
}

criterion_group!(benches, codecs);
criterion_main!(benches);
