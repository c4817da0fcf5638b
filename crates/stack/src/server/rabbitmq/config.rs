//! Configuration of a RabbitMQ node of the lab: one file of Erlang terms, which every version reads as it is.

use super::{AMQP, MANAGEMENT, NAME, password, user};
use crate::server::{ServerError, ServerPlace};

/// Free disk, in bytes, below which RabbitMQ blocks publishers.
// Its default of 50 MB would make a machine that is nearly full look like a fault.
const DISK_FREE_LIMIT: u64 = 10_000_000;

/// The text of `advanced.config`.
pub(super) fn text(place: &ServerPlace) -> Result<String, ServerError> {
    let amqp = place.port(NAME, AMQP)?;
    let rabbit = format!(
        "{{rabbit, [\n  \
           {{tcp_listeners, [{{\"127.0.0.1\", {amqp}}}]}},\n  \
           {{default_user, {}}},\n  \
           {{default_pass, {}}},\n  \
           {{disk_free_limit, {DISK_FREE_LIMIT}}},\n  \
           {{log, [{{console, [{{enabled, true}}, {{level, info}}]}}, {{file, [{{file, false}}]}}]}}\n]}}",
        binary(&user(place)),
        binary(&password(place)),
    );
    let management = place.ports.get(&MANAGEMENT).map(|port| {
        format!(",\n{{rabbitmq_management, [{{tcp_config, [{{ip, \"127.0.0.1\"}}, {{port, {port}}}]}}]}}")
    });
    Ok(format!("[\n{rabbit}{}\n].\n", management.unwrap_or_default()))
}

/// The plugins that are on.
// The management page slows every boot, so it is there only where its port is used.
pub(super) fn plugins(place: &ServerPlace) -> &'static [&'static str] {
    if place.ports.contains_key(&MANAGEMENT) { &["rabbitmq_management"] } else { &[] }
}

/// The text of `enabled_plugins`.
pub(super) fn enabled_plugins(place: &ServerPlace) -> String {
    format!("[{}].\n", plugins(place).join(","))
}

/// A binary of Erlang.
// By the numbers of its bytes, so that no character of a password can end the term.
fn binary(text: &str) -> String {
    let bytes: Vec<String> = text.bytes().map(|byte| byte.to_string()).collect();
    format!("<<{}>>", bytes.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_id::RunId;

    fn place(ports: &[(u16, u16)]) -> ServerPlace {
        ServerPlace {
            dir: "/run".into(),
            log: "/log".into(),
            ports: ports.iter().copied().collect(),
            environment: [("RABBITMQ_DEFAULT_PASS".to_owned(), "a\"b".to_owned())].into(),
            run: RunId::random(),
        }
    }

    #[test]
    fn a_password_can_hold_any_character() {
        let text = text(&place(&[(AMQP, 15_001)])).unwrap();
        assert!(text.contains("{default_pass, <<97,34,98>>}"), "{text}");
        assert!(text.contains("[{\"127.0.0.1\", 15001}]"), "{text}");
        assert!(!text.contains("rabbitmq_management"), "{text}");
    }

    #[test]
    fn the_management_page_is_there_only_with_a_port_of_its_own() {
        let with = place(&[(AMQP, 15_001), (MANAGEMENT, 15_002)]);
        assert!(text(&with).unwrap().contains("{port, 15002}"));
        assert_eq!(enabled_plugins(&with), "[rabbitmq_management].\n");
        assert_eq!(enabled_plugins(&place(&[(AMQP, 15_001)])), "[].\n");
    }

    #[test]
    fn a_topology_without_the_port_is_told_so() {
        assert!(text(&place(&[])).unwrap_err().to_string().contains("5672"));
    }
}
