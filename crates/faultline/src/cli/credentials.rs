//! Passwords in connection strings, hidden where a string is only shown.

/// Text in place of a password.
const HIDDEN: &str = "***";

/// Hides the password of a connection string.
pub(super) fn hidden(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    // The last @ separates the host: a password may contain others, though it should be encoded.
    let Some((user, place)) = rest.rsplit_once('@') else { return url.to_owned() };
    match user.split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:{HIDDEN}@{place}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_is_hidden() {
        for (url, shown) in [
            ("amqp://guest:guest@127.0.0.1:5672/%2f", "amqp://guest:***@127.0.0.1:5672/%2f"),
            (
                "mongodb://a:p@:/w@h:1/db?directConnection=true",
                "mongodb://a:***@h:1/db?directConnection=true",
            ),
            ("mongodb://a@h:1/db", "mongodb://a@h:1/db"),
            ("mongodb://h:1/db", "mongodb://h:1/db"),
            ("amqp://a:@h", "amqp://a:***@h"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(hidden(url), shown);
        }
    }
}
