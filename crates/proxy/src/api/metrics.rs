//! What proxies have seen and done, as Prometheus reads it.

use std::fmt::Write;

use http::StatusCode;
use tokio::runtime::Handle;

use super::super::registry::Registry;
use super::super::single::View;
use super::answer::{Answer, with_type};

const KIND: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A metric, its type and help, and its values: labels and number.
struct Metric {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    values: Vec<(String, u64)>,
}

pub(super) async fn answer(registry: &Registry) -> Answer {
    let mut views = Vec::new();
    for proxy in registry.all().await {
        views.push(proxy.view().await);
    }
    with_type(StatusCode::OK, KIND, text(&views))
}

fn text(views: &[View]) -> String {
    let mut text = String::new();
    for Metric { name, kind, help, values } in metrics(views) {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in values {
            let _ = writeln!(text, "{name}{{{labels}}} {value}");
        }
    }
    text
}

fn metrics(views: &[View]) -> Vec<Metric> {
    let of = |value: fn(&View) -> u64| -> Vec<(String, u64)> {
        views.iter().map(|view| (labels(&[("proxy", &view.name)]), value(view))).collect()
    };
    let bytes = || {
        let each = |view: &View| {
            let counters = view.counters;
            [("upstream", counters.upstream_bytes), ("downstream", counters.downstream_bytes)].map(
                |(direction, bytes)| {
                    let told = [
                        ("direction", direction),
                        ("proxy", view.name.as_str()),
                        ("listener", view.listen.as_str()),
                        ("upstream", view.upstream.as_str()),
                    ];
                    (labels(&told), bytes)
                },
            )
        };
        views.iter().flat_map(each).collect()
    };
    let toxics = |value: fn(&faultline_toxics::Effects) -> u64| {
        let each = |view: &View| -> Vec<(String, u64)> {
            let told = |toxic: &std::sync::Arc<faultline_toxics::Toxic>| {
                let told = [
                    ("proxy", view.name.as_str()),
                    ("toxic", toxic.name.as_str()),
                    ("type", toxic.settings.spec().name),
                ];
                (labels(&told), value(toxic.effects()))
            };
            view.toxics.all().map(told).collect()
        };
        views.iter().flat_map(each).collect()
    };
    let metric = |name, kind, help, values| Metric { name, kind, help, values };
    vec![
        metric("toxiproxy_proxy_sent_bytes_total", "counter", "Bytes passed on", bytes()),
        metric(
            "proxy_connections_total",
            "counter",
            "Connections accepted",
            of(|view| view.counters.accepted),
        ),
        metric("proxy_connections_open", "gauge", "Connections open", of(|view| view.counters.open)),
        metric(
            "proxy_connections_reset_total",
            "counter",
            "Connections reset",
            of(|view| view.counters.reset),
        ),
        metric(
            "proxy_upstream_refused_total",
            "counter",
            "Connections that the upstream did not take",
            of(|view| view.counters.upstream_refused),
        ),
        metric(
            "proxy_toxic_connections_total",
            "counter",
            "Directions of connections that a toxic has done something to",
            toxics(faultline_toxics::Effects::connections),
        ),
        metric(
            "proxy_toxic_bytes_total",
            "counter",
            "Bytes that a toxic has delayed, dropped or changed",
            toxics(faultline_toxics::Effects::bytes),
        ),
        metric(
            "proxy_runtime_tasks",
            "gauge",
            "Tasks of the whole program that have not ended",
            vec![(String::new(), Handle::current().metrics().num_alive_tasks() as u64)],
        ),
    ]
}

fn labels(labels: &[(&str, &str)]) -> String {
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let each: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    each.join(",")
}
