//! The counters of proxies and toxics for Prometheus.

use std::fmt::Write;
use std::sync::Arc;

use http::StatusCode;
use tokio::runtime::Handle;

use super::super::proxy::ProxyView;
use super::super::registry::Registry;
use super::answer::{ApiAnswer, with_type};
use faultline_toxics::{Effects, Toxic};

/// Content type of the text format.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Metric with its values by labels.
struct Metric {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    values: Vec<(String, u64)>,
}

pub(super) async fn answer(registry: &Registry) -> ApiAnswer {
    let mut views = Vec::new();
    for proxy in registry.all().await {
        views.push(proxy.view().await);
    }
    with_type(StatusCode::OK, CONTENT_TYPE, text(&views))
}

fn text(views: &[ProxyView]) -> String {
    let mut text = String::new();
    // By metric and not by proxy: the format wants all values of a metric in one group.
    for Metric { name, kind, help, values } in metrics(views) {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in values {
            let _ = writeln!(text, "{name}{{{labels}}} {value}");
        }
    }
    text
}

fn metrics(views: &[ProxyView]) -> Vec<Metric> {
    let each_proxy = |value: fn(&ProxyView) -> u64| -> Vec<(String, u64)> {
        views.iter().map(|view| (labels(&[("proxy", &view.name)]), value(view))).collect()
    };
    let bytes = || {
        let each = |view: &ProxyView| {
            let counters = view.counters;
            [("upstream", counters.upstream_bytes), ("downstream", counters.downstream_bytes)].map(
                |(direction, bytes)| {
                    let named = [
                        ("direction", direction),
                        ("proxy", view.name.as_str()),
                        ("listener", view.listen.as_str()),
                        ("upstream", view.upstream.as_str()),
                    ];
                    (labels(&named), bytes)
                },
            )
        };
        views.iter().flat_map(each).collect()
    };
    let toxics = |value: fn(&Effects) -> u64| {
        let each = |view: &ProxyView| -> Vec<(String, u64)> {
            let row = |toxic: &Arc<Toxic>| {
                let named = [
                    ("proxy", view.name.as_str()),
                    ("toxic", toxic.name.as_str()),
                    ("type", toxic.settings.spec().name),
                ];
                (labels(&named), value(toxic.effects()))
            };
            view.toxics.all().map(row).collect()
        };
        views.iter().flat_map(each).collect()
    };
    let metric = |name, kind, help, values| Metric { name, kind, help, values };
    vec![
        // Toxiproxy's name and labels, so that its dashboards work. It has none of the metrics below.
        metric("toxiproxy_proxy_sent_bytes_total", "counter", "Bytes sent", bytes()),
        metric(
            "proxy_connections_total",
            "counter",
            "Connections accepted",
            each_proxy(|view| view.counters.accepted),
        ),
        metric("proxy_connections_open", "gauge", "Connections open", each_proxy(|view| view.counters.open)),
        metric(
            "proxy_connections_reset_total",
            "counter",
            "Connections reset",
            each_proxy(|view| view.counters.reset),
        ),
        metric(
            "proxy_upstream_refused_total",
            "counter",
            "Connections that the upstream did not accept",
            each_proxy(|view| view.counters.upstream_refused),
        ),
        metric(
            "proxy_toxic_connections_total",
            "counter",
            "Connections that a toxic affected, counted by direction",
            toxics(Effects::connections),
        ),
        metric(
            "proxy_toxic_bytes_total",
            "counter",
            "Bytes that a toxic delayed, dropped or changed",
            toxics(Effects::bytes),
        ),
        metric(
            // Tasks that outlive their connections are a leak, which the soak of the benches looks for.
            "proxy_runtime_tasks",
            "gauge",
            "Tasks of the program that have not ended",
            vec![(String::new(), Handle::current().metrics().num_alive_tasks() as u64)],
        ),
    ]
}

fn labels(labels: &[(&str, &str)]) -> String {
    // The backslash first: the other two add backslashes, which must not be escaped again.
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let each: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    each.join(",")
}
